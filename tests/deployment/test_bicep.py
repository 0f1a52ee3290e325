"""The form of the Bicep. Two grammars read each file, and much of what a compiler asks is asked without one."""

import re
import shutil
import subprocess

import pytest

from tests.deployment.bicep import FILES, INFRA, PARAMETER_FILES, body, described, meaning, name_of, nodes, text, tree

# Each with the version of the Azure Resource Manager that it is written for; one for a type, whatever the file.
VERSIONS = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/roleDefinitions": "2022-04-01",
    "Microsoft.EventGrid/systemTopics": "2025-02-15",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.Network/networkSecurityGroups": "2024-05-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2024-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2024-05-01",
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.Resources/resourceGroups": "2024-03-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2023-05-01",
    "Microsoft.Web/serverfarms": "2024-04-01",
    "Microsoft.Web/sites": "2024-04-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2024-04-01",
    "Microsoft.Web/sites/config": "2024-04-01",
}
# By the Cloud Adoption Framework's list of abbreviations.
ABBREVIATIONS = {
    "ag": "actionGroup", "appi": "applicationInsights", "asp": "plan", "egst": "topic", "func": "app", "id": "identity",
    "log": "workspace", "nsg": "securityGroup", "rg": "group", "vnet": "network",
}  # fmt: skip
FUNCTIONS = {
    "any",
    "bool", "cidrSubnet", "concat", "contains", "empty", "environment", "guid", "items", "join", "json", "length",
    "listKeys", "loadJsonContent", "loadTextContent", "map", "range", "readEnvironmentVariable", "replace",
    "resourceGroup", "resourceId", "string", "subscription", "subscriptionResourceId", "take", "tenant", "toLower",
    "toObject", "union", "uniqueString",
}  # fmt: skip
DECORATORS = {"allowed", "description", "export", "maxLength", "maxValue", "metadata", "minLength", "minValue"}
DECLARATIONS = (
    "parameter_declaration", "variable_declaration", "resource_declaration", "module_declaration",
    "user_defined_function",
)  # fmt: skip


def files(paths):
    return pytest.mark.parametrize("file", paths, ids=lambda file: file.relative_to(INFRA).as_posix())


def declared(file):
    return [
        text(nodes_of[0]) for one in nodes(tree(file), *DECLARATIONS) if (nodes_of := list(nodes(one, "identifier")))
    ]


def imported(file):
    statement = re.search(r"^import \{(.*?)\} from '(.*?)'", file.read_text(), re.MULTILINE | re.DOTALL)
    return [name.strip() for name in statement[1].split(",")] if statement else []


def local_names(file):
    """What loops, lambdas and functions bind."""
    for node in nodes(tree(file), "loop_variable", "loop_enumerator"):
        yield text(node)
    for node in nodes(tree(file), "for_statement"):
        yield text(node.named_children[0])
    for node in nodes(tree(file), "lambda_expression", "parameter"):
        yield text(next(nodes(node, "identifier")))


def used(file):
    """Names in expressions: neither of properties nor of what is declared, called or decorated."""
    for node in nodes(tree(file), "identifier"):
        parent = node.parent
        first = parent.named_children[0] == node
        is_name = first and parent.type in {*DECLARATIONS, "output_declaration", "object_property", "parameter"}
        is_called = parent.type == "call_expression" and parent.child_by_field_name("function") == node
        if not is_name and not is_called:
            yield text(node)


def called(file):
    for node in nodes(tree(file), "call_expression"):
        function = node.child_by_field_name("function")
        if function is not None and function.type == "identifier" and node.parent.type != "decorator":
            yield text(function)


COMPILER = shutil.which("bicep")


