"""Decides which uploads of scripts ask for a new build."""

from collections.abc import Sequence

from models.scripts import ScriptContent, ScriptOrigin


def changed_uploads(
    now: Sequence[ScriptContent], last: Sequence[ScriptContent], packaged: Sequence[ScriptContent]
) -> tuple[str, ...]:
    """Return the paths of an image's scripts whose content is or was uploaded, and is not that of the last build.

    `now` are the contents that a build would take, `last` those that the last one was given (none, where there was
    none), `packaged` those that came with the app: a script that was never built is compared with them. Scripts that
    the app brings ask for nothing by themselves; an upload that is removed does where other content comes back.
    """
    before = {script.path: script for script in (*packaged, *last)}
    return tuple(sorted(script.path for script in now if _is_changed_upload(script, before.get(script.path))))


def _is_changed_upload(now: ScriptContent, before: ScriptContent | None) -> bool:
    if before is None:
        return now.origin is ScriptOrigin.UPLOADED
    return now.sha256 != before.sha256 and ScriptOrigin.UPLOADED in {now.origin, before.origin}
