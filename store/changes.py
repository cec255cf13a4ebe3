"""Tells those who wait that the book has changed, whoever changed it.

Commits of this process are announced at once, and so are those of others that say so. The rest (`postfax
cancel`) is seen by asking SQLite's `data_version` while somebody waits. The number of announcements so far is
the generation: who remembers it before looking for work, and waits with it, cannot miss a change in between.
"""

import asyncio
from collections.abc import Awaitable, Callable

from store.errors import BookUnavailable

POLL_SECONDS = 0.2


class Changes:
    """Counts changes and wakes who waits for one.

    Args:
        version: asks the book for a number that differs after another connection's commit.
    """

    def __init__(self, version: Callable[[], Awaitable[int]]) -> None:
        self.generation = 0
        self._version = version
        self._seen: int | None = None
        self._event = asyncio.Event()
        self._waiting = 0
        self._poll: asyncio.Task[None] | None = None

    def announce(self) -> None:
        """The book has changed."""
        self.generation += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, since: int, seconds: float) -> int:
        """Wait until the generation is no longer `since`, or the time is over; the generation then."""
        if self.generation != since:
            return self.generation
        self._waiting += 1
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._look_while_somebody_waits())
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        return self.generation

    async def look(self) -> None:
        """Announce a change if another connection made one since the last look."""
        try:
            version = await self._version()
        except BookUnavailable:
            return  # whoever works with the book meets it there, and tells
        if self._seen not in {None, version}:
            self.announce()
        self._seen = version

    async def stop(self) -> None:
        """Look no more."""
        if self._poll:
            self._poll.cancel()
            await asyncio.wait([self._poll])

    async def _look_while_somebody_waits(self) -> None:
        """One look for all who wait, until a while after the last of them."""
        while self._waiting:
            await asyncio.sleep(self._pause())
            await self.look()

    def _pause(self) -> float:
        """Seconds between two looks."""
        return POLL_SECONDS