@pytest.mark.skipif(COMPILER is None, reason="The Bicep compiler is not on the path.")
@pytest.mark.parametrize(
    "command",
    ["build main.bicep", "build events.bicep", "build-params main.bicepparam", "build-params events.bicepparam"],
)
def test_the_compiler_takes_it(command):
    done = subprocess.run(
        [COMPILER, *command.split(), "--stdout"], cwd=INFRA, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@files([*FILES, *PARAMETER_FILES])
def test_a_file_is_bicep_by_its_grammar(file):
    assert not tree(file).has_error


@files(FILES)
def test_a_file_is_bicep_by_the_scanner_s_grammar(file):
    assert meaning(name_of(file))


@files(FILES)
def test_every_parameter_and_output_is_described(file):
    content = meaning(name_of(file))
    for name, one in {**content.get("parameters", {}), **content.get("outputs", {})}.items():
        assert re.fullmatch(r"[A-Z].*\.", described(one) or ""), f"{name} of {name_of(file)}"


@files(FILES)
def test_a_file_says_at_its_head_what_it_is_for(file):
    assert re.match(r"// [A-Z].*\.$", file.read_text(), re.MULTILINE)


@files(FILES)
def test_every_module_is_there_and_gets_exactly_its_parameters(file):
    for symbol, module in meaning(name_of(file)).get("modules", {}).items():
        target = (file.parent / module["detail"]["path"]).resolve()
        assert target.is_file(), symbol
        parameters = meaning(name_of(target)).get("parameters", {})
        given = set(body(module).get("params", {}))
        required = {name for name, one in parameters.items() if one["default"] is None}
        assert required <= given <= set(parameters), symbol


def test_a_deployment_in_a_subscription_has_a_name_of_its_own():
    """A module is a deployment too: one of the name of its parent, or of another region, is refused where both lie."""
    started = re.findall(
        r"sub create --name \"([\w-]+)\$(?:env:)?AZURE_ENV_NAME\"",
        "".join((INFRA.parent / name).read_text() for name in ("infra/deploy.sh", "infra/subscribe_to_events.sh")),
    )
    scopes = [str(body(module).get("scope", "")) for module in meaning("main.bicep")["modules"].values()]
    made = re.findall(
        r"^module \w+ '\S+' = (?:\[for .*)?\{\n(?:  //.*\n)?  name: '(.*)'\n(?!  scope: (?:group|resourceGroup))",
        (INFRA / "main.bicep").read_text(),
        re.MULTILINE,
    )
    assert len(made) == sum("group" not in scope for scope in scopes)
    assert all(name.endswith("${environmentName}") for name in made)
    names = [*started, *(name.removesuffix("${environmentName}") for name in made)]
    assert len(names) == 4
    assert len(set(names)) == len(names)


@files(FILES)
def test_every_file_that_is_loaded_is_there(file):
    for path in re.findall(r"load(?:Json|Text)Content\('([^']+)'\)", file.read_text()):
        assert (file.parent / path).resolve().is_file(), path


@files(FILES)
def test_a_type_has_one_version_and_none_is_a_preview(file):
    for symbol, one in meaning(name_of(file)).get("resources", {}).items():
        assert VERSIONS[one["type"]] == one["api_version"], symbol


def test_every_version_is_needed():
    needed = {one["type"] for file in FILES for one in meaning(name_of(file)).get("resources", {}).values()}
    assert needed == set(VERSIONS)


@files([*FILES, *PARAMETER_FILES])
def test_every_name_that_is_used_is_declared(file):
    known = {*declared(file), *imported(file), *local_names(file)}
    assert set(used(file)) - known == set()


@files(FILES)
def test_every_parameter_and_variable_is_used(file):
    content = meaning(name_of(file))
    assert {*content.get("parameters", {}), *content.get("variables", {})} <= set(used(file))


@files([*FILES, *PARAMETER_FILES])
def test_only_functions_of_bicep_and_our_own_are_called(file):
    own = {*imported(file), *declared(file)}
    assert set(called(file)) - own <= FUNCTIONS


@files([file for file in FILES if "targetScope = 'subscription'" in file.read_text()])
def test_at_the_scope_of_a_subscription_no_id_is_made_of_the_parts_of_a_resource_group(file):
    """resourceId() takes a subscription and a group only where the deployment itself is in a group."""
    assert "resourceId" not in set(called(file))


@files(FILES)
def test_what_is_imported_is_exported(file):
    if imported(file):
        exported = re.findall(
            r"@export\(\)\n(?:@description\(.*\)\n)?func (\w+)\(", (INFRA / "names.bicep").read_text()
        )
        assert set(imported(file)) <= set(exported)


@files(PARAMETER_FILES)
def test_a_parameter_file_sets_parameters_of_its_template(file):
    template = re.search(r"^using '(.*)'$", file.read_text(), re.MULTILINE)[1]
    parameters = meaning(template)["parameters"]
    given = set(re.findall(r"^param (\w+) =", file.read_text(), re.MULTILINE))
    assert given <= set(parameters)
    assert {name for name, one in parameters.items() if one["default"] is None} <= given


def test_resources_are_named_by_the_cloud_adoption_framework():
    used_abbreviations = set()
    for file in FILES:
        used_abbreviations |= set(re.findall(r"[nN]ameOf\('(\w+)'", file.read_text()))
    assert used_abbreviations == set(ABBREVIATIONS)
    everything = "\n".join(file.read_text() for file in FILES)
    for abbreviation in ("'st$", "'pep-", "'snet-", "'rg-"):
        assert abbreviation in everything


def test_the_longest_names_fit():
    """By the longest name of an installation, and uniqueString's thirteen characters."""
    parameter = meaning("main.bicep")["parameters"]["environmentName"]
    (longest,) = [one["argument"] for one in parameter["decorators"] if one["type"] == "max_length"]
    assert len("func-image-bakery--") + longest + 13 <= 60
    assert len("st") + 9 + 13 <= 24
    assert len("egst-image-bakery-") + longest <= 50
