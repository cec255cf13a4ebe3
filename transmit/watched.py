"""Whether a server that calls for us is there: told by every use, and asked while it is not."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

AGAIN_AFTER = 15.0
"""Seconds between two questions to a server that is down."""


class Watched:
    """One server."""

    def __init__(
        self, line: str, ask: Callable[[], Awaitable[object]], *, again_after: float = AGAIN_AFTER
    ) -> None:
        """Nothing is asked before something failed.

        Args:
            line: the line's name.
            ask: a question that does nothing; it raises OSError where the server is not there.
            again_after: seconds.
        """
        self._line = line
        self._ask = ask
        self._again_after = again_after
        self._asking: asyncio.Task[None] | None = None
        self.down = ""
        """Why it is known to be down; empty while it is not."""

    def works(self) -> None:
        """It did what it was asked."""
        self.down = ""

    def failed(self, cause: str) -> None:
        """It did not; from now on it is asked until it does."""
        self.down = cause
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._until_it_answers(), name=f"watch {self._line}")

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _until_it_answers(self) -> None:
        while self.down:
            await asyncio.sleep(self._again_after)
            with contextlib.suppress(OSError):
                await self._ask()
                self.works()
