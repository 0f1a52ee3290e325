"""The metrics. Each says what it counts or measures, in which unit, and by which attributes it can be split."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram

from telemetry.attributes import named

METER = metrics.get_meter("image_bakery")
SECONDS_OF_WORK = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 14400, 28800)
SECONDS_OF_LAG = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
SECONDS_OF_WAITING = (60, 600, 3600, 4 * 3600, 12 * 3600, 86400, 2 * 86400, 4 * 86400, 7 * 86400)


@dataclass(frozen=True)
class Count:
    """How often something happened; `unit` says what, in braces."""

    name: str
    unit: str
    attributes: Sequence[str]
    description: str

    @cached_property
    def _counter(self) -> Counter:
        return METER.create_counter(self.name, self.unit, self.description)

    def add(self, **attributes: str | None) -> None:
        """Count one more."""
        self._counter.add(1, named(**attributes))


@dataclass(frozen=True)
class Duration:
    """How long something took, in seconds; `bounds` are those of the histogram."""

    name: str
    attributes: Sequence[str]
    description: str
    bounds: Sequence[float]
    unit: str = "s"

    @cached_property
    def _histogram(self) -> Histogram:
        return METER.create_histogram(
            self.name, self.unit, self.description, explicit_bucket_boundaries_advisory=self.bounds
        )

    def record(self, seconds: float, **attributes: str | None) -> None:
        """Record one more; between two clocks that do not agree, no time has passed."""
        self._histogram.record(max(seconds, 0), named(**attributes))


RUN_ENDS = Count(
    "image_bakery.pipeline_run.ends",
    "{run}",
    ("image", "scope", "started_by", "state"),
    "Pipeline runs that ended.",
)
RUN_DURATION = Duration(
    "image_bakery.pipeline_run.duration",
    ("image", "scope", "started_by", "state"),
    "From the start of a pipeline run to its end, waiting for approvals included.",
    SECONDS_OF_WAITING,
)
STAGE_DURATION = Duration(
    "image_bakery.stage.duration",
    ("image", "environment", "state"),
    "From the start of a stage to its end.",
    SECONDS_OF_WORK,
)
STAGE_FAILURES = Count(
    "image_bakery.stage.failures",
    "{stage}",
    ("image", "environment", "step", "error_type"),
    "Stages that ended in a failure, by its code.",
)
BUILD_DURATION = Duration(
    "image_bakery.build.duration",
    ("image", "environment", "state"),
    "How long Azure Image Builder ran an image template, by its own clock.",
    SECONDS_OF_WORK,
)
DETECTION_LAG = Duration(
    "image_bakery.build.detection_lag",
    ("image", "environment", "noticed_by"),
    "From the end of a build, by Azure's clock, to the reading that told of it.",
    SECONDS_OF_LAG,
)
APPROVAL_WAIT = Duration(
    "image_bakery.approval.wait",
    ("image", "environment", "state"),
    "From the wish for an approval to somebody's decision.",
    SECONDS_OF_WAITING,
)
AZURE_FAILURES = Count(
    "image_bakery.azure.failures",
    "{call}",
    ("function", "error_type", "outcome"),
    "Calls to Azure that ended a function's try: Azure refused (`refused`), or another try may help (`unavailable`).",
)
ACTIVITY_RETRIES = Count(
    "image_bakery.activity.retries",
    "{try}",
    ("function", "error_type"),
    "Tries of an activity that ended in an exception: each asks the durable engine for another one.",
)

METRICS: tuple[Count | Duration, ...] = (
    RUN_ENDS,
    RUN_DURATION,
    STAGE_DURATION,
    STAGE_FAILURES,
    BUILD_DURATION,
    DETECTION_LAG,
    APPROVAL_WAIT,
    AZURE_FAILURES,
    ACTIVITY_RETRIES,
)
