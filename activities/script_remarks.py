"""What is worth knowing about the scripts that a stage builds with; whatever it is, it stops nothing."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from activities.run_scripts import find_contents, read_packaged
from azure_clients import script_contents, uploads
from azure_clients.connection import AzureClients
from configuration.reading import ConfigurationReading
from configuration.scripts.remarks import script_remarks
from configuration.settings import Settings
from models.configuration import StagePlan
from models.errors import AzureError
from models.faults import Remark
from models.scripts import ScriptContent, ScriptOrigin, Upload
from policies.upkeep.script_contents import as_built, sha256_of

LOGGER = logging.getLogger("image_bakery")
MOST_REMEMBERED = 4096

# The remarks on a content, by path, SHA-256 and the account of the scripts. Whoever finds nothing here looks again.
_known_remarks: dict[tuple[str, str, str], tuple[Remark, ...]] = {}


async def remarks_on_present_scripts(
    azure: AzureClients,
    settings: Settings,
    reading: ConfigurationReading,
    counting: Mapping[str, Upload],
    stage: tuple[str, str],
) -> tuple[Remark, ...]:
    """Return the remarks on the scripts that a stage, an environment and an image, would build with now.

    `counting` are the uploads that count. Where it cannot be told which scripts these are, there are no remarks.
    """
    environment, image = stage
    plan = reading.stage_plan(environment, image)
    if plan is None:
        return ()
    try:
        contents = await find_contents(azure, settings, reading, image, [environment])
    except AzureError as error:
        LOGGER.warning("The scripts of %s could not be read for remarks: %s", image, error)
        return ()
    return await remarks_on_scripts(azure, settings, plan, contents, counting)


async def remarks_on_scripts(
    azure: AzureClients,
    settings: Settings,
    plan: StagePlan,
    contents: Iterable[ScriptContent],
    counting: Mapping[str, Upload] | None = None,
) -> tuple[Remark, ...]:
    """Return the remarks on those of the contents that the stage's image template refers to, by path.

    `counting` are the uploads that count, where contents of theirs may not be kept yet. A content that cannot be read
    has no remarks.
    """
    used = {script.source_file for script in plan.image_template.scripts}
    account = plan.infrastructure.storage_account
    remarks = list[Remark]()
    for script in sorted(contents, key=lambda one: one.path):
        if script.path in used:
            remarks += await _remarks(azure, settings, script, account, (counting or {}).get(script.path))
    return tuple(remarks)


async def _remarks(
    azure: AzureClients, settings: Settings, script: ScriptContent, account: str, upload: Upload | None
) -> tuple[Remark, ...]:
    key = (script.path, script.sha256, account)
    if key not in _known_remarks:
        content = await _content(azure, settings, script, upload)
        if content is None:
            return ()
        if len(_known_remarks) >= MOST_REMEMBERED:
            _known_remarks.clear()
        folder = "uploads" if script.origin is ScriptOrigin.UPLOADED else "customization"
        _known_remarks[key] = await asyncio.to_thread(script_remarks, f"{folder}/{script.path}", content, account)
    return _known_remarks[key]


async def _content(
    azure: AzureClients, settings: Settings, script: ScriptContent, upload: Upload | None
) -> bytes | None:
    """Return a content: of the app's own files, as it is kept, or of an upload; None where it is none of them."""
    packaged = await asyncio.to_thread(read_packaged, settings, script.path)
    if packaged is not None and sha256_of(packaged) == script.sha256:
        return packaged
    try:
        kept = await script_contents.find(azure, script.sha256)
        if kept is not None or upload is None:
            return kept
        content = await uploads.read(azure, upload)
    except AzureError as error:
        LOGGER.warning("%s could not be read for remarks: %s", script.path, error)
        return None
    return as_built(content) if content is not None else None
