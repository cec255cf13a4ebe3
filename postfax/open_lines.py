"""Which lines take calls at this moment, and how many more each.

A line that somebody holds takes none, and neither does one whose trunk is known to be down: its faxes go over
the next line that carries them, or wait until it is back. A trunk that is down is asked again and again by
the line itself, and its first answer opens it.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import structlog

from postfax.remembered import Remembered
from postfax.watching.condition import LineCondition
from store.held_line import HeldLine
from transmit.line import Line

log = structlog.get_logger()


class _Held(Protocol):
    """`store.book.Book`, as far as held lines go."""

    async def held_lines(self) -> tuple[HeldLine, ...]:
        """Every line that is held."""


class OpenLines:
    """The lines, the calls on them, and who is kept from them."""

    def __init__(self, book: _Held, lines: Mapping[str, Line]) -> None:
        self._lines = lines
        self._held = Remembered(book.held_lines)
        self._calls: Counter[str] = Counter()
        self._down: set[str] = set()

    async def free_channels(self) -> dict[str, int]:
        """How many calls may begin now, by line; lines that take none are left out.

        Raises:
            BookUnavailable: it is not known who is held.
        """
        held = {line.line for line in await self._held.get()}
        self._note_states()
        free = {name: line.channels - self._calls[name] for name, line in self._lines.items()}
        return {
            name: count
            for name, count in free.items()
            if count > 0 and name not in held and name not in self._down
        }

    @property
    def carries(self) -> dict[str, int]:
        """How many calls each line may have, those of all nodes together."""
        return {name: line.channels for name, line in self._lines.items()}

    @property
    def calls(self) -> Mapping[str, int]:
        """Of this process, by line."""
        return self._calls

    def lines_down(self) -> dict[str, str]:
        """Why a line carries no calls, as far as this process knows; the others are left out."""
        return {name: line.down for name, line in self._lines.items() if line.down}

    async def conditions(self) -> tuple[LineCondition, ...]:
        """Every line as it is now.

        Raises:
            BookUnavailable: it is not known who is held.
        """
        held = {line.line for line in await self._held.get()}
        return tuple(
            LineCondition(
                name=name,
                channels=line.channels,
                calls=self._calls[name],
                held=name in held,
                down=line.down,
            )
            for name, line in self._lines.items()
        )

    def begin(self, line: str) -> None:
        """A call takes a channel."""
        self._calls[line] += 1

    def end(self, line: str) -> None:
        """A call gives its channel back."""
        self._calls[line] -= 1

    def _note_states(self) -> None:
        """Say it once when a line goes down, and when it is back."""
        for name, line in self._lines.items():
            if line.down and name not in self._down:
                self._down.add(name)
                log.warning("line_down", line=name, cause=line.down)
            elif not line.down and name in self._down:
                self._down.discard(name)
                log.info("line_up", line=name)
