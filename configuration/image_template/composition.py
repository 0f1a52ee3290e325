"""Turns the operator's `itParam` into ARM-shaped properties, and remembers where each part came from.

Nothing is checked here: whatever stands in the file, of whatever type, moves to its place.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from configuration.checking.json_with_comments import JsonPath
from configuration.checking.shape import UNSET
from configuration.checking.source_file import SourceFile
from configuration.image_template.arm_properties import PARAMETER, STEP_LISTS, value_at
from configuration.image_template.customization_steps import compose_steps
from models.faults import Fault, Remark
from models.message import JsonObject

_SHARED: Final = ("distribute", 0)
_MOVES: Final[dict[str, JsonPath]] = {
    "imageSource": ("source",),
    "customizationSteps": ("customize",),
    "validate": ("validate",),
    "optimize": ("optimize",),
    "errorHandling": ("errorHandling",),
    "buildTimeoutInMinutes": ("buildTimeoutInMinutes",),
    "vmSize": ("vmProfile", "vmSize"),
    "osDiskSizeGB": ("vmProfile", "osDiskSizeGB"),
    "vmUserAssignedIdentities": ("vmProfile", "userAssignedIdentities"),
    "vnetConfig": ("vmProfile", "vnetConfig"),
    "subnetId": ("vmProfile", "vnetConfig", "subnetId"),
    "additionalDataDisks": ("additionalDataDisks",),
    "autoRun": ("autoRun",),
    "stagingResourceGroup": ("stagingResourceGroup",),
    "managedResourceTags": ("managedResourceTags",),
}
_SHARED_MOVES: Final[dict[str, JsonPath]] = {
    "sigImageDefinitionId": (*_SHARED, "galleryImageId"),
    "imageReplicationRegions": (*_SHARED, "replicationRegions"),
    "storageAccountType": (*_SHARED, "storageAccountType"),
    "targetRegions": (*_SHARED, "targetRegions"),
    "excludeFromLatest": (*_SHARED, "excludeFromLatest"),
    "versioning": (*_SHARED, "versioning"),
    "replicationMode": (*_SHARED, "replicationMode"),
}
_OTHER_TARGETS: Final = ("managedImageName", "unManagedImageName")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the other files say that an image template needs to be whole."""

    subscription_id: str
    resource_group: str
    location: str
    image_definition_id: str | None


