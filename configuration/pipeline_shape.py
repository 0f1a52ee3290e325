"""What `pipeline.json` may say."""

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from configuration.checking.shape import Form, Shape, refusal, refuse_placeholder
from configuration.checking.texts import ChosenName, Guid, Region, SignInName, Word
from configuration.checking.unknown_keys import nearest

type OsName = Literal["Linux", "Windows"]


@cache
def _time_zones() -> frozenset[str]:
    """Return the names of all time zones as the package tzdata has them: the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def _time_zone(text: str) -> str:
    refuse_placeholder(text)
    names = _time_zones()
    if text not in names:
        by_place = {name.rpartition("/")[2]: name for name in sorted(names)}
        meant = nearest(text, names, likeness=0.8) or by_place.get(nearest(text, by_place, likeness=0.8) or "")
        raise refusal("it is no time zone of the IANA database", meant or "its name there, such as Europe/Berlin")
    return text


TimeOfDay = Annotated[str, Form(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", "time of day: 00:00 to 23:59, such as 03:00")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class ApprovalShape(Shape):
    """A decision of people that a stage waits for; without `approvers`, of anyone who may call the app."""

    approvers: Annotated[list[SignInName], Field(max_length=100)] | None = None
    timeout_minutes: Annotated[int, Field(ge=1, le=86_400)] = 10_080
    not_by_starter: bool = False


class EnvironmentShape(Shape):
    """An environment: where its subscription is, where its resources stand, and who lets a run in."""

    name: ChosenName
    subscription_id: Guid
    location: Region
    approval: ApprovalShape | None = None


class ScheduleShape(Shape):
    """When images are patched by themselves: every month, so many days after its second Tuesday."""

    enabled: bool = True
    days_after_patch_tuesday: Annotated[int, Field(ge=0, le=20)] = 1
    time: TimeOfDay = "03:00"
    time_zone: TimeZone = "UTC"
    start_environment: Word | None = None
    stop_environment: Word | None = None
    always: bool = False
    failures_before_pause: Annotated[int, Field(ge=1, le=24)] = 5

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, written: Any) -> Any:
        if isinstance(written, bool):
            instead = f'{{"enabled": {str(written).lower()}}}'
            raise refusal("true or false stands where an object belongs", instead)
        if isinstance(written, str):
            instead = 'an object, such as {"daysAfterPatchTuesday": 1, "time": "03:00"}'
            raise refusal("a text stands where an object belongs", instead)
        return written


class ImageShape(Shape):
    """An image that the pipeline builds; its own `schedule` takes the whole place of the pipeline's."""

    name: ChosenName
    os_type: OsName
    schedule: ScheduleShape | None = None


class PipelineShape(Shape):
    """The environments in the order in which a run walks them, the images, and when these are patched."""

    schema_address: Annotated[str | None, Field(alias="$schema")] = None
    environments: Annotated[list[EnvironmentShape], Field(max_length=50)]
    images: Annotated[list[ImageShape], Field(max_length=200)]
    schedule: ScheduleShape | None = None
