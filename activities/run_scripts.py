"""The scripts that a run builds with: the uploads that count, and below them those that came with the app."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from azure_clients import script_contents, uploads
from azure_clients.connection import AzureClients
from azure_clients.few_at_once import CONTENTS_AT_ONCE, few_at_once
from configuration.reading import ConfigurationReading, packaged_files, read_configuration
from configuration.settings import Settings
from models.errors import AzureUnavailable
from models.scripts import ScriptContent, ScriptOrigin, Upload
from policies.upkeep.script_contents import as_built, sha256_of
from policies.upkeep.uploads import SortedUploads, script_places, sorted_uploads

type Take = Callable[[AzureClients, Settings, str, Upload | None], Awaitable[ScriptContent | None]]

# An upload that changes between list and reading is looked at again; one that changes all the time is not waited for.
LOOKS = 4
MOST_REMEMBERED = 4096

# What a version of an upload came to, by path and ETag. Whoever finds nothing here reads it.
_known_sha256: dict[tuple[str, str], str] = {}


async def read_with_uploads(azure: AzureClients, settings: Settings) -> ConfigurationReading:
    """Read the operator's files; a script may come with the app or lie among the uploads."""
    return (await read_and_sort_uploads(azure, settings))[0]


async def read_and_sort_uploads(azure: AzureClients, settings: Settings) -> tuple[ConfigurationReading, SortedUploads]:
    """Read the operator's files and list the uploads: some files refer to scripts that lie only there."""
    reading = await _read(settings)
    uploads_found = await sort_uploads(azure, settings, reading)
    if uploads_found.counting:
        reading = await _read(settings, frozenset(uploads_found.counting))
    return reading, uploads_found


async def sort_uploads(azure: AzureClients, settings: Settings, reading: ConfigurationReading) -> SortedUploads:
    """List the uploads, and tell those that count from the others."""
    packaged = await asyncio.to_thread(packaged_files, settings.customization_folder)
    images = reading.pipeline.images if reading.pipeline else None
    return sorted_uploads(await uploads.list_all(azure), script_places(packaged, images))


async def find_contents(
    azure: AzureClients, settings: Settings, reading: ConfigurationReading, image: str, environments: Iterable[str]
) -> tuple[ScriptContent, ...]:
    """Return the contents that an image would be built with now.

    Raises AzureUnavailable where they cannot be read, or change while they are.
    """
    return await _all_contents(azure, settings, reading, _paths(reading, image, environments), _find)


async def gather_scripts(
    azure: AzureClients, settings: Settings, reading: ConfigurationReading, image: str, environments: Iterable[str]
) -> tuple[ScriptContent, ...]:
    """Return the contents that an image is to be built with now, and keep them for every stage of the run.

    Raises AzureUnavailable where they cannot be read, or change while they are.
    """
    return await _all_contents(azure, settings, reading, _paths(reading, image, environments), _find_and_keep)


async def find_packaged(settings: Settings, paths: Iterable[str]) -> tuple[ScriptContent, ...]:
    """Return the contents of the scripts that came with the app under these paths, whatever was uploaded in place."""
    found = [(path, await asyncio.to_thread(read_packaged, settings, path)) for path in paths]
    return tuple(ScriptContent(path=path, sha256=sha256_of(content)) for path, content in found if content is not None)


def read_packaged(settings: Settings, path: str) -> bytes | None:
    """Return what is built of a file that came with the app, or None where there is none at this path."""
    try:
        return as_built((settings.customization_folder / path).read_bytes())
    except FileNotFoundError:
        return None


async def sha256_of_upload(azure: AzureClients, upload: Upload) -> str | None:
    """Return the SHA-256 of what is built with this version of an upload; None where it has changed or gone."""
    version = (upload.path, upload.etag)
    if version not in _known_sha256:
        content = await uploads.read(azure, upload)
        if content is None:
            return None
        if len(_known_sha256) >= MOST_REMEMBERED:
            _known_sha256.clear()
        _known_sha256[version] = sha256_of(as_built(content))
    return _known_sha256[version]


def _paths(reading: ConfigurationReading, image: str, environments: Iterable[str]) -> list[str]:
    """Return the scripts that an image uses in these environments, by their paths below `customization/`."""
    plans = [reading.stage_plan(environment, image) for environment in environments]
    return sorted({script.source_file for plan in plans if plan for script in plan.image_template.scripts})


async def _all_contents(
    azure: AzureClients, settings: Settings, reading: ConfigurationReading, paths: list[str], take: Take
) -> tuple[ScriptContent, ...]:
    missing = paths
    for _ in range(LOOKS):
        counting = (await sort_uploads(azure, settings, reading)).counting
        asked = [(path, counting.get(path)) for path in paths]
        found = await few_at_once(lambda one: take(azure, settings, *one), asked, CONTENTS_AT_ONCE)
        missing = [path for path, content in zip(paths, found, strict=True) if content is None]
        if not missing:
            return tuple(content for content in found if content is not None)
    raise AzureUnavailable("gather the scripts", "UploadsChange", f"{', '.join(missing)} changes or is not there.")


async def _find(azure: AzureClients, settings: Settings, path: str, upload: Upload | None) -> ScriptContent | None:
    """Return the content at a path, or None where there is none at the moment."""
    if upload is None:
        return next(iter(await find_packaged(settings, [path])), None)
    sha256 = await sha256_of_upload(azure, upload)
    if sha256 is None:
        return None
    return ScriptContent(path=path, sha256=sha256, origin=ScriptOrigin.UPLOADED, uploaded_at=upload.uploaded_at)


async def _find_and_keep(
    azure: AzureClients, settings: Settings, path: str, upload: Upload | None
) -> ScriptContent | None:
    """Return the content at a path once it is kept, or None where there is none, or another one, at the moment."""
    content = await _find(azure, settings, path, upload)
    if content is None or await script_contents.is_kept(azure, content.sha256):
        return content
    taken = await uploads.read(azure, upload) if upload else await asyncio.to_thread(read_packaged, settings, path)
    if taken is None or await script_contents.keep(azure, as_built(taken)) != content.sha256:
        return None
    return content


async def _read(settings: Settings, uploaded: frozenset[str] = frozenset()) -> ConfigurationReading:
    return await asyncio.to_thread(
        read_configuration, settings.parameters_folder, settings.customization_folder, uploaded
    )
