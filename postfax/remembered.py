"""Something of the book that many ask for: looked up once for all of them, and again when it is too old."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

FRESH_SECONDS = 0.8
"""How old a value may be: with the look-up itself, a change holds everywhere within a second."""


class Remembered(Generic[T]):
    """The last value of a look-up. While nobody asks, nothing is looked up."""

    def __init__(
        self, look_up: Callable[[], Awaitable[T]], *, monotonic: Callable[[], float] | None = None
    ) -> None:
        """Nothing is looked up yet.

        Args:
            look_up: gives the value as it is now.
            monotonic: a clock, in seconds; by default the event loop's.
        """
        self._look_up = look_up
        self._monotonic = monotonic or _time_of_loop
        self._value: tuple[T] | None = None
        self._fresh_until = -math.inf
        self._turn = asyncio.Lock()

    async def get(self) -> T:
        """The value as it is now, or was not longer ago than `FRESH_SECONDS`.

        Raises:
            Exception: whatever the look-up raised; an old value is not given in its place.
        """
        fresh = self._fresh()
        return fresh[0] if fresh else await self._renewed()

    def _fresh(self) -> tuple[T] | None:
        return self._value if self._monotonic() < self._fresh_until else None

    async def _renewed(self) -> T:
        async with self._turn:
            if fresh := self._fresh():
                return fresh[0]  # another one who waited has seen to it
            began = self._monotonic()
            value = await self._look_up()
            self._value = (value,)
            self._fresh_until = began + FRESH_SECONDS
            return value


def _time_of_loop() -> float:
    return asyncio.get_running_loop().time()
