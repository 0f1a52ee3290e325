"""What a piece of work is about: the four names that every span and log line carries."""

from models.message import Message

NAMESPACE = "image_bakery"


class Subject(Message):
    """The pipeline run, image, environment and step that work is part of, as far as it is part of them."""

    run: str | None = None
    image: str | None = None
    environment: str | None = None
    step: str | None = None

    def attributes(self) -> dict[str, str]:
        """Return what is known as attributes of spans and log lines: `image_bakery.run`, `image_bakery.image` ..."""
        return {f"{NAMESPACE}.{name}": value for name, value in self.to_payload().items() if value is not None}
