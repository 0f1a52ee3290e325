"""What an image template in ARM's own JSON form may say, as a resource or within a deployment template.

`properties` are those of `configuration.image_template.shape`.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from configuration.checking.shape import Form, Shape, refusal
from configuration.checking.texts import IdentityId, Region, TagsOfBuild, TemplateBaseName, Word
from configuration.image_template.shape import ImageTemplateProperties

ResourceType = Annotated[
    str,
    Form(
        r"[mM]icrosoft\.[vV]irtual[mM]achine[iI]mages(?:/[iI]mage[tT]emplates)?",
        "image template: Microsoft.VirtualMachineImages/imageTemplates",
    ),
]


class AssignedIdentity(Shape):
    """An identity, of which nothing is to be said."""


class TemplateIdentity(Shape):
    """The one identity that Azure Image Builder works with."""

    type: Literal["UserAssigned"]
    user_assigned_identities: Annotated[dict[IdentityId, AssignedIdentity], Field(min_length=1, max_length=1)]


class ImageTemplateResource(Shape):
    """An image template; what a run gives it anew each time can be left out."""

    type: ResourceType | None = None
    api_version: Word | None = None
    name: TemplateBaseName | None = None
    location: Region | None = None
    depends_on: list[str] | None = None
    comments: str | None = None
    tags: TagsOfBuild | None = None
    identity: TemplateIdentity
    properties: ImageTemplateProperties


def _hold_resources(resources: Any) -> Any:
    if not isinstance(resources, list | dict):
        raise refusal("it holds no resources", "a list with one image template")
    return resources


class DeploymentTemplate(Shape):
    """An ARM deployment template; only its image template is read."""

    schema_address: Annotated[str | None, Field(alias="$schema")] = None
    content_version: str | None = None
    language_version: str | None = None
    api_profile: str | None = None
    metadata: Any = None
    definitions: Any = None
    parameters: Any = None
    variables: Any = None
    functions: Any = None
    resources: Annotated[Any, AfterValidator(_hold_resources)]
    outputs: Any = None
