"""Decides whether an image would come out otherwise than it did, and says in sentences why."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.configuration import Infrastructure, StagePlan
from models.pipeline_record import BuiltScript, StageRecord
from models.pipeline_run import Scope
from models.state import State
from policies.builds.image_template_body import without_keys
from policies.checks.stage_misfits import used_definition
from policies.runs.outcome import PATCH_SCOPE


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What a build in an environment would start from now; None is what could not be found out.

    `source_version` is the exact one, `scripts` are as they would lie in the container.
    """

    environment: str
    source_version: str | None
    scripts: tuple[BuiltScript, ...] | None
    configuration_digest: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The last successful build in an environment, if there is one, beside what a build would start from now."""

    last: StageRecord | None
    now: BuildFacts

    @property
    def changes(self) -> tuple[str, ...]:
        """Why the image would come out otherwise, a sentence each."""
        return what_changed(self.last, self.now)


def configuration_digest(plan: StagePlan) -> str:
    """Return a SHA-256 over all that the operator configured for an image in an environment.

    Approvals, the schedule, other images' definitions and keys in addresses are left out: they make no other image.
    So are values that are as by default: a version of this app that knows more of them finds nothing changed.
    """
    parts = {
        "subscriptionId": plan.environment.subscription_id,
        "infrastructure": _infrastructure_of(plan).model_dump(mode="json", exclude_defaults=True),
        "imageTemplate": without_keys(plan.image_template).model_dump(mode="json", exclude_defaults=True),
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def patch_scope(comparisons: Iterable[Comparison]) -> Scope:
    """Return the scope of a patch run: only the image, where each last build had the scripts of now.

    Otherwise they are uploaded too: an image that only goes by what lies in the container would never have them.
    """
    builds = [(one.last.result if one.last else None, one.now.scripts) for one in comparisons]
    has_them = all(result and not [*_script_changes(result.scripts, scripts)] for result, scripts in builds)
    return PATCH_SCOPE if has_them else Scope.ONLY_ASSETS_AND_IMAGE


def what_changed(last: StageRecord | None, now: BuildFacts) -> tuple[str, ...]:
    """Return why the image would come out otherwise than in its last successful build, a sentence each.

    Without any it would come out the same. What could not be found out counts as changed.
    """
    if last is None or last.state is not State.SUCCEEDED or last.result is None:
        return (f"There is no successful build in {now.environment} yet.",)
    return (
        *_source_change(last.result.exact_source_version, now.source_version),
        *_script_changes(last.result.scripts, now.scripts),
        *_configuration_change(last.configuration_digest, now.configuration_digest),
    )


def _source_change(last: str | None, now: str | None) -> Iterator[str]:
    if now is None:
        yield "The version of the source could not be found out."
    elif last is None:
        yield f"The source is {_version(now)}; which one the last image has could not be found out."
    elif _numbers(last) != _numbers(now):
        yield f"The source is {_version(now)} now, and the last image has {_version(last)}."


def _script_changes(last: tuple[BuiltScript, ...], now: tuple[BuiltScript, ...] | None) -> Iterator[str]:
    if now is None:
        yield "The contents of the scripts could not be found out."
        return
    before, after = ({script.path: script.sha256 for script in scripts} for scripts in (last, now))
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    for paths, what in (
        (changed, "changed"),
        (after.keys() - before.keys(), "added"),
        (before.keys() - after.keys(), "removed"),
    ):
        if paths:
            yield f"Scripts were {what}: {', '.join(sorted(paths))}."


def _configuration_change(last: str | None, now: str | None) -> Iterator[str]:
    if now is None:
        yield "The configuration could not be found out."
    elif last is None:
        yield "The configuration of the last image could not be found out."
    elif last != now:
        yield "The configuration is another than that of the last image."


def _infrastructure_of(plan: StagePlan) -> Infrastructure:
    """Return the infrastructure with no other image definition than the one that the image publishes in."""
    own = used_definition(plan)
    return plan.infrastructure.model_copy(update={"image_definitions": (own,) if own else ()})


def _version(exact: str) -> str:
    """Return the version itself: Azure tells that of a gallery as a number or as a whole resource id."""
    return exact.rpartition("/")[2]


def _numbers(exact: str) -> tuple[str, ...]:
    return tuple(part.lstrip("0") for part in _version(exact).lower().split("."))
