"""What builds leave in galleries and resource groups without having made it whole."""

from models.failure import Failure
from models.message import Message


class DistributionTargets(Message):
    """Where builds put their artifacts: the resource ids of image definitions and of managed images."""

    ids: tuple[str, ...]


class HalfMadeArtifact(Message):
    """An image version or managed image that failed and can be used nowhere: its resource id, and the run it is of."""

    id: str
    run_id: str


class HalfMadeArtifacts(Message):
    """What was found of them."""

    artifacts: tuple[HalfMadeArtifact, ...] = ()


class RemovedArtifact(Message):
    """What became of an artifact that a build left half made.

    Azure was asked to delete it; `failure` says why that could not be done, and the next sweep tries again.
    """

    artifact: str
    failure: Failure | None = None
