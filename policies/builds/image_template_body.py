"""Composes the body of an image template from the operator's plan and what the stage knows by now."""

import copy
import hashlib
import re
from datetime import datetime
from typing import Any

from models.image_template import ImageTemplatePlan
from models.message import JsonObject
from models.pipeline_record import BuiltScript
from models.stage_messages import UploadedScripts

# Tags that say where an image template and an image version come from; Azure forbids < > % & \ ? / in their names.
RUN_TAG = "imageBakeryRun"
IMAGE_TAG = "imageBakeryImage"
SCRIPTS_TAG = "imageBakeryScripts"
# Azure finds out the exact source: this one is put on the artifacts once they are published.
SOURCE_TAG = "imageBakerySource"

# The code of a template whose name another build already has: names are of one second.
NAME_TAKEN = "ImageTemplateNameTaken"

POINTER_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def image_template_name(base_name: str, moment: datetime) -> str:
    """Return the name of a new image template: Azure refuses to update one, so every build has its own (UTC)."""
    return f"{base_name}-{moment:%Y-%m-%d-%H-%M-%S}"


def image_template_body(
    plan: ImageTemplatePlan,
    identity_id: str,
    scripts: UploadedScripts,
    lineage: dict[str, str],
) -> JsonObject:
    """Return the whole body that ARM takes (PUT imageTemplates, api 2025-10-01).

    Script addresses of the scripts container get the account's real endpoint and, where the operator gave none, the
    SHA-256 of what was uploaded. `lineage` becomes tags of the template and of each artifact that it distributes.
    """
    properties = copy.deepcopy(plan.properties)
    sha256_of = {script.path: script.sha256 for script in scripts.scripts}
    for reference in plan.scripts:
        holder, member = _place(properties, reference.pointer)
        holder[member] = f"{scripts.blob_endpoint.rstrip('/')}/{reference.container}/{reference.path}"
        holder["sha256Checksum"] = holder.get("sha256Checksum") or sha256_of[reference.path]
    for distributor in properties.get("distribute", []):
        distributor["artifactTags"] = {**distributor.get("artifactTags", {}), **lineage}
    return {
        "location": plan.location,
        "tags": {**plan.tags, **lineage},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity_id: {}}},
        "properties": properties,
    }


def without_keys(plan: ImageTemplatePlan) -> ImageTemplatePlan:
    """Return the plan with the queries cut off the addresses of its scripts.

    `image_template_body` puts other addresses in their place, and a key that an operator left in one has no place in
    the history of an orchestration.
    """
    properties = copy.deepcopy(plan.properties)
    for reference in plan.scripts:
        holder, member = _place(properties, reference.pointer)
        holder[member] = holder[member].partition("?")[0]
    scripts = tuple(
        reference.model_copy(update={"address": reference.address.partition("?")[0]}) for reference in plan.scripts
    )
    return plan.model_copy(update={"properties": properties, "scripts": scripts})


def lineage_tags(run_id: str, image: str, scripts: tuple[BuiltScript, ...]) -> dict[str, str]:
    """Return the tags that lead from an image version back to its run and to the scripts that went into it."""
    return {RUN_TAG: run_id, IMAGE_TAG: image, SCRIPTS_TAG: scripts_digest(scripts)}


def scripts_digest(scripts: tuple[BuiltScript, ...]) -> str:
    """Return one SHA-256 for all scripts: that of their sorted lines `<sha256>  <path>`, as `sha256sum` prints them."""
    lines = sorted(f"{script.sha256}  {script.path}\n" for script in scripts)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _place(properties: JsonObject, pointer: str) -> tuple[Any, str | int]:
    """Return what holds the value that a pointer leads to, and the value's name in it."""
    *parents, member = _parts(pointer)
    holder: Any = properties
    for part in parents:
        holder = holder[part]
    return holder, member


def _parts(pointer: str) -> list[str | int]:
    """Take a pointer such as `customize[0].scriptUri` apart."""
    return [int(index) if index else name for name, index in POINTER_PART.findall(pointer)]
