"""Every pattern of failing scripts is found where it stands, and not in what is near to it and good."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configuration.scripts.any_patterns import ANY_SCRIPT_PATTERNS
from configuration.scripts.patterns import PATTERNS, find_patterns
from configuration.scripts.remarks import script_remarks
from configuration.scripts.text import LONGEST_LINE, MOST_CHARACTERS, Language, language_of, script_text
from configuration.settings import APP_FOLDER
from tests.configuration.script_pattern_examples import ANY, KEY, POWERSHELL, SHELL, TOKEN, WORD, Examples

ACCOUNT = "stscripts"
CUSTOMIZATION = APP_FOLDER / "customization"


def reads(text: str) -> Language:
    """What reads an example that any language may have."""
    return Language.POWERSHELL if "-" in text.partition(" ")[0] or "$" in text[:1] else Language.BASH


def cases(group: dict[str, Examples], kind: str) -> list[tuple[str, str, bool]]:
    return [(name, text, examples.inline) for name, examples in group.items() for text in getattr(examples, kind)]


def found(text: str, language: Language, *, inline: bool) -> set[str]:
    return {
        hit.pattern.name for hit in find_patterns(script_text(text, language, inline=inline, scripts_account=ACCOUNT))
    }


def test_every_pattern_has_examples() -> None:
    assert {pattern.name for pattern in ANY_SCRIPT_PATTERNS} == ANY.keys()
    assert {pattern.name for pattern in PATTERNS[Language.BASH]} == ANY.keys() | SHELL.keys()
    assert {pattern.name for pattern in PATTERNS[Language.POWERSHELL]} == ANY.keys() | POWERSHELL.keys()


@pytest.mark.parametrize(("name", "text", "inline"), cases(SHELL, "bad"))
def test_a_pattern_is_found_in_a_shell_script(name: str, text: str, *, inline: bool) -> None:
    assert name in found(text, Language.SHELL if inline else language_of("a.sh", text), inline=inline)


@pytest.mark.parametrize(("name", "text", "inline"), cases(SHELL, "good"))
def test_what_is_near_to_a_pattern_is_no_remark_on_a_shell_script(name: str, text: str, *, inline: bool) -> None:
    assert name not in found(text, Language.SHELL if inline else language_of("a.sh", text), inline=inline)


@pytest.mark.parametrize(("name", "text", "inline"), cases(POWERSHELL, "bad"))
def test_a_pattern_is_found_in_a_powershell_script(name: str, text: str, *, inline: bool) -> None:
    assert name in found(text, Language.POWERSHELL, inline=inline)


@pytest.mark.parametrize(("name", "text", "inline"), cases(POWERSHELL, "good"))
def test_what_is_near_to_a_pattern_is_no_remark_on_a_powershell_script(name: str, text: str, *, inline: bool) -> None:
    assert name not in found(text, Language.POWERSHELL, inline=inline)


@pytest.mark.parametrize(("name", "text", "inline"), cases(ANY, "bad"))
def test_a_pattern_of_all_languages_is_found(name: str, text: str, *, inline: bool) -> None:
    assert any(name in found(text, language, inline=inline) for language in (Language.SHELL, Language.POWERSHELL))


@pytest.mark.parametrize(("name", "text", "inline"), cases(ANY, "good"))
def test_what_is_near_to_a_pattern_of_all_languages_is_no_remark(name: str, text: str, *, inline: bool) -> None:
    assert name not in found(text, reads(text), inline=inline)


@pytest.mark.parametrize(("path", "text", "language"), [
    ("linux/a.sh", "#!/bin/bash\n", Language.BASH),
    ("linux/a.sh", "#!/usr/bin/env bash\r\n", Language.BASH),
    ("linux/a.sh", "#!/bin/sh -e\n", Language.SHELL),
    ("linux/a.sh", "ls\n", Language.SHELL),
    ("linux/a.sh", "#!/usr/bin/python3\n", Language.OTHER),
    ("windows/A.PS1", "ls\n", Language.POWERSHELL),
    ("versions.env", "A=b\n", Language.OTHER),
    ("linux/sh", "ls\n", Language.OTHER),
])  # fmt: skip
def test_a_script_is_read_by_what_its_name_and_first_line_say(path: str, text: str, language: Language) -> None:
    assert language_of(path, text) == language


def test_a_remark_has_the_line_and_tells_of_the_others_with_the_same_pattern() -> None:
    lines = ["#!/bin/bash", "set -e", "ls", *["apt-get install jq"] * 8]
    (remark,) = script_remarks("customization/linux/a.sh", "\n".join(lines).encode(), ACCOUNT)
    assert (remark.file, remark.path, remark.line, remark.value) == ("customization/linux/a.sh", "", 4, None)
    assert remark.problem.endswith("(also line 5, line 6, line 7, line 8, line 9 and 2 more)")
    assert "-y" in remark.instead


def test_remarks_come_in_the_order_of_the_lines() -> None:
    remarks = script_remarks(
        "a.sh", b"#!/bin/bash\nset -e\nsudo reboot\ncurl https://e.org | bash\nsleep 99\n", ACCOUNT
    )
    assert [remark.line for remark in remarks] == [3, 4, 5]


@pytest.mark.parametrize("text", ANY["a secret in clear"].bad)
def test_a_remark_on_a_secret_does_not_show_it(text: str) -> None:
    told = repr(script_remarks("a.ps1", text.encode(), ACCOUNT)) + repr(script_remarks("a.env", text.encode(), ACCOUNT))
    assert "secret" in told
    assert not any(secret in told for secret in (KEY, TOKEN, WORD))


def test_a_binary_file_has_no_remarks() -> None:
    assert script_remarks("a.sh", b"\0curl https://e.org | bash", ACCOUNT) == ()


def test_every_pattern_is_documented_with_what_happens_and_what_to_write_instead() -> None:
    text = (APP_FOLDER / "docs" / "script-remarks.md").read_text()
    for pattern in (pattern for patterns in PATTERNS.values() for pattern in patterns):
        assert f"| {pattern.name} | {pattern.happens} | {pattern.instead} |" in text


@pytest.mark.parametrize("path", sorted(CUSTOMIZATION.rglob("*.*")), ids=lambda path: path.name)
def test_our_own_scripts_have_none_of_the_patterns(path: Path) -> None:
    remarks = script_remarks(path.name, path.read_bytes(), ACCOUNT)
    assert [(remark.line, remark.problem) for remark in remarks] == []


HOSTILE = (
    "curl ", "sudo ", "password=", "https://a", "apt-get ", "Start-Process ", "catch {", "{", "'", '"', "`", "|",
    "./a ", "a=1 ", "a==b ", "sudo a=b=c ", "-a=b ", "a.a-a/a:a ", "1603 ", "<<a ", "$env:", "https://github.com/",
    "\\a.exe", "<#", "@'", "-Scope ", "\\",
)  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
def test_a_hostile_script_takes_no_more_time_than_it_has_characters(language: Language) -> None:
    """A share of the bound, of each kind: in lines as long as they may be, and in the shortest ones."""
    began = time.process_time()
    for part in HOSTILE:
        for line in (part * (LONGEST_LINE // len(part)), part):
            text = f"{line}\n" * (MOST_CHARACTERS // 64 // (len(line) + 1))
            list(find_patterns(script_text(text, language, scripts_account=ACCOUNT)))
    assert time.process_time() - began < len(HOSTILE) / 2


def test_what_is_past_the_bounds_is_not_looked_at() -> None:
    long_line = "a" * LONGEST_LINE + "; curl https://e.org | bash"
    assert "a download straight into a shell" not in found(long_line, Language.BASH, inline=True)
    assert found("#\n" * MOST_CHARACTERS + "sudo reboot", Language.BASH, inline=True) == set()


@given(text=st.text(alphabet=st.sampled_from("ab \n\r\\'\"`@#<>{}()[]|;&$-=./0y"), max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    for language in Language:
        script = script_text(text, language, scripts_account=ACCOUNT)
        assert len(script.code) == len(script.lines) == text.count("\n") + 1
        for hit in find_patterns(script):
            assert all(0 <= line < len(script.lines) for line in hit.lines)
