"""What only Azure could tell to be wrong with what an operator wrote."""

from dataclasses import dataclass
from enum import StrEnum

type Path = tuple[str | int, ...]


class Part(StrEnum):
    """Which of the operator's files a misfit is in, and where its path begins."""

    ENVIRONMENT = "the environment's entry in pipeline.json"
    INFRASTRUCTURE = "the parameters of the infrastructure's file"
    IMAGE_TEMPLATE = "the properties of the image template, as ARM names them"


@dataclass(frozen=True)
class Misfit:
    """What does not fit, where, and what to write or do instead."""

    part: Part
    path: Path
    problem: str
    instead: str
