"""A host's clock that is set, found out before the next write: leases are given and judged by hosts' clocks.

One that is set a day ahead would take all that is in hand for given up: calls would be placed a second time,
notices sent a second time.

Where several hosts write into one book, nothing is written by a clock that is not that of the book's server.
The server is asked before the first write, and whenever the clock has gone otherwise than the host's uptime
since then. A host that has the book to itself has nobody to ask: there the leases are moved with the clock.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from store.errors import HostClockDiffers

MAY_DIFFER = timedelta(minutes=2)
"""From the clock of the book's server: only half of each lease is used."""
MAY_STRAY = timedelta(seconds=30)
"""From the uptime, before a clock counts as set."""
_TIME_OF_SERVER = text("SELECT clock_timestamp()")


def time_of_server(connection: Connection) -> datetime:
    """What the clock of the book's server shows; it has one in PostgreSQL alone."""
    shown: datetime = connection.execute(_TIME_OF_SERVER).scalar_one()
    return shown


class HostClock:
    """A host's clock, asked by one thread."""

    def __init__(self, clock: Callable[[], datetime], uptime: Callable[[], timedelta] | None) -> None:
        """The server was not asked yet.

        Args:
            clock: the time, with its zone.
            uptime: of the host; None for a clock that is made up, which is believed.
        """
        self._clock = clock
        self._uptime = uptime
        self._compared: datetime | None = None
        """When the host was started, by what both clocks showed when the server agreed."""

    def now(self, of_server: Callable[[], datetime]) -> datetime:
        """The time to write by. `of_server` asks for that of the book's server.

        Raises:
            HostClockDiffers: the clock is wrong.
        """
        now = self._clock()
        if self._uptime is None:
            return now
        started = now - self._uptime()
        if self._compared is None or abs(started - self._compared) > MAY_STRAY:
            ahead = now - of_server()
            if abs(ahead) > MAY_DIFFER:
                raise HostClockDiffers(ahead)
            self._compared = started
        return now


class OwnClock:
    """The clock of the only host of a book, watched by one thread."""

    def __init__(self, uptime: Callable[[], timedelta]) -> None:
        """`uptime`: of the host. Nothing was read yet."""
        self.uptime = uptime
        self._started: datetime | None = None
        """When the host was started, by what both clocks showed when this was asked last."""

    def was_set(self, now: datetime) -> bool:
        """Whether it was since this was asked last; the first time it may have been.

        Args:
            now: what it shows.
        """
        started = now - self.uptime()
        if self._started is not None and abs(started - self._started) <= MAY_STRAY:
            return False
        self._started = started
        return True
