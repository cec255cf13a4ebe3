"""The part of the book that is about calls in general: what they have taught about numbers, and held lines.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

from collections.abc import Sequence
from datetime import datetime

from store.archiving import Archiving
from store.destination import Destination
from store.held_line import HeldLine
from store.records import attempts, destinations, held_lines


class CallingFacts(Archiving):
    """What the next calls should know. `by` is always the person who wants it."""

    # --- Numbers ------------------------------------------------------------------------------------------

    async def destination(self, number: str) -> Destination | None:
        """What calls have taught about a number (E.164)."""
        return await self._access.read(destinations.find_destination, number)

    async def destinations(self, *, limit: int) -> tuple[Destination, ...]:
        """The numbers that calls have taught something about, the latest first."""
        return await self._access.read(destinations.known_destinations, limit)

    async def forget_destinations(self, numbers: Sequence[str], *, by: str) -> tuple[str, ...]:
        """Forget what is known of these numbers; those of which something was."""
        return await self._access.write(destinations.forget_destinations, numbers, by=by)

    async def forget_destinations_before(self, moment: datetime) -> int:
        """Forget what was learned before a time; of how many numbers that was."""
        return await self._access.write(destinations.forget_destinations_before, moment)

    # --- Lines --------------------------------------------------------------------------------------------

    async def hold_line(self, line: str, *, by: str, reason: str = "") -> bool:
        """Have no new call begin on a line; False if it was held already."""
        return await self._access.write(held_lines.hold_line, line, reason=reason, by=by)

    async def release_line(self, line: str, *, by: str, reason: str = "") -> bool:
        """Let a line take calls again; False if it was not held."""
        return await self._access.write(held_lines.release_line, line, reason=reason, by=by)

    async def held_lines(self) -> tuple[HeldLine, ...]:
        """Every line that is held, by name."""
        return await self._access.read(held_lines.all_held_lines)

    async def calls_by_line(self) -> dict[str, int]:
        """How many calls each line has open; a line without one is left out."""
        return await self._access.read(attempts.calls_by_line)
