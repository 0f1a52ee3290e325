"""Conditions of role assignments, in Azure's language for them, as far as role assignments and containers need it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()!])|(?P<word>AND\b|OR\b|NOT\b|&&|\|\|)|ActionMatches\{'(?P<action>[^']*)'\}"
    r"|(?P<attribute>@(?:Request|Resource|Principal)\[[^\]]+\])|(?P<operator>[A-Za-z]+(?::[A-Za-z]+)?)"
    r"|(?P<values>\{[^}]*\}|'[^']*'))",
    re.IGNORECASE,
)
SAME_WORD = {"&&": "AND", "||": "OR", "!": "NOT"}
QUANTIFIERS: dict[str, tuple[Callable[..., bool], Callable[..., bool]]] = {
    "foranyofanyvalues": (any, any),
    "foranyofallvalues": (any, all),
    "forallofanyvalues": (all, any),
    "forallofallvalues": (all, all),
}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "guidequals": lambda one, other: one.lower() == other.lower(),
    "guidnotequals": lambda one, other: one.lower() != other.lower(),
    "stringequals": lambda one, other: one == other,
    "stringequalsignorecase": lambda one, other: one.lower() == other.lower(),
    "stringnotequals": lambda one, other: one != other,
}


class BadConditionError(Exception):
    """The text is no condition that is known here; the message says where it ceases to be."""


@dataclass(frozen=True)
class Attempt:
    """What a condition is asked about: an action, and attributes such as `@Request[...:PrincipalId]` in lower case."""

    action: str
    attributes: Mapping[str, str]


type Holds = Callable[[Attempt], bool]


@cache
def condition(text: str) -> Holds:
    """Read a condition.

    Raises:
        BadConditionError: It cannot be read.
    """
    reader = _Reader.of(text)
    holds = reader.either()
    reader.end()
    return holds


class _Reader:
    """A recursive descent: OR of ANDs of negations of terms."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens

    @classmethod
    def of(cls, text: str) -> Self:
        tokens: list[tuple[str, str]] = []
        place, text = 0, text.rstrip()
        while place < len(text):
            found = TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise BadConditionError(f"It cannot be read from here on: {text[place : place + 40]!r}.")
            tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        return cls(tokens)

    def end(self) -> None:
        if self._tokens:
            raise BadConditionError(f"Nothing was expected before {self._tokens[0][1]!r}.")

    def either(self) -> Holds:
        terms = [self._both()]
        while self._next_is("OR"):
            terms.append(self._both())
        return lambda attempt: any(term(attempt) for term in terms)

    def _both(self) -> Holds:
        terms = [self._term()]
        while self._next_is("AND"):
            terms.append(self._term())
        return lambda attempt: all(term(attempt) for term in terms)

    def _term(self) -> Holds:
        if self._next_is("NOT"):
            negated = self._term()
            return lambda attempt: not negated(attempt)
        if self._next_is("("):
            inner = self.either()
            if not self._next_is(")"):
                raise BadConditionError("A parenthesis is not closed.")
            return inner
        kind, value = self._take()
        if kind == "action":
            pattern = re.escape(value).replace(r"\*", ".*")
            return lambda attempt: re.fullmatch(pattern, attempt.action, re.IGNORECASE) is not None
        if kind == "attribute":
            return self._comparison(value.lower())
        raise BadConditionError(f"{value!r} is neither an action nor an attribute.")

    def _comparison(self, attribute: str) -> Holds:
        (_, operator), (_, values) = self._take(), self._take()
        quantifier, _, comparison = operator.lower().rpartition(":")
        every_mine, every_theirs = QUANTIFIERS.get(quantifier, (any, any))
        compare = COMPARISONS.get(comparison)
        if compare is None:
            raise BadConditionError(f"The operator {operator!r} is not known.")
        theirs = [value.strip().strip("'") for value in values.strip("{}").split(",")]

        def holds(attempt: Attempt) -> bool:
            mine = [attempt.attributes[attribute]] if attribute in attempt.attributes else []
            # Without the attribute nothing can be said, and what cannot be said does not hold.
            return bool(mine) and every_mine(every_theirs(compare(one, other) for other in theirs) for one in mine)

        return holds

    def _next_is(self, word: str) -> bool:
        if self._tokens and SAME_WORD.get(self._tokens[0][1], self._tokens[0][1].upper()) == word:
            self._tokens.pop(0)
            return True
        return False

    def _take(self) -> tuple[str, str]:
        if not self._tokens:
            raise BadConditionError("It ends too early.")
        return self._tokens.pop(0)
