"""Steps that fail again and again are remarked, with the place in the operator's file."""

from typing import Any

import pytest

from tests.configuration.conftest import Folder

STEPS = "parameters.itParam.value.customizationSteps"


def told(folder: Folder, *steps: dict[str, Any], os_type: str = "Linux") -> list[tuple[str, str]]:
    folder.pipeline["images"][0]["osType"] = os_type
    folder.template["customizationSteps"] = list(steps)
    reading = folder.read()
    assert reading.faults == ()
    return [(remark.path.removeprefix(STEPS), remark.problem) for remark in reading.remarks]


def test_a_pattern_in_the_commands_of_a_step_is_told_at_the_first_with_the_others(folder: Folder) -> None:
    lines = [
        "ls",
        "curl https://e.org/1 | bash",
        "cat <<EOF\ncurl https://e.org | bash\nEOF",
        "wget -O- https://e.org/2 | sh",
    ]
    ((path, problem),) = told(folder, {"type": "Shell", "inline": ["ls"]}, {"type": "Shell", "inline": lines})
    assert path == "[1].inline[1]"
    assert problem.endswith("(also inline[3])")
    (remark,) = folder.read().remarks
    line = (folder.path / remark.file).read_text().splitlines()[(remark.line or 0) - 1]
    assert "https://e.org/1" in line
    assert remark.value == "(a command of 27 characters)"


def test_all_commands_of_a_step_are_one_script(folder: Folder) -> None:
    stops = ["$ErrorActionPreference = 'Stop'", "Copy-Item a b", "Copy-Item b c"]
    assert told(folder, {"type": "PowerShell", "inline": stops}, os_type="Windows") == []
    ((path, _),) = told(folder, {"type": "PowerShell", "inline": stops[1:]}, os_type="Windows")
    assert path == "[0].inline[0]"


def test_the_commands_of_validators_are_looked_through_too(folder: Folder) -> None:
    folder.template["validate"] = {"inVMValidations": [{"type": "Shell", "inline": ["systemctl status x || true"]}]}
    assert [remark.path for remark in folder.read().remarks] == [
        "parameters.itParam.value.validate.inVMValidations[0].inline[0]"
    ]


def test_a_download_from_the_scripts_account_of_the_environment_is_told(folder: Folder) -> None:
    own, other = (
        {"type": "Shell", "inline": [f"curl -O https://{it}.blob.core.windows.net/a/b"]} for it in ("stscripts", "st")
    )
    assert [path for path, _ in told(folder, own, other)] == ["[0].inline[0]"]


@pytest.mark.parametrize(
    ("step", "path", "words"),
    [
        (
            {"type": "Shell", "scriptUri": "https://raw.githubusercontent.com/a/b/main/c.sh"},
            "[0].scriptUri",
            "on the day",
        ),
        ({"type": "File", "sourceUri": "https://aka.ms/a", "destination": "/tmp/a"}, "[0].sourceUri", "on the day"),
        ({"type": "PowerShell", "inline": ["a"], "validExitCodes": [0, 1603]}, "[0].validExitCodes", "fatal"),
        (
            {"type": "WindowsRestart", "restartCheckCommand": "echo up > C:\\build\\up.txt"},
            "[0].restartCheckCommand",
            "no earlier step makes",
        ),
    ],
)
def test_what_stands_beside_a_script_is_remarked(folder: Folder, step: dict[str, Any], path: str, words: str) -> None:
    os_type = "Windows" if step["type"] in {"PowerShell", "WindowsRestart"} else "Linux"
    ((where, problem),) = told(folder, step, os_type=os_type)
    assert where == path
    assert words in problem


def test_an_address_that_moves_is_fine_with_a_checksum_and_a_folder_that_an_earlier_step_makes_too(
    folder: Folder,
) -> None:
    moving = "https://raw.githubusercontent.com/a/b/main/c.ps1"
    steps = [
        {"type": "PowerShell", "scriptUri": moving, "sha256Checksum": "0" * 64},
        {"type": "PowerShell", "inline": ["mkdir c:\\build"]},
        {"type": "WindowsRestart", "restartCheckCommand": "echo up > C:\\build\\up.txt"},
        {"type": "WindowsRestart", "restartCheckCommand": "echo up > C:\\Windows\\Temp\\up.txt"},
    ]
    assert told(folder, *steps, os_type="Windows") == []


def test_what_an_earlier_script_makes_is_not_known(folder: Folder) -> None:
    script = {"type": "PowerShell", "scriptUri": "https://example.org/1.0/make.ps1"}
    restart = {"type": "WindowsRestart", "restartCheckCommand": "echo up > C:\\build\\up.txt"}
    assert told(folder, script, restart, os_type="Windows") == []
    assert len(told(folder, restart, script, os_type="Windows")) == 1


def test_no_more_is_told_than_anyone_reads(folder: Folder) -> None:
    steps = [{"type": "Shell", "inline": ["sudo reboot"]}] * 300
    assert len(told(folder, *steps)) == 100
