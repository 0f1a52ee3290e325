"""Decides which resource providers a subscription lacks."""

from models.misfit import Misfit, Part
from models.subscription import SubscriptionProviders

# What a stage uses, by itself or through Azure Image Builder.
NEEDED_PROVIDERS = (
    "Microsoft.Compute",
    "Microsoft.ContainerInstance",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.Storage",
    "Microsoft.VirtualMachineImages",
)


def unregistered_providers(providers: SubscriptionProviders) -> tuple[str, ...]:
    """Return the namespaces that a stage needs and the subscription has not registered."""
    return tuple(namespace for namespace in NEEDED_PROVIDERS if namespace.lower() in providers.unregistered)


def registration_remarks(unregistered: tuple[str, ...]) -> list[Misfit]:
    """Return what is to be said about them: a run sees to it."""
    return [
        Misfit(
            Part.ENVIRONMENT,
            ("subscriptionId",),
            f"The resource provider {namespace} is not registered in the subscription.",
            "nothing: a run registers it and waits until it is",
        )
        for namespace in unregistered
    ]
