"""What a running backend can be asked beside the durable protocol: to jump its clock, and to let a worker end."""

from datetime import timedelta

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty

SERVICE = "imagebakery.local.DurableBackendControl"
ADVANCE_CLOCK = f"/{SERVICE}/AdvanceClock"
# Its argument is the id that a worker gave when it asked for work items.
DRAIN = f"/{SERVICE}/Drain"


def advance_clock(address: str, jump: timedelta) -> None:
    """Let the clock of the backend at an address jump, so that its durable timers fire earlier."""
    duration = Duration()
    duration.FromTimedelta(jump)
    with grpc.insecure_channel(address) as channel:
        channel.unary_unary(ADVANCE_CLOCK, Duration.SerializeToString, Empty.FromString)(duration)
