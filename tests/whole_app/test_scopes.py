"""Every scope with every option, compared with what was asked of the simulated Azure."""

import itertools

import pytest

from local.stack import StackOptions, local_stack
from tests.whole_app.driving import SUBSCRIPTIONS, Bakery, eventually, write_three_environments

NAMES = list(SUBSCRIPTIONS)
# Which requests show that a part of the job was done: method and a part of the address.
SIGNS = {
    "removal": ("GET", "/imageTemplates?"),
    "group": ("PUT", "/resourcegroups/rg-"),
    "identity": ("PUT", "/userAssignedIdentities/"),
    "gallery": ("PUT", "/galleries/"),
    "storage": ("PUT", "/storageAccounts/"),
    "template": ("PUT", "/imageTemplates/"),
    "run": ("POST", "/run?"),
}
BASE = {"group", "identity", "gallery"}
DONE = {
    "all": BASE | {"storage", "template", "run"},
    "only-removal": set(),
    "only-infrastructure": BASE | {"storage"},
    "only-assets-and-image": {"storage", "template", "run"},
    "only-image": {"template", "run"},
}
ROUTES = [(start, stop) for start in NAMES for stop in NAMES if NAMES.index(start) <= NAMES.index(stop)]
CASES = list(itertools.product(DONE, (True, False), (True, False), ROUTES))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A stack in which all three environments are deployed, and Azure takes no time for anything."""
    parameters = tmp_path_factory.mktemp("three")
    write_three_environments(parameters, {})
    # The hourly sweep lists image templates as a removal does.
    options = StackOptions(build_seconds=0, parameters=parameters, settings={"PATCH_TIMER": "0 0 0 29 2 *"})
    with (
        local_stack(tmp_path_factory.mktemp("stack"), options) as stack,
        Bakery(stack.model_dump(mode="json", by_alias=True)) as driver,
    ):
        driver.simulation.post("/pace", json={"buildSeconds": 0, "operationScale": 0})
        assert driver.ended(driver.start(scope="all"))["state"] == "Succeeded"
        yield driver


def is_sign(entry, sign):
    method, part = SIGNS[sign]
    path = entry["url"].lower()
    exact = sign != "group" or "/providers/" not in path
    return entry["method"] == method and part.lower() in path and exact


@pytest.mark.parametrize(("scope", "removes", "waits", "route"), CASES)
def test_a_run_does_what_its_scope_and_options_say_and_nothing_else(deployed, scope, removes, waits, route):
    start, stop = route
    earlier = templates_of(deployed)
    deployed.simulation.delete("/requests")
    run_id = deployed.start(
        scope=scope,
        removeImageTemplates=removes,
        waitForImageBuild=waits,
        startEnvironment=start,
        stopEnvironment=stop,
    )
    run = eventually(lambda: deployed.run(run_id), lambda one: one["state"] not in {"Running", "Triggered"}, 60)
    assert run["state"] == "Succeeded", run
    requests = deployed.requests()
    on_the_way = NAMES[NAMES.index(start) : NAMES.index(stop) + 1]
    assert [stage["environment"] for stage in run["stages"]] == on_the_way
    for name, subscription in SUBSCRIPTIONS.items():
        asked = [entry for entry in requests if subscription in entry["url"]]
        seen = {sign for sign in SIGNS if any(is_sign(entry, sign) for entry in asked)}
        removal = {"removal"} if removes or scope == "only-removal" else set()
        assert seen == (DONE[scope] | removal if name in on_the_way else set()), name
        deleted = [entry["url"].partition("?")[0] for entry in asked if entry["method"] == "DELETE"]
        expected = earlier[name] if removal and name in on_the_way else set()
        assert {url.rpartition("/")[2] for url in deleted} == expected
        if deleted and "template" in seen:
            moments = [(entry["method"], index) for index, entry in enumerate(asked)]
            last_deletion = max(index for method, index in moments if method == "DELETE")
            submission = next(index for index, entry in enumerate(asked) if is_sign(entry, "template"))
            assert last_deletion < submission


def templates_of(bakery):
    """The image templates that are there now, by environment."""
    listing = "/providers/Microsoft.VirtualMachineImages/imageTemplates"
    return {
        name: {one["name"] for one in bakery.azure(f"/subscriptions/{subscription}{listing}", "2024-02-01")["value"]}
        for name, subscription in SUBSCRIPTIONS.items()
    }
