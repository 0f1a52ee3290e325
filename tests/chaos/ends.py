"""How runs must have ended, whatever befell the hosts meanwhile: as asked for, nothing doubled, nothing left behind."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tests.chaos.pipeline_runs import Ended
from tests.whole_app.driving import Bakery

BUILDING_SCOPES = {"all", "only-assets-and-image", "only-image"}
GALLERY = "Microsoft.Compute/galleries/gal_image_bakery_{}/images"
LONGEST_LIST = 200
OVER = {"Succeeded", "Failed", "Canceled", "PartiallySucceeded"}


@dataclass(frozen=True)
class InAzure:
    """What there is in an environment: image templates, resource groups, and image versions that shall be there."""

    environment: str
    templates: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    groups: list[dict[str, Any]]


@dataclass(frozen=True)
class Findings:
    """How the runs ended, at which steps some were canceled, how many builds there were; what is wrong, in words."""

    ends: Counter[str]
    canceled_at: Counter[str]
    builds: int
    wrong: list[str]
    doubled: list[str]
    leftovers: list[str]


def look_at_ends(bakery: Bakery, ended: list[Ended], rejected: Collection[str]) -> Findings:
    """Compare the records of all runs with what was asked for, and with what there is in Azure."""
    records = {one.run_id: bakery.run(one.run_id) for one in ended}
    found = [_in_azure(bakery, environment) for environment in bakery.stack["subscriptions"]]
    accepted = [one for one in bakery.requests("POST", "/run?") if one["response"]["status"] == 202]
    runs_of_templates = Counter(one["url"].partition("?")[0] for one in accepted)
    return Findings(
        ends=Counter(record["state"] for record in records.values()),
        canceled_at=Counter(_last_step(one) for one in records.values() if one["state"] == "Canceled"),
        builds=len(accepted),
        wrong=[
            *_wrong_ends(ended, records, rejected, [*bakery.stack["subscriptions"]]),
            *_lost_versions(records, found),
            *_unlisted(bakery, records),
        ],
        doubled=[
            *(f"{url} was run {times} times" for url, times in runs_of_templates.items() if times > 1),
            *_more_than_one("templates", Counter(_submitted(bakery))),
            *_more_than_one("versions", Counter(_built(found))),
        ],
        leftovers=[sentence for one in found for sentence in _leftovers(one, records)],
    )


def _last_step(record: dict[str, Any]) -> str:
    steps = [step["name"] for stage in record["stages"] for step in stage["steps"]]
    waits = bool(record["approvals"]) and record["approvals"][-1]["state"] == "Canceled"
    return "approval" if waits else steps[-1] if steps else "the beginning"


def _wrong_ends(
    ended: list[Ended], records: dict[str, Any], rejected: Collection[str], environments: list[str]
) -> Iterator[str]:
    for one in ended:
        right = {"Succeeded"}
        if one.wish.cancel_after is not None:
            right.add("Canceled")
        if one.run_id in rejected:
            right = right - {"Succeeded"} | {"Rejected"}
        record = records[one.run_id]
        if record["state"] not in right or record["endedAt"] is None:
            yield f"{one.wish} ended as {record['state']} and not as {right}: {record}"
        built = [stage["environment"] for stage in record["stages"] if stage["result"]]
        if record["state"] == "Succeeded" and built != environments * (one.wish.scope in BUILDING_SCOPES):
            yield f"{one.wish} succeeded with images in {built}"


def _lost_versions(records: dict[str, Any], found: list[InAzure]) -> Iterator[str]:
    """Yield what a record tells of that is not there, and what is there that no record tells of."""
    told = {
        stage["result"]["imageVersionId"].lower()
        for record in records.values()
        for stage in record["stages"]
        if stage["result"] and stage["result"]["imageVersionId"]
    }
    there = {version["id"].lower(): version["tags"]["imageBakeryRun"] for one in found for version in one.versions}
    yield from (f"{version_id} is told of, and not there" for version_id in told - there.keys())
    for version_id in there.keys() - told:
        yield f"{version_id} is there, and not told of by its run: {records.get(there[version_id])}"


def _unlisted(bakery: Bakery, records: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the list of runs, which has the newest ones."""
    listed = [run["id"] for run in bakery.api.get("/api/runs", params={"limit": LONGEST_LIST}).json()["runs"]]
    strangers = set(listed) - set(records)
    if strangers or len(set(listed)) != min(len(records), LONGEST_LIST):
        yield f"{len(listed)} of {len(records)} runs are listed, among them others than were asked for: {strangers}"


def _submitted(bakery: Bakery) -> Iterator[str]:
    """Yield run and environment of each image template that Azure accepted, once for each of its names."""
    puts = [one for one in bakery.requests("PUT", "/imageTemplates/") if one["response"]["status"] == 201]
    for url, put in {one["url"].partition("?")[0]: one for one in puts}.items():
        yield f"{put['request']['body']['tags']['imageBakeryRun']} in {url.split('/')[4]}"


def _built(found: list[InAzure]) -> Iterator[str]:
    for one in found:
        yield from (f"{version['tags']['imageBakeryRun']} in {one.environment}" for version in one.versions)


def _more_than_one(what: str, counted: Counter[str]) -> Iterator[str]:
    yield from (f"{times} {what} of {name}" for name, times in counted.items() if times > 1)


def _leftovers(found: InAzure, records: dict[str, Any]) -> Iterator[str]:
    known = {
        stage["build"]["templateName"]
        for record in records.values()
        for stage in record["stages"]
        if stage["build"] and stage["environment"] == found.environment
    }
    for template in found.templates:
        run = template["properties"].get("lastRunStatus")
        if template["name"] not in known:
            yield f"the template {template['name']}, which no record tells of"
        if not run or run["runState"] not in OVER:
            yield f"the template {template['name']}, whose run stands at {run}"
    there = {template["id"].lower() for template in found.templates}
    for group in found.groups:
        owner = group.get("managedBy")
        if owner and owner.lower() not in there:
            yield f"the staging group {group['name']}, whose template is gone"


def _in_azure(bakery: Bakery, environment: str) -> InAzure:
    subscription = f"/subscriptions/{bakery.stack['subscriptions'][environment]}"
    providers = f"{subscription}/resourceGroups/rg-image-bakery-{environment}/providers"
    templates = bakery.azure(f"{providers}/Microsoft.VirtualMachineImages/imageTemplates", "2025-10-01")["value"]
    definitions = bakery.azure(f"{providers}/{GALLERY.format(environment)}", "2026-03-03")["value"]
    listed = (bakery.azure(f"{one['id']}/versions", "2026-03-03")["value"] for one in definitions)
    groups = bakery.azure(f"{subscription}/resourcegroups", "2024-03-01")["value"]
    versions = [one for one in chain.from_iterable(listed) if one["properties"]["provisioningState"] != "Deleting"]
    return InAzure(environment, templates, versions, groups)
