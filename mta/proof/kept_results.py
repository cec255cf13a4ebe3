"""Results that hold for a while: the most recently used of them, each until its time is over."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_KEPT = 10_000

Result = TypeVar("Result")


class KeptResults(Generic[Result]):
    """A bounded memory."""

    def __init__(self, clock: Callable[[], float], *, limit: int = _KEPT) -> None:
        self._clock = clock
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[float, Result]] = OrderedDict()

    def get(self, key: Hashable) -> Result | None:
        """What is kept under a key and still holds."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept[0] <= self._clock():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def keep(self, key: Hashable, result: Result, *, until: float) -> None:
        """Keep a result until a time of the clock."""
        if until <= self._clock():
            return
        self._kept[key] = (until, result)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
