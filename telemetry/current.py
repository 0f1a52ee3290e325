"""What the work that is going on is about."""

from contextvars import ContextVar

from models.subject import Subject

SUBJECT: ContextVar[Subject] = ContextVar("subject", default=Subject())  # noqa: B039 - a message is frozen
