"""Reads JSON with comments and trailing commas, and knows where every value stands.

The text is treated as hostile: it is bounded in size and depth, and no pattern backtracks.
"""

import codecs
import json
import math
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

MAXIMUM_BYTES: Final = 1024 * 1024
MAXIMUM_DEPTH: Final = 64

type JsonPath = tuple[str | int, ...]


class Place(NamedTuple):
    """A line and a column, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value with its place; `children` are its members by key or its items by index."""

    data: Any
    place: Place
    children: Mapping[str | int, "Node"] = field(default_factory=dict[str | int, "Node"])
    key_places: Mapping[str | int, Place] = field(default_factory=dict[str | int, Place])
    repeated_keys: tuple[tuple[str, Place], ...] = ()
    depth: int = 1

    def find(self, path: JsonPath) -> "Node | None":
        """Return the value at a path, or None where there is none."""
        node: Node | None = self
        for part in path:
            node = node.children.get(part) if node else None
        return node

    def place_of_key(self, path: JsonPath) -> Place | None:
        """Return where the key stands that a path ends with."""
        holder = self.find(path[:-1]) if path else None
        return holder.key_places.get(path[-1]) if holder else None

    def repetitions(self, path: JsonPath = ()) -> Iterator[tuple[JsonPath, Place]]:
        """Return each key that its object has had before, with the place of the repetition."""
        for key, place in self.repeated_keys:
            yield (*path, key), place
        for part, child in self.children.items():
            yield from child.repetitions((*path, part))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is no JSON; `place` is None where the file as a whole is meant."""

    problem: str
    instead: str
    place: Place | None = None


class _Refused(Exception):  # carries the answer out of the parser, and never leaves this module
    def __init__(self, unreadable: Unreadable) -> None:
        super().__init__(unreadable.problem)
        self.unreadable = unreadable


def read_json(content: bytes) -> Node | Unreadable:
    """Read the bytes of a file: UTF-8, with or without a byte-order mark, with any line ends."""
    if len(content) > MAXIMUM_BYTES:
        return Unreadable(
            f"the file has {len(content)} bytes, more than {MAXIMUM_BYTES}", "a parameter file of ordinary size"
        )
    text = _decode(content)
    if isinstance(text, Unreadable):
        return text
    try:
        return _PARSER.parse(text)  # pyright: ignore[reportReturnType]  # the transformer makes a Node of the tree
    except _Refused as refused:
        return refused.unreadable
    except UnexpectedInput as error:
        return _explain(error, text)


def _decode(content: bytes) -> str | Unreadable:
    for name, marks in {
        "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
        "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    }.items():
        if content.startswith(marks):
            return Unreadable(f"the file is written in {name}", "save it as UTF-8")
    if b"\0" in content[:4]:
        return Unreadable("the file is written in UTF-16 without a byte-order mark, or is no text", "save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        return Unreadable("the file is not UTF-8: a byte here is no character", "save it as UTF-8", _end_of(before))


class _Composer(Transformer[Token, Node]):
    """Makes nodes of what the grammar recognizes."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def text(self, children: list[Token]) -> Node:
        return Node(_text_of(children[0]), _place_of(children[0]))

    def number(self, children: list[Token]) -> Node:
        token = children[0]
        try:
            number = json.loads(token)
        except ValueError:
            number = math.inf
        if not math.isfinite(number):
            raise _Refused(Unreadable("the number is too large", "a smaller number", _place_of(token)))
        return Node(number, _place_of(token))

    def true(self, children: list[Token]) -> Node:
        return Node(data=True, place=_place_of(children[0]))

    def false(self, children: list[Token]) -> Node:
        return Node(data=False, place=_place_of(children[0]))

    def null(self, children: list[Token]) -> Node:
        return Node(None, _place_of(children[0]))

    def member(self, children: list[Any]) -> tuple[str, Place, Node]:
        key, value = children
        return _text_of(key), _place_of(key), value

    def object(self, children: list[Any]) -> Node:
        opening, *members = children
        values: dict[str | int, Node] = {}
        places: dict[str | int, Place] = {}
        repeated: list[tuple[str, Place]] = []
        for key, place, value in members:
            if key in values:
                repeated.append((key, place))
            values[key] = value
            places[key] = place
        data = {key: value.data for key, value in values.items()}
        return Node(data, _place_of(opening), values, places, tuple(repeated), _depth_above(values, opening))

    def array(self, children: list[Any]) -> Node:
        opening, *items = children
        values: dict[str | int, Node] = dict(enumerate(items))
        data = [value.data for value in items]
        return Node(data, _place_of(opening), values, depth=_depth_above(values, opening))


