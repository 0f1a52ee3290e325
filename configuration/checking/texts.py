"""The texts that Azure is particular about: names, ids, addresses, versions, regions."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from configuration.checking.addresses import refuse_strange_address
from configuration.checking.shape import Form, refusal, refuse_placeholder


def _without_control_characters(text: str) -> str:
    """Return the text; raises a refusal where a character in it cannot be seen."""
    found = re.search(r"[\x00-\x1f\x7f]", text)
    if found:
        raise refusal(f"the control character {found.group()!a} stands in it", "the text without it")
    return text


def _without_nul(text: str) -> str:
    """Return a command; raises a refusal where it has a character that no shell can take."""
    if "\0" in text:
        raise refusal("the character NUL stands in it, at which a shell stops or which it drops", "the text without it")
    return text


# Any text that names something: no form to check, but no place for a placeholder or a control character either.
Word = Annotated[str, AfterValidator(refuse_placeholder), AfterValidator(_without_control_characters)]
Command = Annotated[str, AfterValidator(_without_nul)]
# What people say of themselves and of their reasons ends in records, in lines of logs and on terminals.
_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
PersonName = Annotated[
    str, Field(max_length=200, json_schema_extra={"pattern": _ONE_LINE}), AfterValidator(_without_control_characters)
]
Reason = Annotated[
    str, Field(max_length=1000, json_schema_extra={"pattern": _ONE_LINE}), AfterValidator(_without_control_characters)
]

SUBSCRIPTION: Final = r"/[sS]ubscriptions/[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Names become parts of addresses, where `..` is the place above, and `?`, `#` and `%` have a meaning of their own.
GROUP_NAME: Final = r"[\w.()-]{0,89}[\w()-]"
RESOURCE_NAME: Final = r"[\w.-]{0,79}[\w-]"
GROUP: Final = SUBSCRIPTION + "/[rR]esource[gG]roups/" + GROUP_NAME
COMPUTE: Final = GROUP + r"/[pP]roviders/[mM]icrosoft\.[cC]ompute"
GALLERY_IMAGE: Final = COMPUTE + r"/[gG]alleries/[\w.]{0,79}\w/[iI]mages/" + RESOURCE_NAME
_NAMES: Final = "each name of letters, digits and some of _-.(), no period at the end"
NUMBERED: Final = r"[0-9]{1,10}\.[0-9]{1,10}\.[0-9]{1,12}"


def without_version(gallery_image_id: str) -> str:
    """Return the id of the image definition, of an id that may also name a version."""
    return re.split("/versions/", gallery_image_id, flags=re.IGNORECASE)[0]


def _plain_version(gallery_image_id: str) -> str:
    """Return the id; raises a refusal where its version has leading zeros, which are no part of a number."""
    definition_id, version = without_version(gallery_image_id), gallery_image_id.rpartition("/")[2]
    plain = (
        ".".join(str(int(number)) for number in version.split(".")) if definition_id != gallery_image_id else version
    )
    if plain != version:
        raise refusal(f"the version {version} has leading zeros", f"{plain} in its place")
    return gallery_image_id


Guid = Annotated[
    str, Form(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "GUID of the form 8-4-4-4-12 digits")
]
ResourceGroupId = Annotated[str, Form(GROUP, f"id of a resource group: /subscriptions/…/resourceGroups/…, {_NAMES}")]
GalleryImageId = Annotated[
    str,
    Form(
        GALLERY_IMAGE + r"(?:/[vV]ersions/" + NUMBERED + ")?",
        f"id of an image definition: /subscriptions/…/galleries/…/images/…, {_NAMES}",
    ),
    AfterValidator(_plain_version),
]
ImageVersionId = Annotated[
    str,
    Form(
        GALLERY_IMAGE + r"/[vV]ersions/(?:latest|" + NUMBERED + ")",
        f"id of an image version: /subscriptions/…/galleries/…/images/…/versions/<number or latest>, {_NAMES}",
    ),
]
ManagedImageId = Annotated[
    str,
    Form(
        COMPUTE + "/[iI]mages/" + RESOURCE_NAME,
        f"id of a managed image: /subscriptions/…/providers/Microsoft.Compute/images/…, {_NAMES}",
    ),
]
IdentityId = Annotated[
    str,
    Form(
        GROUP + r"/[pP]roviders/[mM]icrosoft\.[mM]anaged[iI]dentity/[uU]ser[aA]ssigned[iI]dentities/[\w-]{3,128}",
        f"id of a user-assigned identity: /subscriptions/…/providers/…/userAssignedIdentities/…, {_NAMES}",
    ),
]
SubnetId = Annotated[
    str,
    Form(
        GROUP
        + r"/[pP]roviders/[mM]icrosoft\.[nN]etwork/[vV]irtual[nN]etworks/"
        + RESOURCE_NAME
        + "/[sS]ubnets/"
        + RESOURCE_NAME,
        f"id of a subnet: /subscriptions/…/virtualNetworks/…/subnets/…, {_NAMES}",
    ),
]

ResourceGroupName = Annotated[
    str,
    Form(GROUP_NAME, "resource group name: at most 90 letters, digits and _-().; no period at the end"),
]
StorageAccountName = Annotated[
    str, Form(r"[a-z0-9]{3,24}", "storage account name: 3 to 24 lower-case letters and digits")
]
ContainerName = Annotated[
    str,
    Form(
        r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*",
        "container name: 3 to 63 lower-case letters, digits and single hyphens, no hyphen at either end",
    ),
]
IdentityName = Annotated[
    str, Form(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", "identity name: 3 to 128 letters, digits, hyphens and underscores")
]
GalleryName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9](?:[A-Za-z0-9._]{0,78}[A-Za-z0-9])?",
        "gallery name: at most 80 letters, digits, periods and underscores (no hyphen), a letter or digit at both ends",
    ),
]
ImageDefinitionName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?",
        "image definition name: at most 80 letters, digits and ._-, a letter or digit at both ends",
    ),
]
TemplateBaseName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_.-]{1,44}",
        "base name for image templates: at most 44 letters, digits and -_. (a time stamp of 20 characters follows)",
    ),
]
ImageName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9_-])?",
        "name of an image or VHD: at most 63 letters, digits and ._-, a letter, digit or _ first, no period at the end",
    ),
]
RunOutputName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_.-]{0,63}[A-Za-z0-9_-]",
        "name of a run output: at most 64 letters, digits and -_., no period at the end",
    ),
]
ChosenName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?",
        "name as file names can have it: at most 40 letters, digits and hyphens, no hyphen at either end",
    ),
]
SignInName = Annotated[str, Form(r"[^\s@<>]{1,113}@[^\s@<>]{1,143}", "sign-in name of a person: name@example.org")]
Identifier = Annotated[str, Form(r"[A-Za-z0-9._-]{0,127}[A-Za-z0-9_-]", "identifier: letters, digits and ._-")]
VmSize = Annotated[str, Form(r"(?:Standard|Basic)_[A-Za-z0-9_-]{1,60}", "VM size such as Standard_D2s_v5")]
SourceVersion = Annotated[str, Form("latest|" + NUMBERED, "version: three numbers with periods, or latest")]
Sha256 = Annotated[str, Form(r"[0-9a-f]{64}", "SHA-256 checksum: 64 hexadecimal digits in lower case")]
Address = Annotated[
    str,
    Form(r"https?://[^\s/\"'<>]+/[^\s\"<>]+", "address: https://<host>/<path>"),
    AfterValidator(refuse_strange_address),
]
RestartTimeout = Annotated[str, Form(r"[0-9]{1,5}[smh]", "restart time-out: a number and s, m or h, such as 10m")]
TagName = Annotated[str, Form(r"[^<>%&\\?/]{1,512}", "tag name: at most 512 characters without <>%&\\?/")]


def _region(text: str) -> str:
    """Return the region as ARM writes it: `West Europe` and `WestEurope` are `westeurope`."""
    refuse_placeholder(text)
    region = text.replace(" ", "").lower()
    if not (region.isascii() and region.isalnum() and region[0].isalpha() and 4 <= len(region) <= 30):
        raise refusal("it is no Azure region", "the name of a region, such as westeurope")
    return region


def _end_of_life(text: str) -> str:
    """Return the date as ARM takes it: a time in UTC."""
    refuse_placeholder(text)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise refusal("it is no date", "a date, such as 2029-04-30") from None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _tag_value(text: str) -> str:
    if len(text) > LONGEST_TAG_VALUE:
        raise refusal(f"the tag has {len(text)} characters", f"a value of at most {LONGEST_TAG_VALUE} characters")
    return text


def _distinct_tag_names(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags; raises a refusal where two names are one for Azure, which does not look at the case."""
    seen: set[str] = set()
    for name in tags:
        if name.lower() in seen:
            raise refusal("two tags have names that differ in case alone: for Azure they are one", "one of them", name)
        seen.add(name.lower())
    return tags


Region = Annotated[str, AfterValidator(_region)]
EndOfLife = Annotated[str, AfterValidator(_end_of_life)]
LONGEST_TAG_VALUE: Final = 256
# Azure takes 50 on a resource. Some are kept free on image templates and on what they make: a build has its own.
MOST_TAGS: Final = 50
KEPT_FREE: Final = 10
TagValue = Annotated[str, AfterValidator(_tag_value)]
Tags = Annotated[dict[TagName, TagValue], Field(max_length=MOST_TAGS), AfterValidator(_distinct_tag_names)]
TagsOfBuild = Annotated[
    dict[TagName, TagValue], Field(max_length=MOST_TAGS - KEPT_FREE), AfterValidator(_distinct_tag_names)
]
