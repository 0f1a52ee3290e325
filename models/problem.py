"""What a caller is told when something cannot be done."""

from pydantic import ConfigDict

from models.faults import Fault
from models.message import JsonObject, Message


class Problem(Message):
    """A problem document (RFC 9457). Members that say nothing are left out.

    `id` and `status_url` are those of the run that stands in the way.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: tuple[Fault, ...] | None = None
    id: str | None = None
    status_url: str | None = None

    def to_document(self) -> JsonObject:
        """Return plain JSON without what says nothing."""
        document = self.to_payload()
        return {name: value for name, value in document.items() if value is not None}
