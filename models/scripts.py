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


class Upload(Message):
    """A blob of the container `uploads`, one version of it; `created_at` is when there first was one of this name."""

    path: str
    etag: str
    size: int
    uploaded_at: datetime
    created_at: datetime


class UploadRefusal(Message):
    """Why an upload is of no use, and what to upload instead."""

    problem: str
    instead: str


class RefusedUpload(UploadRefusal):
    """An upload of no use, as it is noted once for each version."""

    path: str
    etag: str
    size: int
    uploaded_at: datetime
    noted_at: datetime


class UsedUpload(Message):
    """An upload in force: the content that its SHA-256 tells goes into these images."""

    path: str
    sha256: str
    size: int
    uploaded_at: datetime
    images: tuple[str, ...]


class UploadsList(Message):
    """The uploads that are in force, and those that were refused."""

    uploads: tuple[UsedUpload, ...]
    refused: tuple[RefusedUpload, ...]
