"""The time that has surely come, although a clock may have been set wrong. Pure.

What is removed because it is old goes by this time and not by the clock: a clock that is set far ahead would
remove documents before their time, and nothing brings them back.

The host has a second clock, that of its uptime, which nobody sets and which goes on while the machine stands
still. Between two looks the clock may have gone further than the uptime by as much as one sets a clock by
hand (`MAY_BE_SET`). If it is further ahead it is in doubt: time is reckoned from the last time that was sure,
by the uptime alone. A clock that is set back to what was reckoned is believed again at once; one that stays
ahead, and goes steadily for a day, is believed then. Somebody has had that day to see to it.

Over a restart of the host nothing tells how long it was off. Less than a day (`MAY_BE_OFF`) is believed;
after more, the clock is in doubt as well. It is likely right then, and what is old is kept a day longer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MAY_BE_SET = timedelta(hours=1)
"""Further than the uptime, between two looks."""
MAY_BE_OFF = timedelta(days=1)
"""A host, or the service on it where a new host goes on."""
BELIEVED_AFTER = timedelta(days=1)
"""A clock that goes steadily, although it is ahead."""

_NONE = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Both clocks at one moment."""

    clock: datetime
    uptime: timedelta
    """Of the host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoned:
    """What came of a look at both clocks; the next one goes on from it."""

    time: datetime
    """Has surely come."""
    read: Reading
    doubted_for: timedelta | None = None
    """For how long the clock has gone steadily since it is in doubt; None while it is not."""

    @property
    def ahead(self) -> timedelta:
        """How much further the clock is than what has surely come."""
        return max(_NONE, self.read.clock - self.time)

    @property
    def believed_at(self) -> datetime | None:
        """What the clock shows when it is believed again; None while it is believed."""
        if self.doubted_for is None:
            return None
        return self.read.clock + BELIEVED_AFTER - self.doubted_for


def set_by(before: Reading, after: Reading) -> timedelta:
    """How far ahead the clock was set between two readings of one host; negative if back.

    Nothing, if the host was restarted: that tells nothing of its clock.
    """
    passed = after.uptime - before.uptime
    return _NONE if passed < _NONE else after.clock - before.clock - passed


def reckon(last: Reckoned | None, read: Reading, *, of_another: bool = False) -> Reckoned:
    """What a look at both clocks comes to.

    Args:
        last: what came of the last look; None if this is the first.
        read: both clocks now.
        of_another: whether the last look was another host's, whose uptime says nothing here.
    """
    if last is None:
        return _believed(read)
    if of_another or read.uptime < last.read.uptime:
        return _after_a_gap(last, read)
    passed = read.uptime - last.read.uptime
    sure = last.time + passed
    if read.clock - sure <= MAY_BE_SET:
        return _believed(read)
    steady = abs(read.clock - last.read.clock - passed) <= MAY_BE_SET
    doubted = last.doubted_for + passed if steady and last.doubted_for is not None else _NONE
    return (
        _believed(read) if doubted >= BELIEVED_AFTER else Reckoned(time=sure, read=read, doubted_for=doubted)
    )


def _after_a_gap(last: Reckoned, read: Reading) -> Reckoned:
    """Of which nothing tells how long it was."""
    goes_on = _NONE <= read.clock - last.read.clock <= MAY_BE_OFF
    if last.doubted_for is not None and goes_on:
        return replace(last, read=read)
    if read.clock - last.time <= MAY_BE_OFF:
        return _believed(read)
    return Reckoned(time=last.time, read=read, doubted_for=_NONE)


def _believed(read: Reading) -> Reckoned:
    return Reckoned(time=read.clock, read=read)
