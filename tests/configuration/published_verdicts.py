"""What each published image template must come to, by the number that its file's name starts with."""

from dataclasses import dataclass
from typing import Literal

type Verdict = Literal["valid", "unresolved", "to fill in", "refused", "no JSON"]


@dataclass(frozen=True)
class Expected:
    """What a file must come to; the paths are those within the resource, `mends` are patterns and what to put there."""

    verdict: Verdict
    paths: frozenset[str] = frozenset()
    remarks: frozenset[str] = frozenset()
    is_deployment: bool = False
    mends: tuple[tuple[str, str], ...] = ()


def expected(verdict: Verdict, *paths: str, mends: dict[str, str] | None = None, remarks: str = "") -> Expected:
    return Expected(verdict, frozenset(paths), frozenset(remarks.split()), mends=tuple((mends or {}).items()))


def deployed(verdict: Verdict, *paths: str, mends: dict[str, str] | None = None, remarks: str = "") -> Expected:
    return Expected(verdict, frozenset(paths), frozenset(remarks.split()), True, tuple((mends or {}).items()))


ARM_PARAMETERS = ("name", "apiVersion", "location")
IDENTITY_LEFT = 'identity.userAssignedIdentities["<imgBuilderId>"]'
OUT = "properties.distribute[0]"
MANAGED_IMAGE = (f"{OUT}.imageId", f"{OUT}.location", f"{OUT}.runOutputName")
VERSION = (f"{OUT}.galleryImageId", f"{OUT}.runOutputName")
REGION = f"{OUT}.replicationRegions[0]"
WITH_IDENTITY = {r'"dependsOn": \[\],': '"dependsOn": [], "identity": IDENTITY,'}

EXPECTED: dict[str, Expected] = {
    "01": expected("to fill in", "location", IDENTITY_LEFT, *MANAGED_IMAGE),
    "04": expected("to fill in", "location", IDENTITY_LEFT, *MANAGED_IMAGE, "properties.vmProfile.vnetConfig.subnetId"),
    "07": deployed(
        "refused",
        "name",
        "location",
        "identity",
        "properties.customize[0].inline[0]",
        "properties.customize[1].inline[0]",
        *MANAGED_IMAGE,
        f"{OUT}.aritfactTags",
        mends={"aritfactTags": "artifactTags", **WITH_IDENTITY},
    ),
    "10": expected(
        "refused",
        "location",
        "identity",
        "properties.customize[0].script",
        *MANAGED_IMAGE,
        mends={'"script"': '"scriptUri"', **WITH_IDENTITY},
    ),
    "13": expected(
        "to fill in",
        "location",
        IDENTITY_LEFT,
        "properties.stagingResourceGroup",
        *VERSION,
        REGION,
        f"{OUT}.replicationRegions[1]",
        mends={r'"stagingResourceGroup": "[^"]*"': '"stagingResourceGroup": "GROUP-staging"'},
    ),
    "16": deployed(
        "refused",
        *ARM_PARAMETERS,
        "properties.dataDisks",
        mends={"dataDisks": "additionalDataDisks", "diskSizeGB": "sizeGB", r',\s*"lun".*?"Empty"': ""},
    ),
    "19": deployed(
        "refused",
        *ARM_PARAMETERS,
        IDENTITY_LEFT,
        "properties.customize[0].validExitCodes",
        *VERSION,
        REGION,
        mends={'"validExitCodes": "1"': '"validExitCodes": [1]'},
    ),
    "22": deployed(
        "to fill in", *ARM_PARAMETERS, IDENTITY_LEFT, *MANAGED_IMAGE, remarks="properties.buildTimeoutInMinutes"
    ),
    "25": expected("refused", "identity", f"{OUT}.location", mends={"ukwest": "westus", **WITH_IDENTITY}),
    "28": deployed("unresolved", *ARM_PARAMETERS),
    "31": deployed("to fill in", *ARM_PARAMETERS, IDENTITY_LEFT, *VERSION, REGION),
    "34": deployed(
        "to fill in",
        *ARM_PARAMETERS,
        IDENTITY_LEFT,
        *VERSION,
        REGION,
        remarks="properties.customize[0].scriptUri properties.customize[1].scriptUri properties.customize[3].scriptUri",
    ),
    "37": deployed("refused", *ARM_PARAMETERS, "identity", *MANAGED_IMAGE, mends=WITH_IDENTITY),
    "40": deployed(
        "refused",
        *ARM_PARAMETERS,
        IDENTITY_LEFT,
        "properties.customize[0].RunElevated",
        "properties.customize[0].runAsSystem",
        *VERSION,
        REGION,
        mends={"RunElevated": "runElevated"},
    ),
    "43": deployed("to fill in", *ARM_PARAMETERS, IDENTITY_LEFT, *VERSION),
    "46": deployed(
        "refused",
        "identity.userAssignedIdentities[/subscriptions/<subscriptionId>/resourceGroups/<identityRg>…]",
        "properties.stagingResourceGroup",
        f"{OUT}.imageId",
        "/_comment",
        mends={r',\s*"_comment": "[^"]*"': ""},
    ),
    "49": expected("valid"),
    "52": expected("no JSON", "26:9"),
    "55": expected(
        "refused",
        "location",
        IDENTITY_LEFT,
        "properties.customize[1].validExitCodes[0]",
        "properties.customize[1].validExitCodes[1]",
        "properties.customize[8].runElevated",
        *MANAGED_IMAGE,
        mends={'"(0|3010|false)"': r"\1"},
    ),
    "58": deployed("to fill in", *ARM_PARAMETERS, IDENTITY_LEFT, *VERSION, REGION, f"{OUT}.replicationRegions[1]"),
    "61": deployed("unresolved", *ARM_PARAMETERS),
    "64": deployed(
        "refused",
        *ARM_PARAMETERS,
        IDENTITY_LEFT,
        "properties.vmProfile.hyperVGeneration",
        *VERSION,
        REGION,
        f"{OUT}.replicationRegions[1]",
        mends={r',\s*"hyperVGeneration": "V2"': ""},
    ),
    "67": deployed(
        "refused",
        IDENTITY_LEFT,
        "properties.source.imageid",
        "properties.source.imageId",
        f"{OUT}.runOutputName",
        mends={'"imageid"': '"imageId"'},
    ),
    "70": expected("valid"),
    "73": expected(
        "to fill in",
        "identity.userAssignedIdentities[/subscriptions/<your subscription ID>…]",
        f"{OUT}.galleryImageId",
    ),
    "76": expected(
        "refused",
        "location",
        "identity",
        "properties.identity",
        'properties.identity.userAssignedIdentities["${IDENTITY_ID}"]',
        f"{OUT}.galleryImageId",
        REGION,
        mends={r',\s*"identity": \{.*\}\s*\}\s*\}\s*$': '}, "identity": IDENTITY}'},
    ),
    "79": expected("no JSON", "41"),
    "82": expected(
        "refused",
        f"{OUT}.galleryImageId",
        remarks=f"{OUT}.galleryImageId",
        mends={r"2024\.07\.052130": "2024.7.52130"},
    ),
    "85": expected("refused", "customize", "customize[0].name", "customize[0].inline", "identity", "source"),
}
