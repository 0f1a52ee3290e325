"""How long things take: builds as asked for, everything else a small, scalable time."""

from dataclasses import dataclass
from datetime import timedelta

# Seconds on a local machine. The real ones (a template about 30 s, its deletion about 80 s) keep roughly this order.
OPERATION_SECONDS = {
    "provider registration": 0.5,
    "resource group deletion": 0.5,
    "storage account": 0.5,
    "gallery": 0.3,
    "image definition": 0.3,
    "image version": 0.5,
    "gallery deletion": 0.2,
    "managed image": 0.3,
    "image template": 1.0,
    "image template update": 0.3,
    "image template deletion": 1.0,
    "cancellation": 0.5,
}


@dataclass
class Pace:
    """The knobs: 0 makes everything due at once, that is, by the next request."""

    build_seconds: float = 20.0
    operation_scale: float = 1.0

    def build(self) -> timedelta:
        """Length of one image build, from the accepted run to its end."""
        return timedelta(seconds=self.build_seconds)

    def operation(self, name: str) -> timedelta:
        """Length of an asynchronous operation of `OPERATION_SECONDS`."""
        return timedelta(seconds=OPERATION_SECONDS[name] * self.operation_scale)
