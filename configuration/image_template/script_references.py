"""Finds the scripts of ours that an image template refers to, by their addresses in the scripts container."""

import re
from typing import Final
from urllib.parse import unquote

from configuration.checking.json_with_comments import JsonPath
from configuration.checking.source_file import path_text
from configuration.checking.unknown_keys import nearest
from configuration.image_template.agreement import Disagreement
from models.configuration import Infrastructure, OsType
from models.image_template import ScriptReference

_BLOB: Final = re.compile(
    r"https://(?P<account>[a-z0-9]{3,24})\.(?:z[0-9]+\.)?blob\.[a-z0-9.-]+/(?P<container>[a-z0-9$-]+)/(?P<path>[^?#]+)"
)


def refer(
    path: JsonPath, address: str, infrastructure: Infrastructure, os_type: OsType, files: frozenset[str]
) -> ScriptReference | Disagreement | None:
    """Return the script of ours at an address, what is wrong with it, or None where it is not ours.

    `files` are the files of `customization/`; a blob's name is the path of one of them, or of one in the folder of
    the operating system.
    """
    blob = _BLOB.match(address)
    if blob is None:
        return None
    account, container, name = blob["account"], blob["container"], unquote(blob["path"])
    is_our_account, is_our_container = account == infrastructure.storage_account, container in infrastructure.containers
    if not is_our_account and not is_our_container:
        return None
    if not is_our_account:
        problem = f"the scripts' storage account is {infrastructure.storage_account} in the infrastructure's file"
        return Disagreement(path, problem, blob.group().replace(account, infrastructure.storage_account, 1))
    if not is_our_container:
        problem = f"the storage account has no container {container} in the infrastructure's file"
        return Disagreement(path, problem, f"one of {', '.join(infrastructure.containers)}")
    candidates = (name, f"{os_type.lower()}/{name}")
    source_file = next((candidate for candidate in candidates if candidate in files), None)
    if source_file is None:
        by_name = {file.rpartition("/")[2]: file for file in sorted(files)}
        close = nearest(name, files) or by_name.get(nearest(name.rpartition("/")[2], by_name) or "")
        instead = f"{close}, or the missing file" if close else f"the file customization/{name}"
        return Disagreement(path, f"customization/ has no file {name}", instead)
    return ScriptReference(
        pointer=path_text(path),
        address=blob.group(),
        account=account,
        container=container,
        path=name,
        source_file=source_file,
    )
