from datetime import UTC, datetime

import pytest

from models.scripts import ScriptContent, ScriptOrigin
from policies.upkeep.script_changes import changed_uploads


def packaged(sha256, path="linux/a.sh"):
    return ScriptContent(path=path, sha256=sha256)


def uploaded(sha256, path="linux/a.sh"):
    return ScriptContent(
        path=path,
        sha256=sha256,
        origin=ScriptOrigin.UPLOADED,
        uploaded_at=datetime(2026, 3, 11, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("now", "last", "comes_with_the_app", "changes"),
    [
        # nothing is uploaded
        (packaged("1"), packaged("1"), "1", False),
        (packaged("2"), packaged("1"), "2", False),
        (packaged("1"), None, "1", False),
        # an upload in place of what was built
        (uploaded("2"), packaged("1"), "1", True),
        (uploaded("2"), uploaded("1"), "1", True),
        (uploaded("1"), packaged("1"), "1", False),
        (uploaded("2"), uploaded("2"), "1", False),
        # what was built is older than what comes with the app: the upload asks for the latter
        (uploaded("2"), packaged("1"), "2", True),
        # an upload in place of what was never built
        (uploaded("2"), None, "1", True),
        (uploaded("1"), None, "1", False),
        (uploaded("2"), None, None, True),
        # an upload that is removed
        (packaged("1"), uploaded("2"), "1", True),
        (packaged("2"), uploaded("2"), "2", False),
    ],
)
def test_an_image_is_built_for_content_that_is_or_was_uploaded_and_is_not_in_it(now, last, comes_with_the_app, changes):
    app = [packaged(comes_with_the_app)] if comes_with_the_app else []
    assert changed_uploads([now], [last] if last else [], app) == (("linux/a.sh",) if changes else ())


def test_each_changed_script_is_named_and_others_are_not():
    now = [uploaded("2", "linux/c.sh"), uploaded("2", "linux/a.sh"), uploaded("1", "linux/b.sh")]
    last = [packaged("1", "linux/a.sh"), uploaded("1", "linux/b.sh"), uploaded("1", "linux/no-longer-used.sh")]
    assert changed_uploads(now, last, [packaged("1", "linux/c.sh")]) == ("linux/a.sh", "linux/c.sh")
