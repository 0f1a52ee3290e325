"""What holds for every PowerShell script, as its text and its grammar show it: no PowerShell is needed here."""

import re
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from configuration.reading import read_configuration
from tests.customization.build_vm import CUSTOMIZATION, VERSIONS

FILES = sorted((CUSTOMIZATION / "windows").rglob("*.ps1"))
SHARED = CUSTOMIZATION / "windows" / "Installation.ps1"
SCRIPTS = [path for path in FILES if path != SHARED]
INSTALL_SCRIPTS = [path for path in SCRIPTS if path.name.startswith("Install-")]
MODULES = CUSTOMIZATION / "windows" / "Install-PowerShellModules.ps1"
NAMES = {"ids": lambda path: path.name}

# A comment from a blank on; a text in double quotes, where a back-tick takes its meaning from what follows; one in
# single quotes.
TEXT_OR_COMMENT = re.compile(r"""(?<!\S)\#[^\n]*|"(?:`.|[^"`])*"|'[^']*'""")
PARSER = Parser(Language(tree_sitter_powershell.language()))
FUNCTION = re.compile(r"^function ([\w-]+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
# What belongs to the build user alone, what asks, what restarts, what runs whatever is there today, and what meddles
# with the generalisation.
FORBIDDEN = re.compile(
    r"CurrentUser|HKCU|\$HOME|env:UserName|env:USERPROFILE\\|"
    r"Read-Host|-Confirm\b|"
    r"Restart-Computer|Stop-Computer|shutdown|"
    r"Invoke-Expression|\biex\b|DownloadString|latest|aka\.ms|http://|"
    r"sysprep|-Scope\s+(?!AllUsers)|"
    r"\bexit 0\b|-ErrorAction Ignore",
    re.IGNORECASE,
)


def code_of(path: Path) -> str:
    """The script without its comments; texts stay."""
    return TEXT_OR_COMMENT.sub(lambda found: "" if found[0].startswith("#") else found[0], path.read_text())


def without_texts(code: str) -> str:
    return TEXT_OR_COMMENT.sub("''", code)


def functions_of(path: Path) -> dict[str, str]:
    return dict(FUNCTION.findall(code_of(path)))


def misread(node: Node) -> list[str]:
    """The parts of a script that are no PowerShell."""
    own = [f"line {node.start_point.row + 1}: {node.text!r}"] if node.type == "ERROR" or node.is_missing else []
    return own + [part for child in node.children for part in misread(child)]


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_a_script_is_powershell(path: Path) -> None:
    assert misread(PARSER.parse(path.read_bytes()).root_node) == []


def test_the_commands_of_the_sample_are_powershell() -> None:
    plan = read_configuration(CUSTOMIZATION.parent / "parameters", CUSTOMIZATION).stage_plan("sbx", "windows")
    assert plan is not None
    steps = plan.image_template.properties["customize"]
    inline = ["\n".join(step["inline"]) for step in steps if step["type"] == "PowerShell" and "inline" in step]
    assert inline
    assert [misread(PARSER.parse(text.encode()).root_node) for text in inline] == [[] for _ in inline]


def test_what_is_no_powershell_is_seen() -> None:
    assert misread(PARSER.parse(b"if ($x) { Get-Item 'a' \n").root_node) != []


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_windows_powershell_reads_a_script_as_it_is_written(path: Path) -> None:
    """Without a byte-order mark it takes the machine's own code page; and it knows nothing newer than 5.1."""
    assert path.read_bytes().isascii()
    assert not re.search(r"\?\?|\?\.|&&|\|\||\s\?\s|-Parallel\b", without_texts(code_of(path)))


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_a_script_stops_at_the_first_failure_and_takes_no_unknown_variable_for_empty(path: Path) -> None:
    first = without_texts(code_of(path)).split("if (")[0]
    assert "Set-StrictMode -Version Latest\n" in first
    assert "$ErrorActionPreference = ''\n" in first
    assert "$ErrorActionPreference = 'Stop'\n" in code_of(path)


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_what_is_caught_is_thrown_again_or_ends_the_script(path: Path) -> None:
    _, *caught = code_of(path).split("catch {")
    for block in caught:
        indent = re.match(r"\n( +)    ", block)
        assert indent
        # What is gathered is thrown at the end.
        assert re.search(r"\b(exit 1|throw)\b|\$problems \+=", block.partition(f"\n{indent[1]}}}")[0])
    if "$problems +=" in code_of(path):
        assert code_of(path).endswith("    if ($problems.Count -ne 0) {\n        throw $problems -join ' '\n    }\n}\n")


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_a_script_does_nothing_of_what_spoils_images(path: Path) -> None:
    code = code_of(path).replace("Set-StrictMode -Version Latest", "").replace("-eq 'latest'", "")
    assert FORBIDDEN.findall(code) == []


def test_no_error_is_passed_over_but_that_of_a_tool_that_is_looked_for() -> None:
    passing = [line for path in FILES for line in code_of(path).splitlines() if "-ErrorAction Silently" in line]
    assert len(passing) == 1
    assert passing[0] in functions_of(SHARED)["Find-Tool"]
    assert "throw" in functions_of(SHARED)["Find-Tool"].split(passing[0])[1].split("}")[0]


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_the_exit_code_of_every_program_is_looked_at(path: Path) -> None:
    code = without_texts(code_of(path))
    for started in re.finditer(r"^.*Start-Process.*$", code, re.MULTILINE):
        assert re.search(r"\$process = Start-Process .*-Wait -PassThru$", started[0])
        assert "$process.ExitCode -notin 0, 3010" in code[started.end() : started.end() + 200]
    programs = [found for found in re.finditer(r"& (\S+)", code) if found[1] not in {"$Action", "$Work"}]
    for program in programs:
        assert "if ($LASTEXITCODE -ne 0) {" in code[program.end() : program.end() + 60]
    # Programs are called in the shared file alone, where the two rules above hold for all.
    assert bool(programs) == (path == SHARED)
    assert not re.search(r"^\s*(az|pwsh|msiexec|cmd)(\.\w+)?\s", code, re.MULTILINE)


def test_nothing_waits_but_for_another_try() -> None:
    waiting = [name for path in FILES for name, body in functions_of(path).items() if "Start-Sleep" in body]
    assert waiting == ["Invoke-WithRetry"]
    assert not any("Start-Sleep" in code_of(path) for path in SCRIPTS)


def test_the_script_that_generalises_the_machine_is_looked_at_and_no_more() -> None:
    naming = [line.strip() for path in FILES for line in code_of(path).splitlines() if "DeprovisioningScript" in line]
    assert len(naming) == 2
    assert all(re.match(r"(if \(Test-Path|return \(Get-FileHash)", line) for line in naming)


@pytest.mark.parametrize("path", SCRIPTS, **NAMES)
def test_a_script_says_what_is_missing_and_does_all_its_work_where_failures_are_told(path: Path) -> None:
    preamble, _, work = code_of(path).partition("Invoke-Step ")
    name = re.match(r"'([\w ]+)' \{\n", work)
    assert name
    assert f'throw "{name[1]}: FAILED: $customizationFiles\\Installation.ps1 is missing' in preamble
    assert preamble.rstrip().endswith('. "$customizationFiles\\Installation.ps1"')
    assert work.endswith("\n}\n")
    assert "\n}\n" not in work[:-3]


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_proves_itself_at_its_end(path: Path) -> None:
    """Nothing is installed after what it proves."""
    before, proof, after = code_of(path).partition("    Assert-Component ")
    assert proof
    installs = r"\b(Save-|Install-(?!Component)|Add-MachinePath|Invoke-Tool|Invoke-PowerShell)"
    assert re.search(installs, before.partition("Invoke-Step ")[2])
    assert not re.search(installs, after)


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_versions_and_checksums_stand_in_the_data_file(path: Path) -> None:
    code = code_of(path)
    used = re.findall(r"\$versions\.(\w+)", code)
    assert used
    assert set(used) - {"Keys"} <= VERSIONS.keys()
    assert not re.search(r"\d+\.\d+\.\d+|[0-9a-fA-F]{40}", code)
    assert all(re.fullmatch(r"[0-9a-f]{64}", VERSIONS[key]) for key in used if "SHA256" in key)
    assert all(address.startswith("https://") for address in re.findall(r"[\"'](\w+://[^\"']+)", code))


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_what_is_installed_was_checked_by_its_checksum_or_its_signature(path: Path) -> None:
    code = code_of(path)
    checksums = re.findall(r"Save-Download \S+ (\S+)", code)
    by_checksum = [one for one in checksums if re.fullmatch(r"\$versions\.\w+_SHA256_WINDOWS(_X64)?|\$sha256", one)]
    assert by_checksum == checksums
    assert bool(checksums) != (path.name in {"Install-NuGetProvider.ps1", MODULES.name})
    if not checksums or "Save-Unchecked" in code:
        assert "Assert-Signature" in code


def test_what_is_downloaded_is_used_only_after_its_checksum_was_right() -> None:
    functions = functions_of(SHARED)
    assert [name for name, body in functions.items() if "Invoke-WebRequest" in body] == ["Save-Unchecked"]
    download, check, given = (functions["Save-Download"].index(part) for part in ("Save-Un", "throw", "return"))
    assert download < check < given
    assert [path.name for path in SCRIPTS if "Save-Unchecked" in code_of(path)] == ["Install-Terraform.ps1"]
    newest = code_of(CUSTOMIZATION / "windows" / "Install-Terraform.ps1").split("if ($isNewest) {")
    assert "Save-Unchecked" in newest[1]
    assert "Save-Unchecked" not in newest[0] + newest[2]
    assert "Assert-Signature (Find-Tool terraform.exe) 'HashiCorp, Inc.'" in newest[2]


CMDLETS = {
    "ConvertFrom-Json", "ConvertTo-Json", "ForEach-Object", "Get-CimInstance", "Get-Content", "Get-Service",
    "Install-PackageProvider", "Out-Null", "Remove-Item", "Select-String", "Set-Content", "Set-StrictMode",
    "Sort-Object", "Split-Path", "Test-Path", "Where-Object", "Write-Host",
}  # fmt: skip


def called(node: Node) -> set[str]:
    """The names of all commands in a part of a script."""
    own = {node.text.decode()} if node.type == "command_name" and node.text else set[str]()
    return own | {name for child in node.children for name in called(child)}


@pytest.mark.parametrize("path", SCRIPTS, **NAMES)
def test_a_script_calls_only_what_there_is(path: Path) -> None:
    names = {name for name in called(PARSER.parse(path.read_bytes()).root_node) if "-" in name}
    own = set(re.findall(r"^ +function ([\w-]+) \{", code_of(path), re.MULTILINE))
    assert names <= functions_of(SHARED).keys() | own | CMDLETS


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_what_a_cmdlet_that_asks_would_ask_is_answered(path: Path) -> None:
    asking = re.findall(r"^.*(?:Install-PackageProvider -|Remove-Item.*-Rec|Copy-Item).*$", code_of(path), re.MULTILINE)
    assert all("-Force" in line for line in asking)


def test_every_shared_function_is_used() -> None:
    code = "".join(code_of(path) for path in FILES)
    assert [name for name in functions_of(SHARED) if len(re.findall(rf"\b{name}\b", code)) < 2] == []


def test_both_systems_get_the_same_version_of_a_component() -> None:
    assert VERSIONS["AZURE_CLI_WINDOWS_VERSION"].startswith(VERSIONS["AZURE_CLI_VERSION_PREFIX"])


@pytest.mark.parametrize("key", VERSIONS)
def test_every_line_of_the_data_file_is_used(key: str) -> None:
    scripts = [*CUSTOMIZATION.rglob("*.sh"), *FILES]
    # Modules are taken by the beginning of their keys.
    name = r"\(WINDOWS_\)\?MODULE_|\bMODULE_" if key.startswith(("MODULE_", "WINDOWS_MODULE_")) else rf"\b{key}\b"
    assert any(re.search(name, path.read_text()) for path in scripts)


def test_the_sample_for_windows_runs_every_script_and_proves_the_image_of_it() -> None:
    """The modules need PowerShell, the inventory everything; what the scripts shared is brought anew and removed."""
    plan = read_configuration(CUSTOMIZATION.parent / "parameters", CUSTOMIZATION).stage_plan("sbx", "windows")
    assert plan is not None
    properties = plan.image_template.properties
    scripts = [step["scriptUri"].rpartition("/")[2] for step in properties["customize"] if "scriptUri" in step]
    assert sorted(scripts) == sorted(path.name for path in SCRIPTS if path.name != "Test-Components.ps1")
    assert scripts[0] == "Install-PowerShell.ps1"
    assert scripts[-1] == "Write-Inventory.ps1"
    *brought, proof = properties["validate"]["inVMValidations"]
    folder = "C:\\Windows\\Temp\\"
    assert {step["destination"] for step in brought} == {f"{folder}versions.env", f"{folder}Installation.ps1"}
    assert proof["scriptUri"].endswith("/windows/Test-Components.ps1")
    assert not properties["validate"].get("continueDistributeOnFailure")
    run = [step for step in (*properties["customize"], proof) if step["type"] == "PowerShell"]
    assert all(step["runElevated"] is True for step in run)
