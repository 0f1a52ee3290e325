"""The names of attributes: ours in a namespace of our own, others as OpenTelemetry's conventions have them."""

from models.subject import NAMESPACE

CONVENTIONAL = {"error_type": "error.type"}


def named(**attributes: str | None) -> dict[str, str]:
    """Return what is known under the names that are told: `state` as `image_bakery.state`."""
    return {
        CONVENTIONAL.get(name, f"{NAMESPACE}.{name}"): value for name, value in attributes.items() if value is not None
    }
