"""Why something ended otherwise than asked: a value, not an exception."""

from models.message import Message


class Failure(Message):
    """A failure that an operator can read and act on.

    `code` and `message` are Azure's own where Azure refused; `what_to_do` is ours, where we know better.
    """

    code: str
    message: str
    what_to_do: str | None = None
