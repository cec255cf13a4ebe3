"""A node tells of itself in the book, again and again: `postfax nodes` shows it, and others count on it."""

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog

from config.roles import Role
from postfax.failures import ExitCode, Failure
from store.book import Book
from store.errors import BookUnavailable, HostClockDiffers
from store.host_clock import MAY_DIFFER
from store.node import NodeFacts

EVERY_SECONDS = 15.0
"""Between two times."""

log = structlog.get_logger()


class ClockDiffers(Failure):
    """This host's clock is so wrong that it would take others for dead, and call faxes before their time."""

    def __init__(self, problem: HostClockDiffers) -> None:
        super().__init__(problem.sentence, ExitCode.UNREACHABLE)


class Presence:
    """Tells of one node."""

    def __init__(
        self,
        book: Book,
        roles: Collection[Role],
        lines_down: Callable[[], Mapping[str, str]],
        *,
        version: str,
    ) -> None:
        """Nothing is told yet.

        Args:
            book: where it is told.
            roles: what the node does.
            lines_down: its lines that carry no calls just now, with why.
            version: of the program.
        """
        self._book = book
        self._roles = tuple(role.value for role in Role if role in roles)
        self._lines_down = lines_down
        self._version = version

    async def tell(self) -> None:
        """Tell once.

        Raises:
            BookUnavailable: it was not told.
            ClockDiffers: nothing should be done here.
        """
        facts = NodeFacts(roles=self._roles, version=self._version, lines_down=self._lines_down())
        try:
            ahead = await self._book.announce_node(facts)
        except HostClockDiffers as problem:
            raise ClockDiffers(problem) from problem
        if abs(ahead) > MAY_DIFFER:  # it went wrong little by little
            raise ClockDiffers(HostClockDiffers(ahead))

    async def keep_telling(self, stop: Callable[[ClockDiffers], None]) -> None:
        """Tell again and again, until cancelled; `stop` is called where nothing should be done here."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.tell()
            except ClockDiffers as problem:
                log.error("clock_differs", cause=str(problem))
                stop(problem)
                return
            except BookUnavailable as problem:
                log.warning("node_not_announced", cause=problem.cause or str(problem))
