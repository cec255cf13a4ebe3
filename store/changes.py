"""Tells those who wait that the book has changed, whoever changed it.

Commits of this process are announced at once. Those of others (`postfax cancel`) are seen by asking SQLite's
`data_version` while somebody waits. The number of announcements so far is the generation: who remembers it
before looking for work, and waits with it, cannot miss a change in between.
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

    def announce(self) -> None:
        """The book has changed."""
        self.generation += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, since: int, seconds: float) -> int:
        """Wait until the generation is no longer `since`, or the time is over; the generation then."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self.generation == since and (left := end - loop.time()) > 0:
            try:
                await asyncio.wait_for(self._event.wait(), min(left, POLL_SECONDS))
            except TimeoutError:
                await self.look()
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
