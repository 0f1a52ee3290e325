"""Reads the Bicep of the infrastructure, with a grammar for its form and another one for its meaning."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from pycep import BicepParser
from tree_sitter import Language, Node, Parser

from local.stack import APP_FOLDER

INFRA = APP_FOLDER / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))
PARAMETER_FILES = sorted(INFRA.glob("*.bicepparam"))
GRAMMAR = Parser(Language(tree_sitter_bicep.language()))
PARSER = BicepParser()


def name_of(file: Path) -> str:
    """The name of a file in the infrastructure's folder."""
    return file.relative_to(INFRA).as_posix()


@cache
def tree(file: Path) -> Node:
    """The syntax of a file; a parameter file is read as variables, which have the same form."""
    text = file.read_text()
    if file.suffix == ".bicepparam":
        text = re.sub(r"^using '.*'$", "", re.sub(r"^param ", "var ", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return GRAMMAR.parse(text.encode()).root_node


@cache
def meaning(name: str) -> dict[str, Any]:
    """What a file declares: parameters, variables, resources, modules, outputs."""
    return PARSER.parse(text=(INFRA / name).read_text())


def nodes(node: Node, *kinds: str) -> Iterator[Node]:
    """All nodes of some kinds, below and including this one."""
    if node.type in kinds:
        yield node
    for child in node.children:
        yield from nodes(child, *kinds)


def text(node: Node | None) -> str:
    """The source of a node."""
    assert node is not None
    assert node.text is not None
    return node.text.decode()


def body(declaration: dict[str, Any]) -> dict[str, Any]:
    """The object of a resource or module, out of its loop or condition."""
    config = declaration["config"]
    while "loop_type" in config or set(config) == {"condition", "config"}:
        config = config["config"]
    return config


def resources(kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The resources of a type that are made: file, symbol, object."""
    for file in FILES:
        for symbol, resource in meaning(name_of(file)).get("resources", {}).items():
            if resource["type"] == kind and not resource["existing"]:
                yield name_of(file), symbol, body(resource)


def resource(kind: str, symbol: str) -> dict[str, Any]:
    """The one resource of a type that has a symbol."""
    (found,) = [config for _, name, config in resources(kind) if name == symbol]
    return found


def described(declaration: dict[str, Any]) -> str | None:
    """The description of a parameter or an output."""
    found = [one["argument"] for one in declaration["decorators"] if one["type"] == "description"]
    return found[0] if found else None
