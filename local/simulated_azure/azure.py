"""The whole simulated cloud: everything that the providers share."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local.simulated_azure.arm.operations import Operations
from local.simulated_azure.arm.resources import Resource, Resources
from local.simulated_azure.blob_pool import BlobPool
from local.simulated_azure.clock import Agenda, Clock
from local.simulated_azure.events.topic import EventTopic
from local.simulated_azure.faults import Faults
from local.simulated_azure.identifiers import new_guid
from local.simulated_azure.pace import Pace
from local.simulated_azure.request_log import RequestLog


@dataclass
class Azure:
    """One tenant with its subscriptions and everything in them."""

    subscriptions: list[str]
    blobs: BlobPool
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    ca_file: Path | None = None
    """Of the endpoints that get events over https."""
    tenant_id: str = field(default_factory=new_guid)
    app_principal_id: str = field(default_factory=new_guid)
    """Object id of the system-assigned identity that the token endpoint speaks for."""
    app_client_id: str = field(default_factory=new_guid)
    operator_principal_id: str = field(default_factory=new_guid)
    """Object id of someone who may do anything, for whoever deploys, prepares or looks."""

    def __post_init__(self) -> None:
        self.owners = {self.operator_principal_id, self.app_principal_id}
        """Object ids of the principals that may do anything, whatever they were given."""
        self.agenda = Agenda(self.clock)
        self.resources = Resources()
        self.faults = Faults()
        self.events = EventTopic(self.clock, self.agenda, self.faults, self.tenant_id, self.ca_file)
        self.operations = Operations(self.clock, self.events.ended)
        self.requests = RequestLog()
        self.baseline: list[Resource] = []
        """What there is after a reset."""
        self.hidden_until: dict[str, datetime] = {}
        """Until when a GET of a path, in lower case, answers 404 although the resource is there."""
        self.unregistered: dict[tuple[str, str], str] = {}
        """State of the namespaces that are not registered, by subscription and namespace in lower case."""

    def new_resource(self, body: dict[str, object]) -> Resource:
        """Add a resource that exists from now on."""
        return self.resources.add(Resource(body, self.clock.now()))

    def keep_baseline(self) -> None:
        """Let what there is now be there after each reset."""
        self.baseline = copy.deepcopy([*self.resources.under("/subscriptions")])

    async def reset(self) -> None:
        """Back to a tenant with nothing but the baseline; lent blob accounts are emptied and returned."""
        async with self.agenda.one_at_a_time:
            forgettable = (self.agenda, self.operations, self.resources, self.faults, self.requests, self.events)
            for part in (*forgettable, self.unregistered, self.hidden_until):
                part.clear()
            for resource in copy.deepcopy(self.baseline):
                self.resources.add(resource)
            await self.blobs.take_all_back()
