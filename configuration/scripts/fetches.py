"""Recognizes commands that fetch a file with a key in its address, which Azure Image Builder's identity cannot do.

`<SAS>` after an address stands for such a key: today's pipelines put one in before each deployment.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

_KEY_PLACEHOLDER: Final = re.compile(r"\??<SAS>", re.IGNORECASE)
_SIGNED_ADDRESS: Final = re.compile(r"https?://[^\s\"'?]{1,2000}\?[^\s\"']{0,2000}\bsig=", re.IGNORECASE)
_TARGET_OPTIONS: Final = {
    "wget": frozenset({"-O", "--output-document", "-OutFile"}),
    "curl": frozenset({"-o", "--output", "-OutFile"}),
    "invoke-webrequest": frozenset({"-OutFile"}),
    "iwr": frozenset({"-OutFile"}),
}
_FOLDER_OPTIONS: Final = frozenset({"-P", "--directory-prefix", "--output-dir"})
_SHELL_OPERATORS: Final = re.compile(r"[|&;<>()`$]")


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a command fetches, without the key, and where it puts it."""

    address: str
    destination: str


def without_key_placeholder(text: Any) -> Any:
    """Return an address without `<SAS>`; anything else as it is."""
    return _KEY_PLACEHOLDER.sub("", text) if isinstance(text, str) else text


def needs_key(line: Any) -> bool:
    """Say whether a command has an address with a key, or with `<SAS>` in its place."""
    return isinstance(line, str) and bool(_KEY_PLACEHOLDER.search(line) or _SIGNED_ADDRESS.search(line))


def parse_fetch(line: str) -> Fetch | None:
    """Return what a command fetches, or None where it is no plain wget, curl or Invoke-WebRequest."""
    words = _words(line)
    if words and words[0] == "sudo":
        words = words[1:]
    target_options = _TARGET_OPTIONS.get(words[0].lower()) if words else None
    addresses = [word for word in words if word.startswith(("https://", "http://"))]
    if target_options is None or len(addresses) != 1:
        return None
    address = addresses[0].split("?")[0]
    file_name = urlsplit(address).path.rpartition("/")[2]
    destination = _value_of(words, target_options) or file_name
    folder = _value_of(words, _FOLDER_OPTIONS)
    return Fetch(address, f"{folder.rstrip('/')}/{destination}" if folder else destination) if destination else None


def _words(line: str) -> list[str]:
    """Return the words of a simple command, or none where the shell would do more than run it."""
    lexer = shlex.shlex(_KEY_PLACEHOLDER.sub("", line), posix=True)
    lexer.whitespace_split = True
    lexer.escape = ""
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return []
    bare = [word for word in words if not word.startswith(("https://", "http://"))]
    return [] if any(_SHELL_OPERATORS.search(word) for word in bare) else words


def _value_of(words: list[str], options: frozenset[str]) -> str | None:
    """Return the value of the first of these options: the next word, or what follows `=`."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in options or word.lower() in {option.lower() for option in options if len(option) > 2}:
            return following or None
        name, equals, value = word.partition("=")
        if equals and name in options:
            return value or None
    return None
