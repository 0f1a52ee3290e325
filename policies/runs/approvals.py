"""Decides which environments of a run are waited for."""

from collections.abc import Iterable

from models.configuration import Approval, PipelineConfiguration


def approvals_of(pipeline: PipelineConfiguration | None, environments: Iterable[str]) -> dict[str, Approval]:
    """Return the approvals that a run's environments ask for, by environment: they hold for the whole run."""
    configured = pipeline.environments if pipeline else ()
    asked_for = {one.name: one.approval for one in configured if one.approval}
    return {name: asked_for[name] for name in environments if name in asked_for}
