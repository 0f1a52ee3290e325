"""Whoever meets a code finds it in the guide."""

import ast
import re
from collections.abc import Iterator

import pytest

from local.stack import APP_FOLDER
from policies.checks.advice import ADVICE

ROOMS = ("activities", "azure_clients", "hosting", "models", "orchestrators", "policies", "triggers")
PAGE = (APP_FOLDER / "docs" / "guide" / "troubleshooting.md").read_text()
# Codes that are put together: the word before Azure's own state.
FIRST_WORDS = {"Provisioning", "ImageRun"}
PROVISIONING_ERRORS = (
    *("BadSourceType", "BadPIRSource", "BadManagedImageSource", "BadSharedImageVersionSource", "BadCustomizerType"),
    *("UnsupportedCustomizerType", "NoCustomizerScript", "BadValidatorType", "UnsupportedValidatorType"),
    *("NoValidatorScript", "BadDistributeType", "BadSharedImageDistribute", "BadStagingResourceGroup"),
    *("ServerError", "Other"),
)


def codes_of_failures() -> Iterator[str]:
    """Every code that this app gives a failure by itself, as its source says."""
    trees = [ast.parse(file.read_text()) for room in ROOMS for file in (APP_FOLDER / room).rglob("*.py")]
    constants = {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Failure":
                code = next(keyword.value for keyword in node.keywords if keyword.arg == "code")
                match code:
                    case ast.Constant(value=str(word)) | ast.JoinedStr(values=[ast.Constant(value=str(word)), *_]):
                        yield word
                    case ast.Name(id=name) if name in constants:
                        yield str(constants[name])
                    case _:
                        pass


def codes_on_the_page() -> set[str]:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def test_the_source_tells_codes() -> None:
    assert {"BuildTimedOut", "RunCanceled", *FIRST_WORDS} <= set(codes_of_failures())


@pytest.mark.parametrize("code", sorted({*codes_of_failures(), *ADVICE, *PROVISIONING_ERRORS} - FIRST_WORDS))
def test_every_code_is_in_the_guide(code: str) -> None:
    assert code in codes_on_the_page()


@pytest.mark.parametrize("first_word", sorted(FIRST_WORDS))
def test_codes_that_are_put_together_are_in_the_guide(first_word: str) -> None:
    assert any(code.startswith(first_word) for code in codes_on_the_page())
