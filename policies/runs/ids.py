"""The ids of pipeline runs: `<image>-<yyyyMMdd>-<HHmmss>-<six hexadecimal digits>`, in UTC."""

import re
from datetime import datetime

RUN_ID_PATTERN = r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9])?)-([0-9]{4})([0-9]{2})[0-9]{2}-[0-9]{6}-[0-9a-f]{6}"
RUN_ID = re.compile(RUN_ID_PATTERN)


def new_run_id(image: str, requested_at: datetime, chance: int) -> str:
    """Return the id of a new run; `chance` tells apart two runs of the same second."""
    return f"{image}-{requested_at:%Y%m%d-%H%M%S}-{chance % 0x1000000:06x}"


def is_run_id(text: str) -> bool:
    """Say whether a text can be the id of a run: nothing else reaches a path or an address."""
    return RUN_ID.fullmatch(text) is not None


def image_of_run(run_id: str) -> str:
    """Return the image that a run's id names."""
    return _match(run_id)[1]


def month_of_run(run_id: str) -> str:
    """Return the month in which a run was asked for, as `yyyy-MM`."""
    _, year, month = _match(run_id).groups()
    return f"{year}-{month}"


def _match(run_id: str) -> re.Match[str]:
    match = RUN_ID.fullmatch(run_id)
    if match is None:
        message = f"'{run_id}' is not the id of a pipeline run."
        raise ValueError(message)
    return match
