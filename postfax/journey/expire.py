"""Expire: jobs that were not sent by the time that their senders gave are ended, and their senders told.

So are jobs none of whose lines is in the settings any more, a day after the service began without them and
the job was due: a line that was renamed by mistake can be put back until then.
"""

from collections.abc import Collection, Mapping

import structlog

from postfax.opening import Clock
from store.book import Book
from store.records.lineless import PATIENCE

log = structlog.get_logger()


class Expire:
    """Ends jobs whose time is up."""

    def __init__(self, book: Book, lines: Collection[str], *, clock: Clock) -> None:
        """`lines` are the names of those that there are."""
        self._book = book
        self._lines = lines
        self._clock = clock
        self._since = clock()
        self._told: Mapping[tuple[str, ...], int] = {}

    async def step(self) -> bool:
        """End some jobs; False if none has expired."""
        expired = await self._book.expire_jobs()
        if expired:
            log.info("jobs_expired", jobs=list(expired))
        return await self._end_lineless() or bool(expired)

    async def _end_lineless(self) -> bool:
        found = await self._book.lineless(self._lines)
        self._tell(found)
        before = self._clock() - PATIENCE
        if not found or before < self._since:
            return False
        ended = await self._book.end_lineless(self._lines, before)
        if ended:
            log.warning("jobs_without_a_line_given_up", jobs=list(ended))
        return bool(ended)

    def _tell(self, found: Mapping[tuple[str, ...], int]) -> None:
        """Say once in the log which lines are waited for."""
        for lines, count in found.items():
            if lines not in self._told:
                given_up = max(self._clock(), self._since + PATIENCE)
                log.warning(
                    "jobs_without_a_line",
                    lines=list(lines),
                    jobs=count,
                    given_up_from=given_up.isoformat(timespec="seconds"),
                )
        self._told = found
