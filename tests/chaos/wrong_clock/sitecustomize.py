"""Puts the clock of a Python process wrong, by so many seconds as the environment says; it is imported at its start."""

import os
import time

TRUE_TIME = time.time
SECONDS_AHEAD = float(os.environ["CLOCK_SECONDS_AHEAD"])


def _wrong_time() -> float:
    return TRUE_TIME() + SECONDS_AHEAD


time.time = _wrong_time
