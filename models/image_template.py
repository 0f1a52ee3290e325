"""The image template that an operator asks for, before a build gives it a name and script hashes."""

from pydantic import Field

from models.message import JsonObject, Message


class ScriptReference(Message):
    """A script of ours that an image template refers to.

    `pointer` leads to the address within the template's properties (`customize[0].scriptUri`); `path` is the blob's
    name in the container; `source_file` is the file it is uploaded from, relative to `customization/`.
    """

    pointer: str
    address: str
    account: str
    container: str
    path: str
    source_file: str


class ImageTemplatePlan(Message):
    """An image template as it is to be submitted, without its identity and the tags of a run.

    `properties` is what ARM takes (Microsoft.VirtualMachineImages/imageTemplates, api 2025-10-01);
    `build_timeout_minutes` 0 stands for the service's own 240; `image_definition_id` is None where no version is
    published in a gallery. `distribution_targets` are the ids of the image definitions and managed images in which
    builds put what they make.
    """

    base_name: str
    resource_group: str
    location: str
    identity_name: str
    identity_resource_group: str
    tags: dict[str, str] = Field(default_factory=dict[str, str])
    properties: JsonObject
    build_timeout_minutes: int
    image_definition_id: str | None = None
    distribution_targets: tuple[str, ...] = ()
    scripts: tuple[ScriptReference, ...] = ()
