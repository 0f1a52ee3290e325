"""The page of settings, the sample for Core Tools and what the deployment sets follow the classes of settings."""

import json
import re

import pytest
from pydantic import AliasChoices, HttpUrl
from pydantic_core import PydanticUndefined

from configuration.settings import APP_FOLDER, Settings, TelemetrySettings
from tests.deployment.bicep import resource

PAGE = (APP_FOLDER / "docs" / "settings.md").read_text()
SAMPLE = json.loads((APP_FOLDER / "local.settings.sample.json").read_text())["Values"]
# What a default is called that is no value.
WORDS = {"CA_BUNDLE": "the system's authorities", "OTEL_SERVICE_NAME": "the function app's name"}


def fields():
    for settings in (Settings, TelemetrySettings):
        for field in settings.model_fields.values():
            alias = field.validation_alias
            yield alias.choices[0] if isinstance(alias, AliasChoices) else alias, field


def shown(name, field):
    """A default as the page shows it."""
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined:
        return "required"
    if name in WORDS or default is None:
        return WORDS.get(name, "none")
    if name.endswith("_FOLDER"):
        return f"`{default.name}` in the app"
    told = str(default).rstrip("/") if isinstance(default, HttpUrl) else json.dumps(default)
    return f"`{told}`"


def test_the_page_lists_the_settings_of_the_code_with_their_defaults_and_no_others():
    tables = PAGE.partition("Others read settings")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", tables, re.MULTILINE))
    assert rows == {name: shown(name, field) for name, field in fields()}


def test_the_sample_has_what_is_required():
    required = {name for name, field in fields() if field.is_required()}
    assert required
    assert required <= set(SAMPLE)


def test_the_sample_says_a_default_as_it_is():
    for name, field in fields():
        if name in SAMPLE and not field.is_required():
            assert f"`{SAMPLE[name]}`" == shown(name, field)


@pytest.fixture
def environment(monkeypatch):
    """An environment that has the settings given, and no others of the app's."""

    def set_all(values):
        for name, _ in fields():
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_all


def test_the_app_starts_with_the_sample(environment):
    environment(SAMPLE)
    assert str(Settings().app_blob_endpoint).startswith("https://yourfunctionappstorage.blob.")


def test_the_app_understands_what_the_deployment_sets(environment):
    """In the forms in which Azure Resource Manager writes them: addresses end in a slash, objects are JSON."""
    guid = "8d1e21ad-5f3f-4e0e-9f5a-1f0f7a3b5c11"
    roles = {"imageVersionWriter": guid, "managedImageWriter": guid, "subnetJoiner": guid}
    values = {
        "AzureWebJobsStorage__blobServiceUri": "https://st.blob.core.windows.net/",
        "ARM_ENDPOINT": "https://management.azure.com/",
        "CUSTOM_ROLES": json.dumps(roles),
        "UPLOAD_QUIET_SECONDS": "60",
    }
    deployed = resource("Microsoft.Web/sites/config", "settings")["properties"]["function"]["parameters"]["arg_2"]
    assert set(values) == {name for name, _ in fields() if name in deployed} - {"APPLICATIONINSIGHTS_CONNECTION_STRING"}
    environment(values)
    assert Settings().custom_roles == roles
    assert Settings().upload_quiet_seconds == 60
