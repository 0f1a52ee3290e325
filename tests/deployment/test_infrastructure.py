"""What the infrastructure says is what the code needs: settings, roles, containers, functions, versions."""

import json
import re
import tomllib

import pytest

from azure_clients import own_blobs, uploads
from configuration.settings import APP_FOLDER
from local.packaging import PYTHON_VERSION
from local.stack import CONTAINERS
from models.role import Role
from policies.access.rights import RIGHTS
from tests.deployment.bicep import FILES, INFRA, body, meaning, name_of, resource, resources
from triggers import build_events, script_uploads

SITES = "Microsoft.Web/sites"
ACCOUNTS = "Microsoft.Storage/storageAccounts"
SUBSCRIPTIONS = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
HOST = json.loads((APP_FOLDER / "host.json").read_text())
SETTINGS_PAGE = (APP_FOLDER / "docs" / "settings.md").read_text()
BICEP = {name_of(file): file.read_text() for file in FILES}

# What must be so for a security team to find nothing, whatever the parameters.
ALWAYS = [
    (ACCOUNTS, "account", "allowSharedKeyAccess", False),
    (ACCOUNTS, "account", "allowBlobPublicAccess", False),
    (ACCOUNTS, "account", "allowCrossTenantReplication", False),
    (ACCOUNTS, "account", "minimumTlsVersion", "TLS1_2"),
    (ACCOUNTS, "account", "supportsHttpsTrafficOnly", True),
    (SITES, "app", "httpsOnly", True),
    (SITES, "app", "siteConfig.minTlsVersion", "1.2"),
    (SITES, "app", "siteConfig.scmMinTlsVersion", "1.2"),
    (SITES, "app", "siteConfig.ftpsState", "Disabled"),
    (SITES, "app", "siteConfig.remoteDebuggingEnabled", False),
    (SITES, "app", "functionAppConfig.deployment.storage.authentication.type", "UserAssignedIdentity"),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "ftp", "allow", False),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "scm", "allow", False),
    ("Microsoft.Insights/components", "applicationInsights", "DisableLocalAuth", True),
    ("Microsoft.OperationalInsights/workspaces", "workspace", "features.disableLocalAuth", True),
    ("Microsoft.Web/sites/config", "authentication", "httpSettings.requireHttps", True),
    ("Microsoft.Web/sites/config", "authentication", "login.tokenStore.enabled", False),
]  # fmt: skip
DEFAULTS = {
    "ownStagingGroups": False,
    "privateNetworking": False,
    "keysWithoutSignIn": False,
    "uploaderGroupIds": [],
    "storageRedundancy": "Standard_ZRS",
    "patchTimer": "0 0 * * * *",
    "uploadQuietSeconds": 60,
}


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading of the page of settings, by the names in its first column."""
    section = SETTINGS_PAGE.partition(heading)[2].partition("\n## ")[0]
    return {row[0]: list(row[1:]) for row in re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)}


@pytest.fixture(scope="module")
def deployed_settings():
    (union,) = [config for _, symbol, config in resources("Microsoft.Web/sites/config") if symbol == "settings"]
    return union["properties"]["function"]["parameters"]["arg_2"]


@pytest.fixture(scope="module")
def subscriptions():
    return {symbol: config["properties"] for _, symbol, config in resources(SUBSCRIPTIONS)}


@pytest.mark.parametrize(("kind", "symbol", "path", "value"), ALWAYS)
def test_what_has_to_be_shut_is_shut(kind, symbol, path, value):
    found = resource(kind, symbol)["properties"]
    for part in path.split("."):
        found = found[part]
    assert found == value


def test_defaults_are_careful_and_those_of_the_code():
    parameters = meaning("main.bicep")["parameters"]
    assert {name: parameters[name]["default"] for name in DEFAULTS} == DEFAULTS


def test_the_deployment_sets_what_is_documented_and_nothing_else(deployed_settings):
    documented = set(re.findall(r"^\| `(\w+)` \|", SETTINGS_PAGE, re.MULTILINE))
    by_others = rows("## Who sets them")
    assert by_others
    assert set(deployed_settings) == documented - set(by_others)


def test_every_setting_that_the_deployment_leaves_has_one_who_sets_it():
    assert {" ".join(by) for by in rows("## Who sets them").values()} <= {"by hand", "the platform", "Core Tools"}


def test_what_others_read_is_named_so_in_the_sample():
    sample = json.loads((APP_FOLDER / "local.settings.sample.json").read_text())["Values"]
    for name, value in sample.items():
        if "__" in name:
            service = name.partition("__")[2].removesuffix("ServiceUri")
            assert f".{service}.core.windows.net" in value
    assert sample["PATCH_TIMER"] == meaning("main.bicep")["parameters"]["patchTimer"]["default"]


def test_the_roles_that_are_assigned_are_those_of_the_rights():
    """Each list of uses is assigned by one resource, which loops over it; no role is written in Bicep again."""
    for used in ("onItsStorageAccount", "onItsTelemetry"):
        assert f"rights.app.{used}" in BICEP["modules/app-rights.bicep"]
    assert "map(rights.app.onEachSubscription" in BICEP["modules/environment.bicep"]
    assert "rights.uploaders" in BICEP["modules/app-rights.bicep"]
    assert "items(rights.customRoles)" in BICEP["modules/roles.bicep"]
    assigned = sorted(symbol for _, symbol, _ in resources(ASSIGNMENTS))
    assert assigned == ["ofUploaders", "onStorage", "onSubscription", "onTelemetry"]
    guids = "|".join(role.id for role in RIGHTS.built_in_roles.values())
    assert not [name for name, text in BICEP.items() if re.search(guids, text)]


@pytest.mark.parametrize("symbol", ["onStorage", "onSubscription", "onTelemetry", "ofUploaders"])
def test_an_assignment_says_why_and_to_whom(symbol):
    properties = resource(ASSIGNMENTS, symbol)["properties"]
    assert "reason" in json.dumps(properties["description"])
    assert properties["principalType"] == ("Group" if symbol == "ofUploaders" else "ServicePrincipal")


def test_conditions_are_filled_in_completely():
    lines = [line for use in RIGHTS.app.on_each_subscription for line in use.condition]
    placeholders = set(re.findall("<.*?>", "".join(lines)))
    assert placeholders
    assert placeholders == set(re.findall("'(<.*?>)'", BICEP["modules/environment.bicep"]))
    roles = BICEP["modules/environment.bicep"]
    assert "concat(rights.app.gives, ownStagingGroups ? rights.app.givesForOwnStagingGroups : [])" in roles
    # Each has a condition: the assignment sets one always.
    assert all(use.condition for use in RIGHTS.app.on_each_subscription)


def test_no_other_use_of_a_role_has_a_condition():
    others = [*RIGHTS.app.on_its_storage_account, RIGHTS.app.on_its_telemetry, RIGHTS.uploaders]
    assert not [use for use in others if use.condition]


def test_the_app_is_told_of_the_custom_roles_that_it_gives(deployed_settings):
    told = meaning("modules/app.bicep")["variables"]["rolesOfImageBuilder"]["value"]
    assert set(told) == {key for key, role in RIGHTS.custom_roles.items() if role.fallback}
    assert "CUSTOM_ROLES" in deployed_settings


def test_the_containers_are_those_of_the_code_and_one_for_its_package():
    variables = meaning("modules/storage.bicep")["variables"]
    assert set(variables["containers"]["value"]) == {*CONTAINERS, "deploymentContainer"}
    assert set(CONTAINERS) == {uploads.CONTAINER, own_blobs.CONTAINER}


def test_the_functions_that_events_go_to_are_registered_with_such_triggers(subscriptions):
    functions = {
        name: kind
        for kind, name in re.findall(
            r"^register_(\w+)\(app, (?:.*, )?(\w+)\)$", (APP_FOLDER / "function_app.py").read_text(), re.MULTILINE
        )
    }
    address = json.dumps(subscriptions["uploaded"]["destination"])
    (blob_function,) = re.findall(r"/runtime/webhooks/blobs\?functionName=Host\.Functions\.(\w+)&code=", address)
    others = {
        re.search(r"/functions/(\w+)", json.dumps(subscriptions[symbol]["destination"]))[1]
        for symbol in ("removed", "ended")
    }
    assert {name for name, kind in functions.items() if kind == "blob"} == {blob_function}
    assert {name for name, kind in functions.items() if kind == "event_grid"} == others


def test_the_events_are_those_that_the_code_understands(subscriptions):
    assert subscriptions["uploaded"]["filter"]["includedEventTypes"] == ["Microsoft.Storage.BlobCreated"]
    assert subscriptions["removed"]["filter"]["includedEventTypes"] == [script_uploads.DELETED]
    ended = subscriptions["ended"]["filter"]
    assert len(ended["includedEventTypes"]) == 3
    assert all(build_events.EVENT_TYPE.fullmatch(one) for one in ended["includedEventTypes"])
    (operation,) = ended["advancedFilters"]
    assert operation["key"] == "data.operationName"
    assert [value.lower() for value in operation["values"]] == [build_events.RUN]
    prefix = meaning("modules/upload-events.bicep")["variables"]["ofUploads"]["value"]
    assert f"{prefix}blobs/" == script_uploads.SUBJECT


def test_events_are_in_the_form_that_the_host_reads(subscriptions):
    assert {one["eventDeliverySchema"] for one in subscriptions.values()} == {"EventGridSchema"}


def test_what_signs_in_elsewhere_does_not_stop_event_grid():
    """Event Grid has keys and no sign-in: its webhooks are left out of the latter, that of Durable Functions is not."""
    validation = resource("Microsoft.Web/sites/config", "authentication")["properties"]["globalValidation"]
    webhooks = {path.removeprefix("/runtime/webhooks/") for path in validation["excludedPaths"]}
    assert webhooks == {"blobs", "eventgrid", "EventGrid"}


def test_sign_in_is_switched_off_by_a_deployment_without_a_client_id():
    """A module that is left out of a deployment changes nothing: this one is always in it, and says which it is."""
    module = re.search(r"^module authentication '\S+' = (.*)$", BICEP["modules/app.bicep"], re.MULTILINE)
    assert module[1] == "{"
    text = BICEP["modules/authentication.bicep"]
    assert "var isOn = !empty(clientId)" in text
    assert re.search(r"^    platform: \{\n      enabled: isOn\n", text, re.MULTILINE)
    assert "var isRequired = isOn && " in text
    # A provider with an empty client id is none that Azure can read.
    outside = text.replace(text[text.index("var directory") : text.index("resource app")], "")
    assert re.findall(r".*\bclientId\b.*", outside) == ["param clientId string", "var isOn = !empty(clientId)"]
    assert "identityProviders: isOn ? { azureActiveDirectory: directory } : {}" in text


def test_the_site_is_configured_by_one_write_after_the_other():
    content = meaning("modules/app.bicep")
    after = {
        symbol: str(body({**content.get("resources", {}), **content["modules"]}[symbol]).get("dependsOn"))
        for symbol in ("settings", "ftp", "scm", "authentication")
    }
    assert after == {"settings": "None", "ftp": "['settings']", "scm": "['ftp']", "authentication": "['scm']"}


def test_the_python_is_the_same_everywhere():
    runtime = resource(SITES, "app")["properties"]["functionAppConfig"]["runtime"]
    project = tomllib.loads((APP_FOLDER / "pyproject.toml").read_text())
    assert runtime == {"name": "python", "version": PYTHON_VERSION}
    assert (APP_FOLDER / ".python-version").read_text().strip().startswith(PYTHON_VERSION)
    assert project["tool"]["basedpyright"]["pythonVersion"] == PYTHON_VERSION


def test_the_time_out_suits_the_plan():
    minutes = int(HOST["functionTimeout"].split(":")[1])
    assert HOST["functionTimeout"] == f"00:{minutes:02}:00"
    assert 1 < minutes <= 30


def test_each_installation_has_its_own_task_hub(deployed_settings):
    """A hub belongs to a storage account, and each installation has one: the name need not tell them apart."""
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", HOST["extensions"]["durableTask"]["hubName"])
    assert not [name for name in deployed_settings if name.startswith("AzureFunctionsJobHost")]
    assert "storageNameOf(environmentName, subscription().subscriptionId)" in BICEP["main.bicep"]


def test_the_app_roles_are_those_of_the_code():
    roles = json.loads((INFRA / "app-roles.json").read_text())
    assert {role["value"] for role in roles} == set(Role)
    assert all(role["isEnabled"] and re.fullmatch(r"[A-Z].*\.", role["description"]) for role in roles)
    # A program cannot be the second pair of eyes.
    (approver,) = [role for role in roles if role["value"] == Role.APPROVER]
    assert approver["allowedMemberTypes"] == ["User"]


def test_people_get_tokens_that_app_service_takes():
    """The issuer that is trusted is that of version 2; the page gives the permission of the file to the Azure CLI."""
    api = json.loads((INFRA / "app-api.json").read_text())
    assert api["requestedAccessTokenVersion"] == 2
    directory = meaning("modules/authentication.bicep")["variables"]["directory"]["value"]
    assert "/v2.0" in json.dumps(directory["registration"]["openIdIssuer"])
    (scope,) = api["oauth2PermissionScopes"]
    assert scope["isEnabled"]
    page = (APP_FOLDER / "docs" / "deployment.md").read_text()
    assert f'"delegatedPermissionIds": ["{scope["id"]}"]' in page


def test_without_build_events_there_is_neither_a_topic_nor_what_subscribes_to_it():
    """A subscription can have one topic of its events: where another one has it, the rest has to be deployed still."""
    environment, events = BICEP["modules/environment.bicep"], BICEP["events.bicep"]
    assert re.search(r"^resource group \S+ = if \(buildEvents\) \{$", environment, re.MULTILINE)
    assert re.search(r"^module topic \S+ = if \(buildEvents\) \{$", environment, re.MULTILINE)
    assert re.search(r"^var subscriptionIds = buildEvents \? .* : \[\]$", events, re.MULTILINE)
    line = "param buildEvents = bool(readEnvironmentVariable('BUILD_EVENTS', 'true'))"
    assert all(line in (INFRA / f"{name}.bicepparam").read_text() for name in ("main", "events"))


def test_only_a_topic_is_made_beside_the_rights_in_the_subscriptions_of_environments():
    content = meaning("modules/environment.bicep")
    assert set(content["resources"]) == {"onSubscription", "group"}
    assert set(content["modules"]) == {"topic"}


def test_every_query_of_an_alert_raises_one():
    loaded = re.findall(r"loadTextContent\('../queries/(\w+)\.kql'\)", BICEP["modules/alerts.bicep"])
    assert sorted(loaded) == sorted(file.stem for file in (INFRA / "queries").glob("alert_*.kql"))


@pytest.mark.parametrize(
    "alert", meaning("modules/alerts.bicep")["variables"]["alerts"]["value"], ids=lambda one: one["name"]
)
def test_an_alert_is_evaluated_as_often_as_its_window_and_sees_as_far_as_its_query(alert):
    lengths = {"PT15M": 15, "PT1H": 60, "PT6H": 360, "P1D": 1440, "P2D": 2880}
    window, frequency = lengths[alert["windowSize"]], lengths[alert["evaluationFrequency"]]
    assert frequency <= window
    query = (INFRA / "queries" / f"alert_{alert['name'].replace('-', '_')}.kql").read_text()
    looks_back = [int(days) * 1440 for days in re.findall(r"timestamp > ago\((\d)d\)", query)]
    # Without a limit of its own a query sees its window; then nothing may be told twice.
    assert max(looks_back, default=frequency) == window
    page = (APP_FOLDER / "docs" / "telemetry.md").read_text()
    told = {15: "15 minutes", 2880: "2 days"}[window]
    assert re.search(rf"^\| \[alert_{alert['name'].replace('-', '_')}\.kql\]\(\S+\) \| {told} \|", page, re.MULTILINE)
    assert re.fullmatch(r"[A-Z].*\.", alert["description"])


def test_nothing_secret_is_given_out():
    for name, text in BICEP.items():
        for line in text.splitlines():
            if line.startswith("output "):
                assert not re.search(r"listKeys|secret|connectionString|Keys\\b", line, re.IGNORECASE), (
                    f"{name}: {line}"
                )
