"""Registers resource providers in a subscription, and waits until they are."""

from datetime import timedelta

from activities.provider_registration import get_provider_registration, start_provider_registration
from models.errors import StepFailed
from models.failure import Failure
from models.subscription import ProviderReference
from orchestrators.durable import Context, Steps, now, schedule_activity, sleep, wait_for_all
from policies.poll_interval import poll_interval

# A registration takes a minute or two.
LONGEST_REGISTRATION = timedelta(minutes=15)


def register_providers(context: Context, subscription_id: str, namespaces: tuple[str, ...]) -> Steps[None]:
    """Ask for all registrations side by side; fails when they are not done within a quarter of an hour."""
    began = now(context)
    waiting = [ProviderReference(subscription_id=subscription_id, namespace=namespace) for namespace in namespaces]
    activity = start_provider_registration
    while True:
        states = yield from wait_for_all([schedule_activity(context, activity, one) for one in waiting])
        waiting = [one for one, state in zip(waiting, states, strict=True) if not state.registered]
        if not waiting:
            return
        elapsed = now(context) - began
        if elapsed > LONGEST_REGISTRATION:
            names = ", ".join(one.namespace for one in waiting)
            late = f"After {elapsed} the subscription {subscription_id} had not registered {names}."
            raise StepFailed(Failure(code="ProviderRegistrationTimedOut", message=late))
        yield from sleep(context, poll_interval(elapsed))
        activity = get_provider_registration
