"""The resources of all subscriptions, found by id without regard to case."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.simulated_azure.arm.messages import ArmError, Json


@dataclass
class Resource:
    """What the service tells of a resource, and what it knows besides."""

    body: Json
    created: datetime
    unseen: Json = field(default_factory=dict[str, Any])

    @property
    def id(self) -> str:
        """As the service spells it."""
        return self.body["id"]

    @property
    def name(self) -> str:
        """Last part of the id."""
        return self.body["name"]

    @property
    def type(self) -> str:
        """For instance `Microsoft.Compute/galleries`."""
        return self.body["type"]

    @property
    def properties(self) -> Json:
        """The body's properties, to be read and changed in place."""
        return self.body["properties"]

    @property
    def state(self) -> str:
        """Provisioning state."""
        return self.properties["provisioningState"]


class Resources:
    """All resources by id. Nested resources are found under their parent's id, contents under their group's."""

    def __init__(self) -> None:
        self._by_id: dict[str, Resource] = {}
        self._by_type: defaultdict[str, dict[str, Resource]] = defaultdict(dict)

    def add(self, resource: Resource) -> Resource:
        """Keep a new resource, in place of one with the same id."""
        key = resource.id.lower()
        self._by_id[key] = self._by_type[resource.type.lower()][key] = resource
        return resource

    def find(self, resource_id: str) -> Resource | None:
        """The resource, or None where there is none."""
        return self._by_id.get(resource_id.lower())

    def get(self, resource_id: str) -> Resource:
        """The resource.

        Raises:
            ArmError: 404 with the code that Azure gives for this kind of resource.
        """
        resource = self.find(resource_id)
        if resource is None:
            raise missing(resource_id)
        return resource

    def remove(self, resource_id: str) -> None:
        """Forget the resource and everything under it."""
        present = self.find(resource_id)
        for resource in [*self.under(resource_id), *([present] if present else [])]:
            key = resource.id.lower()
            del self._by_id[key]
            del self._by_type[resource.type.lower()][key]

    def under(self, scope: str) -> Iterator[Resource]:
        """Everything below `scope`, not the scope itself, oldest first."""
        return _below(scope, self._by_id)

    def of_type(self, resource_type: str, scope: str) -> list[Resource]:
        """Resources of one type below `scope`, oldest first."""
        return [*_below(scope, self._by_type[resource_type.lower()])]

    def clear(self) -> None:
        """Forget everything."""
        self._by_id.clear()
        self._by_type.clear()


def _below(scope: str, resources: Mapping[str, Resource]) -> Iterator[Resource]:
    start = scope.lower().rstrip("/") + "/"
    return (resource for key, resource in [*resources.items()] if key.startswith(start))


def missing(resource_id: str) -> ArmError:
    """The error for an id that leads nowhere."""
    parts = resource_id.strip("/").split("/")
    if "providers" not in [part.lower() for part in parts]:
        return ArmError(404, "ResourceGroupNotFound", f"Resource group '{parts[-1]}' could not be found.")
    provider = max(index for index, part in enumerate(parts) if part.lower() == "providers")
    group = f" under resource group '{parts[3]}'" if len(parts) > 3 and provider > 3 else ""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{'/'.join(parts[provider + 1 :])}'{group} was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )
