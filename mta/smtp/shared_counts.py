"""What happens in all worker processes together, counted without a lock.

Every worker writes into a region of its own of one shared mapping and reads all of them: a figure is the sum
over the regions. There is one writer of each word, and words are written whole, so a reader sees what was or
what is. A worker that takes the place of a dead one begins with an empty region, and what the dead one
counted is forgotten with it.

Counted are gauges (how many at this time), gauges by key, and events by key in a window of time. Keys are
64-bit keyed digests, so that nobody can choose an address that meets another's count. Everything has a fixed
size; where more keys come than there is room for, the least busy ones are not seen by other workers any more.
"""

import hashlib
import mmap
import os
import secrets
from collections.abc import Iterator
from enum import IntEnum

_WORD = 8
_HEADER = 8
"""Words: the number of regions, the secret of the digests, and room."""
_SECRET = slice(2 * _WORD, 4 * _WORD)
WAYS = 16
"""Slots that a key may be in, side by side."""
GAUGE_SLOTS = 4096
EVENT_SLOTS = 4096
BUCKETS = 6
"""Parts of a window. An event counts for the whole window that it happened in, less at most one part."""
_EVENT_WORDS = 2 + BUCKETS
"""Of a slot: key, number of the newest bucket, and the buckets as a ring."""


class Gauge(IntEnum):
    """Figures without a key."""

    SESSIONS = 0
    OCTETS = 1


class Window(IntEnum):
    """Over which time events are counted."""

    MINUTE = 0
    HOUR = 1

    @property
    def seconds(self) -> float:
        """Its length."""
        return 60.0 if self is Window.MINUTE else 3600.0


_GAUGES_AT = 0
_KEYED_AT = len(Gauge)
_EVENTS_AT = _KEYED_AT + 2 * (GAUGE_SLOTS + WAYS)
_EVENT_TABLE = (EVENT_SLOTS + WAYS) * _EVENT_WORDS
_REGION = _EVENTS_AT + len(Window) * _EVENT_TABLE
"""Words."""


def make_shared(regions: int) -> int:
    """A file in memory for so many workers: its descriptor, for the workers to inherit."""
    descriptor = os.memfd_create("postfax-counts")
    os.ftruncate(descriptor, _size(regions))
    os.pwrite(descriptor, regions.to_bytes(_WORD, "little"), 0)
    os.pwrite(descriptor, secrets.token_bytes(_SECRET.stop - _SECRET.start), _SECRET.start)
    return descriptor


def _size(regions: int) -> int:
    return (_HEADER + regions * _REGION) * _WORD


class SharedCounts:
    """The counts as one worker sees and writes them. Not for several threads."""

    def __init__(self, descriptor: int | None = None, *, own: int = 0) -> None:
        """Begin with an empty region.

        Args:
            descriptor: what `make_shared` gave, which may be closed then; None for a process that is alone.
            own: the worker's number, counted from 0.
        """
        alone = descriptor is None
        shared = make_shared(1) if descriptor is None else descriptor
        self._mapping = mmap.mmap(shared, os.fstat(shared).st_size)
        if alone:
            os.close(shared)
        self._words = memoryview(self._mapping).cast("Q")
        self._secret = bytes(self._mapping[_SECRET])
        self._starts = [_HEADER + number * _REGION for number in range(self._words[0])]
        self._own = self._starts[own]
        self._others = [start for start in self._starts if start != self._own]
        self._keyed: dict[int, int] = {}
        end = (self._own + _REGION) * _WORD
        self._mapping[self._own * _WORD : end] = bytes(_REGION * _WORD)

    def key(self, kind: str, value: str) -> int:
        """The key of a value, other than every other kind's."""
        digest = hashlib.blake2b(f"{kind}\0{value}".encode(), digest_size=_WORD, key=self._secret)
        return int.from_bytes(digest.digest(), "little") or 1

    # --- Gauges -------------------------------------------------------------------------------------------

    def add(self, gauge: Gauge, amount: int) -> None:
        """Count up, or down with a negative amount."""
        self._words[self._own + _GAUGES_AT + gauge] += amount

    def total(self, gauge: Gauge) -> int:
        """The figure of all workers."""
        return sum(self._words[start + _GAUGES_AT + gauge] for start in self._starts)

    def add_keyed(self, key: int, amount: int) -> None:
        """Count up or down for a key."""
        count = self._keyed.get(key, 0) + amount
        if count:
            self._keyed[key] = count
        else:
            self._keyed.pop(key, None)
        self._publish(key, count)

    def total_keyed(self, key: int) -> int:
        """The figure of all workers for a key."""
        total = self._keyed.get(key, 0)
        for start in self._others:
            slot = self._keyed_slot(start, key)
            total += 0 if slot is None else self._words[slot + 1]
        return total

    def _publish(self, key: int, count: int) -> None:
        slot = self._keyed_slot(self._own, key)
        if slot is None:
            slot = self._free_keyed_slot(key)
            if slot is None:
                return
            self._words[slot] = key
        self._words[slot + 1] = count

    def _keyed_slot(self, start: int, key: int) -> int | None:
        return next((slot for slot in _keyed_slots(start, key) if self._words[slot] == key), None)

    def _free_keyed_slot(self, key: int) -> int | None:
        return next((slot for slot in _keyed_slots(self._own, key) if not self._words[slot + 1]), None)

    # --- Events in a window -------------------------------------------------------------------------------

    def note(self, window: Window, key: int, now: float) -> None:
        """An event of a key happens.

        Args:
            window: the time over which it is counted.
            key: whose event it is.
            now: seconds of a clock that all workers have in common, as `time.monotonic`.
        """
        bucket = _bucket(window, now)
        slot = self._event_slot(self._own, window, key)
        if slot is None:
            slot = min(_event_slots(self._own, window, key), key=lambda slot: self._worth(slot, bucket))
            self._clear_event_slot(slot)
            self._words[slot + 1] = bucket
            self._words[slot] = key
        self._forget_old(slot, bucket)
        self._words[slot + 2 + bucket % BUCKETS] += 1

    def noted(self, window: Window, key: int, now: float) -> int:
        """How many events of a key there were in the window, in all workers."""
        bucket = _bucket(window, now)
        slots = (self._event_slot(start, window, key) for start in self._starts)
        return sum(self._count(slot, bucket) for slot in slots if slot is not None)

    def _event_slot(self, start: int, window: Window, key: int) -> int | None:
        return next((slot for slot in _event_slots(start, window, key) if self._words[slot] == key), None)

    def _count(self, slot: int, bucket: int) -> int:
        """The events of a slot that are still in the window."""
        newest = self._words[slot + 1]
        parts = range(max(bucket - BUCKETS + 1, newest - BUCKETS + 1, 0), newest + 1)
        return sum(self._words[slot + 2 + part % BUCKETS] for part in parts)

    def _worth(self, slot: int, bucket: int) -> int:
        return self._count(slot, bucket) if self._words[slot] else -1

    def _forget_old(self, slot: int, bucket: int) -> None:
        newest = self._words[slot + 1]
        for part in range(newest + 1, min(bucket, newest + BUCKETS) + 1):
            self._words[slot + 2 + part % BUCKETS] = 0
        self._words[slot + 1] = max(bucket, newest)

    def _clear_event_slot(self, slot: int) -> None:
        for word in range(slot, slot + _EVENT_WORDS):
            self._words[word] = 0


def _bucket(window: Window, now: float) -> int:
    return int(now * BUCKETS / window.seconds)


def _keyed_slots(start: int, key: int) -> Iterator[int]:
    first = start + _KEYED_AT + 2 * (key % GAUGE_SLOTS)
    return iter(range(first, first + 2 * WAYS, 2))


def _event_slots(start: int, window: Window, key: int) -> Iterator[int]:
    table = start + _EVENTS_AT + window * _EVENT_TABLE
    first = table + (key % EVENT_SLOTS) * _EVENT_WORDS
    return iter(range(first, first + WAYS * _EVENT_WORDS, _EVENT_WORDS))
