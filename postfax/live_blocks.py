"""The live list of blocked numbers, as the service asks it for every mail."""

import asyncio
from typing import Protocol

from postfax.remembered import Remembered
from store.block import LivePatterns
from submission.allowance import NO_BLOCKS, Blocks


class _Patterns(Protocol):
    """`store.book.Book`, as far as the live list goes."""

    async def live_patterns(self, known: tuple[int, int] | None = None) -> LivePatterns | None:
        """All patterns; None if nothing has changed since the version that is known."""


class LiveBlocks:
    """The live list, read again only after it has changed.

    It is asked whether it has changed once a second at most. Whether a number may be dialled is asked of the
    book itself (`Book.blocking`), at that moment.
    """

    def __init__(self, book: _Patterns) -> None:
        self._book = book
        self._version: tuple[int, int] | None = None
        self._blocks = NO_BLOCKS
        self._remembered = Remembered(self._look)

    async def current(self) -> Blocks:
        """What is blocked now.

        Raises:
            BookUnavailable: it is not known.
        """
        return await self._remembered.get()

    async def _look(self) -> Blocks:
        if changed := await self._book.live_patterns(self._version):
            # A hundred thousand take a third of a second, and calls must not wait for it.
            self._blocks = await asyncio.to_thread(Blocks, changed.patterns)
            self._version = changed.version
        return self._blocks
