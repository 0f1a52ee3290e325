"""What is known of a subscription: its resource providers, and the regions in which they work."""

from pydantic import Field

from models.message import Message


class ProviderReference(Message):
    """Which resource provider is meant, by its namespace."""

    subscription_id: str
    namespace: str


class ProviderRegistration(Message):
    """Whether a resource provider may be used in a subscription."""

    namespace: str
    registered: bool


class SubscriptionProviders(Message):
    """The resource providers of a subscription.

    `unregistered` are namespaces; `regions` has for each resource type (`microsoft.compute/galleries`, in lower case)
    the regions in which the subscription may use it, by their names (`westeurope`).
    """

    unregistered: frozenset[str] = frozenset()
    regions: dict[str, frozenset[str]] = Field(default_factory=dict)
