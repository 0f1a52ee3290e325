"""Waits until Azure has made what it was asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from models.errors import StepFailed
from models.failure import Failure
from models.message import Message
from models.resources import ProvisioningState, ResourceState
from orchestrators.durable import Context, Steps, log, now, schedule_activity, sleep, wait_for_all
from policies.access.propagation import LONGEST_UNSEEN, is_of_unseen_parent, propagation_pause
from policies.poll_interval import poll_interval

# Storage accounts, galleries and definitions take seconds; an image template half a minute, with large scripts more.
LONGEST_PROVISIONING = timedelta(minutes=30)
NOT_READY = {ProvisioningState.IN_PROGRESS, ProvisioningState.ABSENT}


@dataclass(frozen=True)
class Wanted[S: ResourceState]:
    """A resource that is wanted, the activity that asks for it, and the one that reads how far Azure is.

    `reference` names the resource to the reading activity where the resource itself would be a large message.
    """

    create: Callable[..., Awaitable[S]]
    get: Callable[..., Awaitable[S]]
    resource: Message
    reference: Message | None = None


def provision[S: ResourceState](context: Context, wanted: Wanted[S]) -> Steps[S]:
    """Ask for one resource and wait until it is there; fails as `provision_all` does."""
    (state,) = yield from provision_all(context, [wanted])
    return state


def provision_all[S: ResourceState](
    context: Context, wanted: list[Wanted[S]], *, parents_are_there: bool = False
) -> Steps[list[S]]:
    """Ask for independent resources side by side and wait until all are there.

    Raises StepFailed with Azure's reason once all that were asked for are over and one has failed, or when they take
    longer than half an hour. A resource that is absent right after it was asked for is one that Azure does not show
    yet; likewise a parent that is not found, where it is known to be there.
    """
    began = now(context)
    states = yield from _ask_for_all(context, wanted, parents_are_there=parents_are_there)
    while unready := [index for index, state in enumerate(states) if state.state in NOT_READY]:
        elapsed = now(context) - began
        if elapsed > LONGEST_PROVISIONING:
            late = ", ".join(states[index].id for index in unready)
            raise StepFailed(Failure(code="ProvisioningTimedOut", message=f"Not ready after {elapsed}: {late}."))
        yield from sleep(context, poll_interval(elapsed))
        reads = [
            schedule_activity(context, wanted[index].get, wanted[index].reference or wanted[index].resource)
            for index in unready
        ]
        for index, state in zip(unready, (yield from wait_for_all(reads)), strict=True):
            states[index] = state
    for state in states:
        if state.failure is not None:
            raise StepFailed(state.failure)
    return states


def _ask_for_all[S: ResourceState](
    context: Context, wanted: list[Wanted[S]], *, parents_are_there: bool
) -> Steps[list[S]]:
    began = now(context)
    while True:
        try:
            return (yield from wait_for_all([schedule_activity(context, one.create, one.resource) for one in wanted]))
        except StepFailed as failed:
            if not (parents_are_there and is_of_unseen_parent(failed.failure)):
                raise
            waited = now(context) - began
            if waited >= LONGEST_UNSEEN:
                raise failed.tried_for(waited) from failed
            log(context, f"a resource that was just made is not known everywhere yet: {failed}")
            yield from sleep(context, propagation_pause(waited))
