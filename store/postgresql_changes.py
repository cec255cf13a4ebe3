"""Tells those who wait that a book in PostgreSQL has changed: the server says so, and is asked besides.

Each commit that changes the book notifies (`NOTIFY`, in the same transaction). Whoever waits listens on a
connection of its own from its first wait on. While that is lost, and now and then in any case, the server is
asked for the sum of the writers' numbers, which every change makes greater.
"""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
from psycopg.sql import SQL, Identifier

from store.changes import Changes
from store.errors import BookUnavailable
from store.postgresql import PostgresqlAddress, parameters
from store.postgresql_transactions import CHANNEL

LISTENING_POLL_SECONDS = 5.0
"""How often the server is asked although it would say so."""
_RECONNECT_SECONDS = 1.0


class PostgresqlChanges(Changes):
    """Counts changes and wakes who waits for one.

    Args:
        version: asks the book for a number that differs after another connection's commit.
        address: of the book.
        writer: whose notifications are this process's own, of which it knows.
    """

    def __init__(
        self, version: Callable[[], Awaitable[int]], address: PostgresqlAddress, writer: str
    ) -> None:
        super().__init__(version)
        self._address = address
        self._writer = writer
        self._listening = False
        self._listener: asyncio.Task[None] | None = None

    async def wait(self, since: int, seconds: float) -> int:
        """Wait until the generation is no longer `since`, or the time is over; the generation then."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen_for_ever())
        return await super().wait(since, seconds)

    async def stop(self) -> None:
        """Listen and look no more."""
        await super().stop()
        if self._listener:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    def _pause(self) -> float:
        return LISTENING_POLL_SECONDS if self._listening else super()._pause()

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, BookUnavailable):
                self._listening = False  # whoever works with the book meets the cause there, and tells
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        extra = parameters(self._address, write=False)
        connection = await psycopg.AsyncConnection.connect(self._address.url, autocommit=True, **extra)
        async with connection:
            await connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
            self._listening = True
            await self.look()  # what was committed before it listened
            while True:
                # As many as have come: one look is enough for all of them.
                said = [notice.payload async for notice in connection.notifies(stop_after=1)]
                if any(writer != self._writer for writer in said):
                    await self.look()
