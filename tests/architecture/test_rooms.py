"""The house keeps its own rules."""

import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from typing import get_type_hints

import pytest

import activities
import orchestrators
from configuration.settings import APP_FOLDER, Settings, TelemetrySettings
from local.packaging import ignored_names
from models.message import Message

PROJECT = tomllib.loads((APP_FOLDER / "pyproject.toml").read_text())
ROOMS = sorted(folder.parent.name for folder in APP_FOLDER.glob("*/__init__.py") if folder.parent.name != "benchmarks")
LOCAL_ONLY = ["cli", "local", "tests", "docs", "benchmarks", ".venv", ".local", "local.settings.json"]


def activity_functions():
    """Every public coroutine of the activities' room that answers with a message."""
    for module in pkgutil.iter_modules(activities.__path__, "activities."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.iscoroutinefunction):
            answer = get_type_hints(function)["return"]
            is_message = inspect.isclass(answer) and issubclass(answer, Message)
            if function.__module__ == module.name and not name.startswith("_") and is_message:
                yield function


def orchestrator_functions():
    """Every orchestrator: the function that has its file's name."""
    for module in pkgutil.iter_modules(orchestrators.__path__, "orchestrators."):
        name = module.name.rpartition(".")[2]
        function = getattr(importlib.import_module(module.name), name, None)
        if inspect.isgeneratorfunction(function):
            yield function


@pytest.fixture(scope="module")
def registered():
    """The functions of the app, as the Functions worker finds them: name and trigger type."""
    program = (
        "import json, function_app\n"
        "functions = function_app.app.get_functions()\n"
        "print(json.dumps([[f.get_function_name(), f.get_trigger().type] for f in functions]))"
    )
    environment = {**os.environ, "AzureWebJobsStorage__blobServiceUri": "https://example.org"}
    listing = subprocess.run(
        [sys.executable, "-c", program], cwd=APP_FOLDER, env=environment, capture_output=True, text=True, check=True
    )
    return [(name, trigger) for name, trigger in json.loads(listing.stdout) if not name.startswith("BuiltIn__")]


def test_every_room_is_in_the_contracts():
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == ROOMS


def test_only_the_azure_clients_import_the_azure_sdk():
    for room in set(ROOMS) - {"azure_clients", "local"}:
        for file in (APP_FOLDER / room).rglob("*.py"):
            assert not re.search(
                r"\bazure\.(core|identity|mgmt|storage)\b.* import|import azure\.(?!functions|durable)",
                file.read_text(),
            ), file


def test_every_room_is_type_checked():
    assert set(ROOMS) <= set(PROJECT["tool"]["basedpyright"]["include"])


def test_every_activity_is_registered_once(registered):
    names = sorted(name for name, trigger in registered if trigger == "activityTrigger")
    assert names == sorted(function.__name__ for function in activity_functions())


def test_every_orchestrator_is_registered_once(registered):
    names = sorted(name for name, trigger in registered if trigger == "orchestrationTrigger")
    assert names == sorted(function.__name__ for function in orchestrator_functions())


@pytest.mark.parametrize("function", list(activity_functions()), ids=lambda function: function.__name__)
def test_an_activity_says_what_it_asks_of_azure_and_what_a_repetition_does(function):
    lines = [line.strip() for line in inspect.getdoc(function).splitlines()]
    assert sum(line.startswith("Azure: ") for line in lines) == 1
    assert sum(line.startswith("Repeat: ") for line in lines) == 1


@pytest.mark.parametrize("function", list(activity_functions()), ids=lambda function: function.__name__)
def test_an_activity_begins_with_a_verb_of_the_list(function):
    verb = function.__name__.split("_")[0]
    assert verb in {"cancel", "check", "create", "delete", "find", "get", "list", "publish", "start", "upload"}


def test_every_setting_is_documented():
    page = (APP_FOLDER / "docs" / "settings.md").read_text()
    for name, field in (Settings.model_fields | TelemetrySettings.model_fields).items():
        alias = field.validation_alias
        shown = alias if isinstance(alias, str) else alias.choices[0]
        assert f"`{shown}`" in page, f"{name} is missing in docs/settings.md"
        assert field.description
        assert field.description in page, f"docs/settings.md says something else about {shown}"


def test_the_sample_settings_are_settings_of_the_app_or_of_the_functions_host():
    sample = json.loads((APP_FOLDER / "local.settings.sample.json").read_text())
    page = (APP_FOLDER / "docs" / "settings.md").read_text()
    assert sample["IsEncrypted"] is False
    for name, value in sample["Values"].items():
        assert isinstance(value, str)
        assert f"`{name}`" in page


def test_every_route_is_documented():
    page = (APP_FOLDER / "docs" / "http-api.md").read_text()
    routes = re.findall(r'register_http\(app, "(\w+)", "([^"]+)"', (APP_FOLDER / "function_app.py").read_text())
    assert routes
    for method, route in routes:
        assert f"`{method} /api/{route}`" in page


def test_every_make_target_has_a_description():
    makefile = (APP_FOLDER / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    for target in phony:
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), f"{target} has no description"


@pytest.mark.parametrize("name", LOCAL_ONLY)
def test_what_only_a_developer_needs_is_not_deployed(name):
    assert any(fnmatchcase(name, pattern) for pattern in ignored_names(APP_FOLDER))


def test_what_the_app_needs_is_deployed():
    needed = {"function_app.py", "host.json", "requirements.txt", "parameters", "customization"}
    for name in needed | set(ROOMS) - {"cli", "local"}:
        assert not any(fnmatchcase(name, pattern) for pattern in ignored_names(APP_FOLDER))


def test_the_host_file_is_what_core_tools_would_load():
    host = json.loads((APP_FOLDER / "host.json").read_text())
    assert host["version"] == "2.0"
    assert host["extensions"]["durableTask"]["hubName"]
    assert host["telemetryMode"] == "OpenTelemetry"
    # Durable Functions 2.x for Python is served by the preview bundle only.
    assert host["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle.Preview"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-scan.txt"])
def test_every_requirement_is_pinned_with_hashes(name):
    entries = re.findall(r"^([a-z0-9][\w.\-\[\]]*)(.*)$", (APP_FOLDER / name).read_text(), re.MULTILINE | re.IGNORECASE)
    assert entries
    for package, rest in entries:
        assert rest.startswith("=="), f"{package} is not pinned"
        assert rest.endswith("\\"), f"{package} has no hash"


def test_no_file_is_in_a_room_that_does_not_exist():
    folders = {path.name for path in APP_FOLDER.iterdir() if path.is_dir() and not path.name.startswith(".")}
    data = {"benchmarks", "customization", "docs", "infra", "parameters", "tests", "__pycache__", "dist"}
    assert folders <= data | set(ROOMS)


def test_the_readme_names_only_files_that_exist():
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (APP_FOLDER / page).read_text()):
            assert (APP_FOLDER / target).exists(), f"{page} leads to {target}"


def test_every_package_of_the_azure_sdk_is_imported():
    """The tool for unused packages cannot tell those apart that share the namespace `azure`."""
    names = re.findall(r"^(azure-[a-z-]+)==", (APP_FOLDER / "requirements.in").read_text(), re.MULTILINE)
    code = "\n".join(file.read_text() for room in ROOMS for file in (APP_FOLDER / room).rglob("*.py"))
    code += (APP_FOLDER / "function_app.py").read_text()
    modules = {"azure-functions-durable": "azure.durable_functions"}
    assert names
    for name in names:
        module = modules.get(name, name.replace("-", "."))
        assert re.search(rf"\b(from|import) {re.escape(module)}\b", code), f"{name} is not imported"