def _depth_above(children: Mapping[str | int, Node], opening: Token) -> int:
    depth = 1 + max((child.depth for child in children.values()), default=0)
    if depth > MAXIMUM_DEPTH:
        raise _Refused(
            Unreadable(f"the values are nested more than {MAXIMUM_DEPTH} deep", "fewer levels", _place_of(opening))
        )
    return depth


def _text_of(token: Token) -> str:
    try:
        text: str = json.loads(token, strict=False)
        text.encode()
    except json.JSONDecodeError as error:
        place = Place(token.line or 1, (token.column or 1) + error.pos)
        raise _Refused(
            Unreadable("a backslash starts no known escape here", "a backslash itself is written \\\\", place)
        ) from None
    except UnicodeEncodeError:
        raise _Refused(Unreadable("an escape \\u… is half a character", "both halves", _place_of(token))) from None
    return text


def _place_of(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


def _end_of(text: str) -> Place:
    return Place(text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _explain(error: UnexpectedInput, text: str) -> Unreadable:
    place = Place(error.line, error.column)
    if isinstance(error, UnexpectedToken):
        return _explain_token(error, text, place)
    character = text[error.pos_in_stream or 0]
    if isinstance(error, UnexpectedCharacters) and character == '"':
        return Unreadable("the text that starts here does not end on its line", 'close it with "', place)
    for characters, problem, instead in _STRAY_CHARACTERS:
        if character in characters:
            return Unreadable(problem, instead, place)
    if text.startswith("/*", error.pos_in_stream or 0):
        return Unreadable("the comment that starts here has no end", "close it with */", place)
    return Unreadable(
        f"{character!a} cannot stand here", "JSON: a text in double quotes, a number, true, {…}, […]", place
    )


def _explain_token(error: UnexpectedToken, text: str, place: Place) -> Unreadable:
    expected = {str(name) for name in error.accepts or error.expected}
    if error.token.type == "$END":
        wanted = "close what is open" if text.strip() else "a JSON object"
        return Unreadable("the file ends too early", f"{wanted}: {_in_words(expected)}", _end_of(text.rstrip()))
    if "_COMMA" in expected and error.token.type not in {"_RBRACE", "_RSQB", "_COLON"}:
        return Unreadable("a comma is missing before this", 'put "," after the value before it', place)
    return Unreadable(f"'{_shortened(error.token)}' cannot stand here", f"{_in_words(expected)}", place)


def _in_words(expected: set[str]) -> str:
    return ", ".join(words for name, words in _WORDS.items() if name in expected) or "nothing more"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


_STRAY_CHARACTERS: Final = (
    ("'", "a text stands in single quotes", 'JSON takes double quotes: "…"'),
    (
        "\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb",
        "a text stands in typographic quotes",
        'JSON takes straight double quotes: "…"',
    ),
    ("#", "no comment starts like this", "// before the comment"),
    ("\u00a0\u2007\u200b\u202f\ufeff", "an invisible character stands here that is no blank", "an ordinary blank"),
    ("$%", "an expression of another language stands here", "the value that it stands for"),
    (string.ascii_letters + "_", "a key or a text stands here without quotes", 'double quotes around it: "…"'),
)
_WORDS: Final = {
    "STRING": 'a text in double quotes ("…")',
    "NUMBER": "a number",
    "TRUE": "true, false or null",
    "LBRACE": "{",
    "LSQB": "[",
    "_COLON": "a colon",
    "_COMMA": "a comma",
    "_RBRACE": "}",
    "_RSQB": "]",
}

_GRAMMAR: Final = r"""
    start: value
    ?value: object | array | STRING -> text | NUMBER -> number | TRUE -> true | FALSE -> false | NULL -> null
    object: LBRACE [member (_COMMA member)* _COMMA?] _RBRACE
    array: LSQB [value (_COMMA value)* _COMMA?] _RSQB
    member: STRING _COLON value

    STRING: /"(?:[^"\\\x00-\x08\x0a-\x1f]++|\\[^\n])*+"/
    NUMBER: /-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?/
    TRUE: "true"
    FALSE: "false"
    NULL: "null"
    LBRACE: "{"
    LSQB: "["
    _RBRACE: "}"
    _RSQB: "]"
    _COMMA: ","
    _COLON: ":"
    BLANK: /[ \t\r\n]++/
    LINE_COMMENT: /\/\/[^\n]*+/
    BLOCK_COMMENT: /\/\*[\s\S]*?\*\//
    %ignore BLANK
    %ignore LINE_COMMENT
    %ignore BLOCK_COMMENT
"""

_PARSER: Final = Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Composer(), maybe_placeholders=False)
