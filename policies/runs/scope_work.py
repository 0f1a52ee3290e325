"""Decides what a stage does: the table of scopes."""

from enum import StrEnum

from models.pipeline_run import Scope


class Work(StrEnum):
    """The parts of the job that a scope has or has not."""

    BASE = "resource group, identity, roles, gallery, image definitions"
    STORAGE = "storage account, container"
    UPLOAD = "upload of the scripts"
    IMAGE = "image template, build, publication"


SCOPE_WORK: dict[Scope, frozenset[Work]] = {
    Scope.ALL: frozenset({Work.BASE, Work.STORAGE, Work.UPLOAD, Work.IMAGE}),
    Scope.ONLY_REMOVAL: frozenset(),
    Scope.ONLY_INFRASTRUCTURE: frozenset({Work.BASE, Work.STORAGE, Work.UPLOAD}),
    Scope.ONLY_ASSETS_AND_IMAGE: frozenset({Work.STORAGE, Work.UPLOAD, Work.IMAGE}),
    Scope.ONLY_IMAGE: frozenset({Work.IMAGE}),
}


def removes_templates(scope: Scope, *, asked_for: bool) -> bool:
    """Say whether a stage removes the image's earlier templates: always where that is all it does."""
    return asked_for or scope is Scope.ONLY_REMOVAL


def work_of(scope: Scope) -> frozenset[Work]:
    """Return the parts of the job that a stage with this scope does."""
    return SCOPE_WORK[scope]
