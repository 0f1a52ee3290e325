"""What holds for every PowerShell script, as its text shows it: no PowerShell is needed here."""

import re
from pathlib import Path

import pytest

from tests.customization.build_vm import CUSTOMIZATION, VERSIONS

FILES = sorted((CUSTOMIZATION / "windows").rglob("*.ps1"))
SHARED = CUSTOMIZATION / "windows" / "Installation.ps1"
INSTALL_SCRIPTS = [path for path in FILES if path != SHARED]
NAMES = {"ids": lambda path: path.name}

# A comment from a blank on; a text in double quotes, where a back-tick takes its meaning from what follows; one in
# single quotes.
TEXT_OR_COMMENT = re.compile(r"""(?<!\S)\#[^\n]*|"(?:`.|[^"`])*"|'[^']*'""")
PAIRS = {")": "(", "]": "[", "}": "{"}
FUNCTION = re.compile(r"^function ([\w-]+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
# What belongs to the build user alone, what asks, what restarts, what runs whatever is there today, and what meddles
# with the generalisation.
FORBIDDEN = re.compile(
    r"CurrentUser|HKCU|\$HOME|env:UserName|env:USERPROFILE\\|"
    r"Read-Host|-Confirm\b|"
    r"Restart-Computer|Stop-Computer|shutdown|"
    r"Invoke-Expression|\biex\b|DownloadString|latest|aka\.ms|http://|"
    r"DeprovisioningScript|sysprep|"
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


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_every_bracket_and_quote_is_closed(path: Path) -> None:
    rest = without_texts(code_of(path))
    assert '"' not in rest
    assert rest.count("'") % 2 == 0
    still_open: list[str] = []
    for character in rest:
        if character in PAIRS.values():
            still_open.append(character)
        elif character in PAIRS:
            assert still_open
            assert still_open.pop() == PAIRS[character]
    assert still_open == []


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
        assert re.search(r"\b(exit 1|throw)\b", block.partition(f"\n{indent[1]}}}")[0])


@pytest.mark.parametrize("path", FILES, **NAMES)
def test_a_script_does_nothing_of_what_spoils_images(path: Path) -> None:
    code = code_of(path).replace("Set-StrictMode -Version Latest", "")
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
    programs = [found for found in re.finditer(r"& (\S+)", code) if found[1] not in {"$Action", "$Installation"}]
    for program in programs:
        assert "if ($LASTEXITCODE -ne 0) {" in code[program.end() : program.end() + 60]
    # Programs are called in the shared file alone, where the two rules above hold for all.
    assert bool(programs) == (path == SHARED)
    assert not re.search(r"^\s*(az|pwsh|msiexec|cmd)(\.\w+)?\s", code, re.MULTILINE)


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_says_what_is_missing_and_does_all_its_work_where_failures_are_told(path: Path) -> None:
    preamble, _, work = code_of(path).partition("Install-Component ")
    name = re.match(r"'([\w ]+)' \{\n", work)
    assert name
    assert f'throw "{name[1]}: FAILED: $customizationFiles\\Installation.ps1 is missing' in preamble
    assert preamble.rstrip().endswith('. "$customizationFiles\\Installation.ps1"')
    assert work.endswith("\n}\n")
    assert "\n}\n" not in work[:-3]


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_proves_itself_at_its_end(path: Path) -> None:
    """The last program that it calls is one that ended with 0, as its customizer ends with the last exit code."""
    *_, last, closing = path.read_text().splitlines()
    assert last.startswith("    Assert-Tool ")
    assert closing == "}"


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_versions_and_checksums_stand_in_the_data_file(path: Path) -> None:
    code = code_of(path)
    used = re.findall(r"\$versions\.(\w+)", code)
    assert used
    assert set(used) <= VERSIONS.keys()
    assert not re.search(r"\d+\.\d+\.\d+|[0-9a-fA-F]{40}", code)
    downloads = re.findall(r"Save-Download (\S+) (\S+)", code)
    assert downloads
    assert all(re.fullmatch(r"\$versions\.\w+_SHA256_WINDOWS_X64", sha256) for _, sha256 in downloads)
    assert all(re.fullmatch(r"[0-9a-f]{64}", VERSIONS[key]) for key in used if "SHA256" in key)
    assert 'address = "https://' in code


def test_what_is_downloaded_is_used_only_after_its_checksum_was_right() -> None:
    functions = functions_of(SHARED)
    assert [name for name, body in functions.items() if "Invoke-WebRequest" in body] == ["Save-Download"]
    download, check, given = (functions["Save-Download"].index(part) for part in ("Invoke-Web", "throw", "return"))
    assert download < check < given


@pytest.mark.parametrize("path", INSTALL_SCRIPTS, **NAMES)
def test_an_install_script_calls_only_what_there_is(path: Path) -> None:
    called = re.findall(r"^\s*(?:\$\w+ = )?([A-Z][a-z]+-\w+)", without_texts(code_of(path)), re.MULTILINE)
    assert set(called) <= functions_of(SHARED).keys() | {"Set-StrictMode", "Remove-Item"}


def test_every_shared_function_is_used() -> None:
    code = "".join(code_of(path) for path in FILES)
    assert [name for name in functions_of(SHARED) if len(re.findall(rf"\b{name}\b", code)) < 2] == []


def test_both_systems_get_the_same_version_of_a_component() -> None:
    assert VERSIONS["AZURE_CLI_WINDOWS_VERSION"].startswith(VERSIONS["AZURE_CLI_VERSION_PREFIX"])


@pytest.mark.parametrize("key", VERSIONS)
def test_every_line_of_the_data_file_is_used(key: str) -> None:
    scripts = [*CUSTOMIZATION.rglob("*.sh"), *FILES]
    # Modules are taken by the beginning of their keys.
    name = "MODULE_" if key.startswith("MODULE_") else rf"{key}\b"
    assert any(re.search(rf"\b{name}", path.read_text()) for path in scripts)
