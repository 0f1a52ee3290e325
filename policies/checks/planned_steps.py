"""Tells in sentences what the steps of a stage would do, in their order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.configuration import Approval, StagePlan
from models.message import JsonObject
from models.pipeline_run import Stage, StepName
from models.run_plan import PlannedStep
from models.template_removal import FoundImageTemplate
from policies.access.rights import role_in_place_of, role_name
from policies.access.roles import RoleNeeded, roles_of_app, roles_to_give
from policies.removal.template_removal import is_of_image, kept_because
from policies.resources.resource_ids import parse_resource_id
from policies.resources.stage_resources import image_builder_identity, stage_resources
from policies.runs.scope_work import Work, removes_templates, work_of

APPROVAL = "approval"
# What Azure Image Builder takes for a build time-out of 0.
USUAL_BUILD_MINUTES = 240


@dataclass(frozen=True)
class StageOutlook:
    """All that is known before a stage.

    `templates` are those of its resource group, None where Azure did not tell; `custom_roles` those that were deployed.
    """

    stage: Stage
    plan: StagePlan
    approval: Approval | None = None
    unregistered: tuple[str, ...] = ()
    templates: tuple[FoundImageTemplate, ...] | None = ()
    custom_roles: frozenset[str] = frozenset()


def planned_steps(outlook: StageOutlook) -> tuple[PlannedStep, ...]:
    """Return the steps that the stage would have, each with what it would do."""
    steps = ((name, tuple(tell(outlook))) for name, tell in TELLERS.items())
    return tuple(PlannedStep(name=name, does=does) for name, does in steps if does)


def _approval(outlook: StageOutlook) -> Iterator[str]:
    approval = outlook.approval
    if approval is not None:
        deciders = " or ".join(approval.approvers) or "anyone who has the function key"
        unless = ", but not by the one who started the run" if approval.not_by_starter else ""
        yield (
            f"Waits up to {approval.timeout_minutes} minutes for the approval of {outlook.stage.environment} "
            f"by {deciders}{unless}."
        )


def _check(outlook: StageOutlook) -> Iterator[str]:
    yield "Reads the parameter files once for the whole stage, and compares them with what there is in Azure."
    for namespace in outlook.unregistered:
        yield (
            f"Registers the resource provider {namespace} in {outlook.plan.environment.subscription_id}, "
            "and waits until it is."
        )


def _removal(outlook: StageOutlook) -> Iterator[str]:
    stage, template = outlook.stage, outlook.plan.image_template
    if not removes_templates(stage.scope, asked_for=stage.remove_image_templates):
        return
    if outlook.templates is None:
        yield f"Removes the earlier image templates of {stage.image} in {template.resource_group}, whichever there are."
        return
    ours = [found for found in outlook.templates if is_of_image(found, stage.image, template.base_name)]
    if not ours:
        yield f"Finds no earlier image templates of {stage.image} in {template.resource_group}."
    for found in ours:
        reason = kept_because(found)
        if reason:
            yield f"Leaves the image template {found.template.name} alone: {reason}"
        else:
            yield f"Keeps the build log of the image template {found.template.name}, and removes it."


def _infrastructure(outlook: StageOutlook) -> Iterator[str]:
    work, resources = work_of(outlook.stage.scope), stage_resources(outlook.plan)
    group = resources.group
    if Work.BASE in work:
        yield f"Makes the resource group {group.name} in {group.location}, unless it is there."
    if Work.STORAGE in work:
        yield f"Makes the storage account {resources.account.name} in {group.name}, or puts its settings right."
    if Work.BASE in work:
        yield f"Makes the identity {resources.identity.name}, unless it is there."
        yield f"Makes the compute gallery {resources.gallery.name}, unless it is there."
    if Work.STORAGE in work:
        for container in resources.containers:
            yield f"Makes the container {container.name} in {resources.account.name}, unless it is there."
    if Work.BASE in work:
        for definition in resources.image_definitions:
            yield f"Makes the image definition {definition.name}, or updates what can be changed of it."
    if Work.STORAGE in work:
        yield from (_role(outlook, "this app", role) for role in roles_of_app(resources.containers))
    if Work.BASE in work:
        yield from (_role(outlook, resources.identity.name, role) for role in roles_to_give(outlook.plan))


def _role(outlook: StageOutlook, who: str, needed: RoleNeeded) -> str:
    role = role_name(role_in_place_of(needed.use.role, outlook.custom_roles))
    return f"Gives {who} the role {role} on {needed.scope.rpartition('/')[2]}: {needed.use.reason}"


def _scripts(outlook: StageOutlook) -> Iterator[str]:
    work, resources = work_of(outlook.stage.scope), stage_resources(outlook.plan)
    place = f"the container {resources.containers[0].name} of {resources.account.name}"
    for path in sorted({script.path for script in outlook.plan.image_template.scripts}) if work else ():
        if Work.UPLOAD in work:
            yield f"Uploads {path} to {place}, unless the same is there."
        else:
            yield f"Looks for {path} in {place}."


def _image_template(outlook: StageOutlook) -> Iterator[str]:
    template = outlook.plan.image_template
    if Work.IMAGE in work_of(outlook.stage.scope):
        yield (
            f"Submits the image template {template.base_name}-<time in UTC> in {template.resource_group}, "
            f"{template.location}."
        )
        yield f"It starts from {_source(template.properties['source'])}."
        yield f"Azure Image Builder works as {image_builder_identity(outlook.plan).name}."


def _source(source: JsonObject) -> str:
    if source["type"] == "PlatformImage":
        names = ":".join(source[part] for part in ("publisher", "offer", "sku", "version"))
        return f"the marketplace image {names}"
    if source["type"] == "SharedImageVersion":
        parts = parse_resource_id(source["imageVersionId"])
        return f"the version {parts['versions']} of {parts['images']} in the compute gallery {parts['galleries']}"
    return f"the managed image {parse_resource_id(source['imageId'])['images']}"


def _build(outlook: StageOutlook) -> Iterator[str]:
    if Work.IMAGE not in work_of(outlook.stage.scope):
        return
    minutes = outlook.plan.image_template.build_timeout_minutes or USUAL_BUILD_MINUTES
    yield f"Runs the image template; its build may take {minutes} minutes."
    if outlook.stage.wait_for_image_build:
        yield "Waits for the end of the build; one that takes too long is canceled."
    else:
        yield "Does not wait: the stage ends as Triggered, and the record is completed when the build ends."


def _publication(outlook: StageOutlook) -> Iterator[str]:
    if Work.IMAGE in work_of(outlook.stage.scope):
        yield from map(_published, outlook.plan.image_template.properties.get("distribute", []))


def _published(distributor: JsonObject) -> str:
    if distributor["type"] == "SharedImage":
        parts = parse_resource_id(distributor["galleryImageId"])
        named = [region["name"] for region in distributor.get("targetRegions") or []]
        regions = ", ".join(distributor.get("replicationRegions") or named)
        latest = ", which latest leaves out" if distributor.get("excludeFromLatest") else ""
        where = f" to {regions}" if regions else ""
        return f"Publishes a version of {parts['images']} in the compute gallery {parts['galleries']}{where}{latest}."
    if distributor["type"] == "ManagedImage":
        return f"Makes the managed image {parse_resource_id(distributor['imageId'])['images']}."
    return f"Makes the VHD {distributor['runOutputName']}."


TELLERS: dict[str, Callable[[StageOutlook], Iterator[str]]] = {
    APPROVAL: _approval,
    StepName.CHECK: _check,
    StepName.REMOVAL: _removal,
    StepName.INFRASTRUCTURE: _infrastructure,
    StepName.SCRIPTS: _scripts,
    StepName.IMAGE_TEMPLATE: _image_template,
    StepName.BUILD: _build,
    StepName.PUBLICATION: _publication,
}
