"""Decides which uploads count: those that can be a script of an image, or the data of one.

An upload replaces the packaged script of the same path. One that does not count is ignored everywhere.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from models.configuration import ImageSettings, OsType
from models.scripts import Upload, UploadRefusal

# Azure Image Builder's own limit for a File customizer.
LARGEST_UPLOAD: Final = 20 * 1024 * 1024
LONGEST_PATH: Final = 200
LONGEST_QUOTE: Final = 80

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_DATA: Final = frozenset(
    {
        "asc", "cer", "cfg", "conf", "crt", "csv", "env", "gpg", "gz", "ini", "json", "list", "pem", "pub", "repo",
        "service", "sources", "tar", "template", "tgz", "timer", "toml", "txt", "xml", "xz", "yaml", "yml", "zip",
    }
)  # fmt: skip
EXTENSIONS: Final[Mapping[OsType, frozenset[str]]] = {
    "Linux": _DATA | {"bash", "pl", "ps1", "psd1", "psm1", "py", "sh"},
    "Windows": _DATA | {"bat", "cmd", "inf", "ps1", "psd1", "psm1", "py", "reg"},
}


@dataclass(frozen=True)
class ScriptPlaces:
    """Where scripts may lie: the packaged ones, and the folders with the operating systems of their images.

    `knows_images` is false where `pipeline.json` has faults: a folder may be that of an image then.
    """

    packaged: frozenset[str]
    folders: Mapping[str, OsType]
    knows_images: bool = True


@dataclass(frozen=True)
class SortedUploads:
    """All uploads, those that count, and why the others do not; each by path."""

    listed: Mapping[str, Upload]
    counting: Mapping[str, Upload]
    refused: Mapping[str, UploadRefusal]


type Rule = Callable[[Upload, ScriptPlaces], UploadRefusal | None]


def script_places(packaged: frozenset[str], images: Iterable[ImageSettings] | None) -> ScriptPlaces:
    """Return where scripts may lie; `images` is None where it is not known which there are."""
    of_images: dict[str, OsType] = {image.name: image.os_type for image in images or ()}
    return ScriptPlaces(packaged, {"linux": "Linux", "windows": "Windows", **of_images}, images is not None)


def sorted_uploads(uploads: Iterable[Upload], places: ScriptPlaces) -> SortedUploads:
    """Tell the uploads that count from the others.

    Of names that differ only in case, the packaged one is right, else the one that was there first.
    """
    counting: dict[str, Upload] = {}
    refused: dict[str, UploadRefusal] = {}
    names = {path.lower(): path for path in places.packaged}
    in_order = sorted(uploads, key=lambda one: (one.created_at, one.path))
    for upload in in_order:
        refusal = _first_refusal(upload, places) or _other_case(upload, names)
        if refusal is None:
            names[upload.path.lower()] = upload.path
            counting[upload.path] = upload
        else:
            refused[upload.path] = refusal
    return SortedUploads({upload.path: upload for upload in in_order}, counting, refused)


def unused(upload: Upload) -> UploadRefusal:
    """Say that no image uses an upload that would count."""
    return UploadRefusal(
        problem="No image uses this file.",
        instead=f"Upload it under the path of a script that a customization step refers to, or add a step for "
        f"{upload.path} to a parameter file.",
    )


def quoted(path: str) -> str:
    """Return a path as it can stand in a sentence or a log line, whatever it is made of."""
    shown = path if len(path) <= LONGEST_QUOTE else f"{path[:LONGEST_QUOTE]}..."
    return "'" + "".join(_escaped(character) for character in shown) + "'"


def _escaped(character: str) -> str:
    return character if " " <= character <= "~" else character.encode("unicode_escape", "surrogatepass").decode()


def _first_refusal(upload: Upload, places: ScriptPlaces) -> UploadRefusal | None:
    found = (rule(upload, places) for rule in RULES)
    return next((refusal for refusal in found if refusal is not None), None)


def _too_long(upload: Upload, _: ScriptPlaces) -> UploadRefusal | None:
    if len(upload.path) <= LONGEST_PATH:
        return None
    return UploadRefusal(
        problem=f"The path has {len(upload.path)} characters.",
        instead=f"Upload it under a path of at most {LONGEST_PATH} characters.",
    )


def _strange_name(upload: Upload, _: ScriptPlaces) -> UploadRefusal | None:
    strange = next((part for part in upload.path.split("/") if not _SEGMENT.fullmatch(part)), None)
    if strange is None:
        return None
    return UploadRefusal(
        problem=f"{quoted(strange)} in the path cannot be the name of a folder or a file.",
        instead="Upload it under a path like linux/install_tools.sh: names of the letters a to z, digits and . _ - +, "
        "that begin with a letter, a digit or _, with one / between them.",
    )


def _wrong_folder(upload: Upload, places: ScriptPlaces) -> UploadRefusal | None:
    folder, slash, rest = upload.path.partition("/")
    if upload.path in places.packaged or (slash and (folder in places.folders or not places.knows_images)):
        return None
    choices = ", ".join(f"{name}/" for name in places.folders)
    if not slash:
        return UploadRefusal(
            problem=f"No file {upload.path} at the top came with the app.",
            instead=f"Upload it to one of the folders {choices}.",
        )
    meant = next((name for name in places.folders if name.lower() == folder.lower()), None)
    return UploadRefusal(
        problem=f"Scripts do not lie in {folder}/.",
        instead=f"Upload it as {meant}/{rest}." if meant else f"Upload it to one of the folders {choices}.",
    )


def _wrong_extension(upload: Upload, places: ScriptPlaces) -> UploadRefusal | None:
    folder, _, name = upload.path.rpartition("/")
    os_type = places.folders.get(folder.partition("/")[0])
    allowed = EXTENSIONS[os_type] if os_type else EXTENSIONS["Linux"] | EXTENSIONS["Windows"]
    stem, _, extension = name.rpartition(".")
    if upload.path in places.packaged or (stem and extension.lower() in allowed):
        return None
    return UploadRefusal(
        problem=f"{name} is no script{f' for {os_type}' if os_type else ''}, nor data that one can read.",
        instead=f"Upload a file that ends in one of {', '.join(f'.{each}' for each in sorted(allowed))}; "
        "let a script download what it installs.",
    )


def _empty(upload: Upload, _: ScriptPlaces) -> UploadRefusal | None:
    if upload.size:
        return None
    return UploadRefusal(
        problem="The file is empty.",
        instead="Upload it with its content; to bring the packaged script back, delete the upload.",
    )


def _too_large(upload: Upload, _: ScriptPlaces) -> UploadRefusal | None:
    if upload.size <= LARGEST_UPLOAD:
        return None
    return UploadRefusal(
        problem=f"The file has {upload.size} bytes; Azure Image Builder takes at most {LARGEST_UPLOAD} (20 MB).",
        instead="Upload a script that downloads what is large.",
    )


RULES: Final[tuple[Rule, ...]] = (_too_long, _strange_name, _wrong_folder, _wrong_extension, _empty, _too_large)


def _other_case(upload: Upload, names: Mapping[str, str]) -> UploadRefusal | None:
    known = names.get(upload.path.lower(), upload.path)
    if known == upload.path:
        return None
    return UploadRefusal(
        problem=f"The name differs only in upper and lower case from that of {known}.",
        instead=f"Upload it as {known}, or under a name of its own.",
    )
