"""The content of customization scripts: which one a run builds with, and where it comes from."""

from datetime import datetime
from enum import StrEnum

from models.message import Message


class ScriptOrigin(StrEnum):
    """Where the content of a script comes from: the app's own package, or the `uploads` container."""

    PACKAGED = "packaged"
    UPLOADED = "uploaded"


class ScriptContent(Message):
    """The content of one script: `path` as below `customization/`, SHA-256 in lower case of what goes into the image.

    `uploaded_at` is the time of the upload, None for a script that came with the app.
    """

    path: str
    sha256: str
    origin: ScriptOrigin = ScriptOrigin.PACKAGED
    uploaded_at: datetime | None = None
