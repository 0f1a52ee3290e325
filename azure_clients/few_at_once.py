"""Does many things side by side, a few at a time: neither Azure nor the memory of a small host is to be flooded."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

AT_ONCE = 8
# Scripts may have 20 MB each, and twice that while they are made ready.
CONTENTS_AT_ONCE = 4


async def few_at_once[T, R](work: Callable[[T], Awaitable[R]], things: Iterable[T], at_once: int = AT_ONCE) -> list[R]:
    """Return what `work` makes of each thing, in the order of the things; at most `at_once` are in work."""
    turns = asyncio.Semaphore(at_once)

    async def in_turn(thing: T) -> R:
        async with turns:
            return await work(thing)

    return await asyncio.gather(*map(in_turn, things))
