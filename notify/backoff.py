"""When a mail that could not be handed over is tried again.

The waits grow from a minute to an hour and stay there for five days (RFC 5321 §4.5.4.1 asks for 4–5 days at
least). Tries are counted, not days: a service that was switched off for a week still makes them all.
"""

from datetime import datetime, timedelta

_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(hours=1)
_ALL_TOGETHER = timedelta(days=5)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after `tries` (at least 1) failed, or None to give up."""
    if _wait_before(tries) >= _ALL_TOGETHER:
        return None
    return now + _wait(tries)


def _wait(tries: int) -> timedelta:
    """The pause after this many tries: 1, 2, 4 … 32 minutes, then an hour each."""
    doublings = min(tries - 1, 6)
    return min(_FIRST * (1 << doublings), _LONGEST)


def _wait_before(tries: int) -> timedelta:
    """All pauses up to this try together."""
    return sum((_wait(earlier) for earlier in range(1, tries)), timedelta())
