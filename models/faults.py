"""What is wrong with, or worth knowing about, the files that an operator wrote."""

from models.message import Message


class Finding(Message):
    """A place in a file and what is to be said about it.

    `path` is the JSON path (`parameters.itParam.value.vmSize`), empty for the file as a whole; `line` and `column`
    count from 1 and are None where there is no such place; `value` is what stands there, shortened, without secrets;
    `instead` is what to write or do.
    """

    file: str
    path: str
    line: int | None = None
    column: int | None = None
    value: str | None = None
    problem: str
    instead: str


class Fault(Finding):
    """An error: nothing is started while one stands in a file that a run needs."""


class Remark(Finding):
    """Worth knowing, but no reason to refuse."""
