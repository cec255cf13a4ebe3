"""When a step that failed on our side is tried again: pure."""

from datetime import datetime, timedelta

TRIES = 8
"""So often may work on one mail fail, or end with its process, before the sender is told instead."""
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=30)


def next_step(now: datetime, tries: int) -> datetime:
    """When to try again after `tries` earlier failures: 5 s, then four times as long, at most 30 min.

    All tries together take about two hours: long enough for somebody to install what is missing.
    """
    return now + min(_LONGEST, _FIRST * int(4 ** min(tries, 10)))
