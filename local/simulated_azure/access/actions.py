"""The actions that a request stands for, those on other resources that it names included."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
# Where Azure calls an operation otherwise than its address.
OTHERWISE_CALLED = {"microsoft.storage/checknameavailability/action": "Microsoft.Storage/checknameavailability/read"}
IMAGE_TEMPLATES = "/providers/microsoft.virtualmachineimages/imagetemplates/"
ASSIGN_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"


@dataclass(frozen=True)
class Need:
    """An action that the caller must be allowed, and the id of the resource."""

    action: str
    scope: str


def needed_action(method: str, path: str) -> Need | None:
    """The action of a request itself; None for what everybody may ask (subscriptions, built-in roles)."""
    parts = path.strip("/").split("/")
    if parts[0].lower() != "subscriptions" or len(parts) == 1:
        return None
    scope = "/" + "/".join(parts if method != "POST" else parts[:-1])
    places = [index for index, part in enumerate(parts) if part.lower() == "providers" and index + 2 < len(parts)]
    namespace, inside = ("Microsoft.Resources", parts) if not places else _split(parts, places[-1])
    if method == "POST" and len(inside) == 1 and inside[0].lower() in {"register", "unregister"}:
        scope = "/" + "/".join(parts[:2])
    action = "/".join([namespace, *inside[::2], VERBS[method]])
    return Need(OTHERWISE_CALLED.get(action.lower(), action), scope)


def linked_actions(method: str, path: str, body: Any) -> list[Need]:
    """The actions on resources that the body names: the identity and the subnet of an image template."""
    if method not in {"PUT", "PATCH"} or IMAGE_TEMPLATES not in path.lower() or not isinstance(body, dict):
        return []
    return [*_linked_by_template(body)]


def _split(parts: list[str], place: int) -> tuple[str, list[str]]:
    return parts[place + 1], parts[place + 2 :]


def _linked_by_template(body: dict[str, Any]) -> Iterator[Need]:
    machine = _object(_object(body.get("properties")).get("vmProfile"))
    on_machine = machine.get("userAssignedIdentities")
    identities = [*_object(_object(body.get("identity")).get("userAssignedIdentities"))]
    for identity in [*identities, *(on_machine if isinstance(on_machine, list) else [])]:
        yield Need(ASSIGN_IDENTITY, str(identity))
    network = _object(machine.get("vnetConfig"))
    for name in ("subnetId", "containerInstanceSubnetId"):
        if network.get(name):
            yield Need(JOIN_SUBNET, str(network[name]))


def _object(value: Any) -> dict[str, Any]:
    """What is no object yet is the provider's to refuse, not that of access."""
    return value if isinstance(value, dict) else {}
