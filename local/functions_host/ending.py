"""The end of a host that was asked to stop: loops look at it between two pieces of work, so that none is cut off."""

import asyncio
import contextlib


class Ending(asyncio.Event):
    """Set when the host is to end."""

    async def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), seconds)