@dataclass(slots=True)
class Composition:
    """ARM-shaped properties, and for each part the path in the operator's file that it came from."""

    properties: JsonObject
    origins: dict[JsonPath, JsonPath]
    faults: list[Fault] = field(default_factory=list[Fault])
    remarks: list[Remark] = field(default_factory=list[Remark])

    def operator_path(self, path: JsonPath) -> JsonPath | None:
        """Return where in the operator's file an ARM path came from; None for what is put in here."""
        for length in range(len(path), -1, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                return (*origin, *path[length:])
        return PARAMETER if len(path) < 2 else None


def compose(source: SourceFile, surroundings: Surroundings) -> Composition:
    """Compose the properties of the image template that a file's `itParam` describes."""
    parameter = source.value(PARAMETER)
    parameter = parameter if isinstance(parameter, dict) else {}
    written = {key: value for key, value in parameter.items() if value not in UNSET}
    publishes = not {"distribute", *_OTHER_TARGETS} & written.keys() or "sigImageDefinitionId" in written
    moves = {**_MOVES, **_SHARED_MOVES} if publishes else _MOVES
    composition = Composition({}, {target: (*PARAMETER, key) for key, target in moves.items()})
    if "distribute" in written:
        _take_distributors(composition, source, written, surroundings)
    else:
        composition.properties["distribute"] = _distributors(written, surroundings, publishes=publishes)
        composition.remarks += [
            source.remark((*PARAMETER, key), "no image version is published: this is not used", "sigImageDefinitionId")
            for key in _SHARED_MOVES
            if key in written and not publishes
        ]
    for key, target in moves.items():
        if key in written and not ("distribute" in written and key in _SHARED_MOVES):
            _place(composition, source, key, written[key], target)
    _spell_source(composition)
    for steps_path in STEP_LISTS:
        _compose_steps(composition, source, steps_path)
    return composition


def compose_whole(
    source: SourceFile, properties: JsonObject, properties_path: JsonPath, surroundings: Surroundings
) -> Composition:
    """Compose the properties of properties that a file has in ARM's form already, at this path."""
    composition = Composition(dict(properties), {(): properties_path})
    if composition.properties.get("distribute") in UNSET:
        composition.properties["distribute"] = [_shared_distributor(surroundings)]
        problem = "nothing is distributed: a version is published in the gallery's image definition for the system"
        composition.remarks.append(source.remark((*properties_path, "distribute"), problem, '"distribute": […]'))
    composition.properties["distribute"] = _completed(composition.properties["distribute"], surroundings)
    for steps_path in STEP_LISTS:
        _compose_steps(composition, source, steps_path)
    return composition


def _take_distributors(
    composition: Composition, source: SourceFile, written: JsonObject, surroundings: Surroundings
) -> None:
    """Take the distributors as they are written in ARM's form; nothing else may describe any beside them."""
    composition.properties["distribute"] = _completed(written["distribute"], surroundings)
    composition.origins["distribute",] = (*PARAMETER, "distribute")
    composition.faults += [
        source.fault((*PARAMETER, key), "what is distributed stands in distribute already", "one of the two")
        for key in (*_SHARED_MOVES, *_OTHER_TARGETS)
        if key in written
    ]


def _completed(distribute: Any, surroundings: Surroundings) -> Any:
    """Return distributors with what can only be the environment's: the image definition, a managed image's region."""
    if not isinstance(distribute, list):
        return distribute
    additions: dict[str, JsonObject] = {
        "SharedImage": {"galleryImageId": surroundings.image_definition_id},
        "ManagedImage": {"location": surroundings.location},
    }
    return [
        {**{key: value for key, value in additions.get(str(each.get("type")), {}).items() if value}, **each}
        if isinstance(each, dict)
        else each
        for each in distribute
    ]


def _shared_distributor(surroundings: Surroundings) -> JsonObject:
    shared: JsonObject = {"type": "SharedImage", "runOutputName": "sharedImage"}
    if surroundings.image_definition_id:
        shared["galleryImageId"] = surroundings.image_definition_id
    return shared | {"targetRegions": [{"name": surroundings.location}]}


def _distributors(written: JsonObject, surroundings: Surroundings, *, publishes: bool) -> list[JsonObject]:
    distributors: list[JsonObject] = []
    if publishes:
        shared = _shared_distributor(surroundings)
        if {"imageReplicationRegions", "storageAccountType", "targetRegions"} & written.keys():
            del shared["targetRegions"]
        if "storageAccountType" in written and not {"imageReplicationRegions", "targetRegions"} & written.keys():
            shared["replicationRegions"] = [surroundings.location]
        distributors.append(shared)
    if "managedImageName" in written:
        group = f"/subscriptions/{surroundings.subscription_id}/resourceGroups/{surroundings.resource_group}"
        distributors.append(
            {
                "type": "ManagedImage",
                "runOutputName": "managedImage",
                "imageId": f"{group}/providers/Microsoft.Compute/images/{written['managedImageName']}",
                "location": surroundings.location,
            }
        )
    if "unManagedImageName" in written:
        distributors.append({"type": "VHD", "runOutputName": written["unManagedImageName"]})
    return distributors


def _place(composition: Composition, source: SourceFile, key: str, value: Any, target: JsonPath) -> None:
    """Put a value at its ARM path, unless what should hold it is no object."""
    holder: Any = composition.properties
    *parents, member = target
    for part in parents:
        is_index = isinstance(part, int)
        holder = holder[part] if is_index else holder.setdefault(part, {})
    if not isinstance(holder, dict):
        return
    if key == "subnetId" and holder.get(member, value) != value:
        composition.faults.append(
            source.fault((*PARAMETER, key), "another subnetId stands in vnetConfig", "one of the two")
        )
    holder[member] = dict(value) if key == "vnetConfig" and isinstance(value, dict) else value


def _spell_source(composition: Composition) -> None:
    """Take the spelling `imageVersionID` for `imageVersionId`."""
    image = composition.properties.get("source")
    if isinstance(image, dict) and "imageVersionID" in image and "imageVersionId" not in image:
        members = {("imageVersionId" if key == "imageVersionID" else key): value for key, value in image.items()}
        composition.properties["source"] = members
        composition.origins["source", "imageVersionId"] = (*PARAMETER, "imageSource", "imageVersionID")


def _compose_steps(composition: Composition, source: SourceFile, arm_path: JsonPath) -> None:
    written = value_at(composition.properties, arm_path)
    if isinstance(written, list):
        composed = compose_steps(source, written, composition.operator_path(arm_path) or PARAMETER)
        composition.properties = _replaced(composition.properties, arm_path, composed.steps)
        composition.origins.update({(*arm_path, *path): origin for path, origin in composed.origins.items()})
        composition.faults += composed.faults
        composition.remarks += composed.remarks


def _replaced(properties: JsonObject, path: JsonPath, value: Any) -> JsonObject:
    """Return the properties with another value at a path; the operator's own objects are left alone."""
    first, *rest = path
    return {**properties, str(first): _replaced(properties[str(first)], tuple(rest), value) if rest else value}
