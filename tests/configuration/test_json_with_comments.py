import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configuration.checking.json_with_comments import MAXIMUM_BYTES, MAXIMUM_DEPTH, Node, Place, Unreadable, read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def read(text: str) -> Node:
    node = read_json(text.encode())
    assert isinstance(node, Node), node
    return node


def refusal(content: bytes) -> Unreadable:
    answer = read_json(content)
    assert isinstance(answer, Unreadable)
    return answer


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 2]))
def test_any_json_reads_as_what_it_is(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert repr(read(json.dumps(value, ensure_ascii=ascii_only, indent=indent)).data) == repr(value)


@given(VALUES, st.sampled_from([' // a comment, with } ] "\n', "/* a\ncomment ** */", "\t", "\r\n"]))
def test_comments_and_trailing_commas_change_nothing(value: Any, between: str) -> None:
    assert repr(read(with_extras(value, between)).data) == repr(value)


def with_extras(value: Any, between: str) -> str:
    """Write JSON with something between all tokens, and a comma after each last member."""
    match value:
        case dict():
            members = [
                f"{json.dumps(key)}{between}:{between}{with_extras(item, between)}," for key, item in value.items()
            ]
            return f"{between}{{{between}{between.join(members)}{between}}}{between}"
        case list():
            items = [f"{with_extras(item, between)}{between}," for item in value]
            return f"{between}[{between}{between.join(items)}{between}]{between}"
        case _:
            return f"{between}{json.dumps(value)}{between}"


@given(st.text() | st.text("{}[]\",:/*\\\n0e-tu'", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(read_json(text.encode(errors="replace")), Node | Unreadable)


@given(st.binary())
def test_no_bytes_break_the_reader(content: bytes) -> None:
    assert isinstance(read_json(content), Node | Unreadable)


def test_slashes_within_a_text_are_no_comment() -> None:
    assert read('{"a": "https://example.org/*x*/"} // end').data == {"a": "https://example.org/*x*/"}


def test_every_value_and_key_has_its_line_and_column() -> None:
    node = read('{ // first\n  "a": [1,\n    {"b": true}],\n}')
    assert node.place == Place(1, 1)
    assert node.place_of_key(("a",)) == Place(2, 3)
    found = [node.find(path) for path in (("a",), ("a", 0), ("a", 1), ("a", 1, "b"))]
    assert [each and each.place for each in found] == [Place(2, 8), Place(2, 9), Place(3, 5), Place(3, 11)]


def test_line_ends_of_windows_and_a_byte_order_mark_move_no_place() -> None:
    node = read_json(b'\xef\xbb\xbf{\r\n  "a": "x\\ry"\r\n}')
    assert isinstance(node, Node)
    assert node.data == {"a": "x\ry"}
    assert node.children["a"].place == Place(2, 8)


def test_each_repetition_of_a_key_is_found() -> None:
    node = read('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}')
    assert sorted(node.repetitions()) == [(("a",), Place(1, 33)), (("b", "c"), Place(1, 24))]


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", Place(1, 1), "too early"),
        (b'{\n  "a": 1\n', Place(2, 9), "too early"),
        (b'{"a": 1 "b": 2}', Place(1, 9), "comma is missing"),
        (b'[{"a": 1}\n {"b": 2}]', Place(2, 2), "comma is missing"),
        (b'{"a" 1}', Place(1, 6), "'1' cannot stand here"),
        (b"[1,,2]", Place(1, 4), "',' cannot stand here"),
        (b"{'a': 1}", Place(1, 2), "single quotes"),
        (b'{"a": "x\n"}', Place(1, 7), "does not end on its line"),
        (b'["a\\q"]', Place(1, 4), "backslash"),
        (b'["\\ud800"]', Place(1, 2), "half a character"),
        (b"[1e999]", Place(1, 2), "too large"),
        (b"[" + b"9" * 5000 + b"]", Place(1, 2), "too large"),
        (b"[NaN]", Place(1, 2), "without quotes"),
        (b"{a: 1}", Place(1, 2), "without quotes"),
        (b"{ # a\n}", Place(1, 3), "no comment"),
        (b'{"a": ${b}}', Place(1, 7), "another language"),
        ('{"a": \u201cb\u201d}'.encode(), Place(1, 7), "typographic quotes"),
        ('{"a":\u00a01}'.encode(), Place(1, 6), "invisible character"),
        (b"[1] /* x", Place(1, 5), "has no end"),
        (b'{"a": 1}\n}', Place(2, 1), "'}' cannot stand here"),
        (b'{\n"\xff": 1}', Place(2, 2), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), None, "UTF-16"),
        ('{"a": 1}'.encode("utf-16-le"), None, "UTF-16"),
        ('{"a": 1}'.encode("utf-32"), None, "UTF-32"),
        (b" " * (MAXIMUM_BYTES + 1), None, "bytes, more than"),
        (b"[" * (MAXIMUM_DEPTH + 1) + b"]" * (MAXIMUM_DEPTH + 1), Place(1, 1), "nested"),
    ],
)
def test_broken_json_is_refused_with_its_place(content: bytes, place: Place | None, words: str) -> None:
    answer = refusal(content)
    assert answer.place == place
    assert words in answer.problem


@pytest.mark.parametrize("unit", [b"[", b'"', b"/*", b'["\\\\', b"//", b"1", b"-"])
def test_a_hostile_repetition_takes_no_long_time(unit: bytes) -> None:
    assert isinstance(read_json(unit * (100_000 // len(unit))), Unreadable | Node)
