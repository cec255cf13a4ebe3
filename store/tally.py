"""What reports count: faxes that were made in a period, of all departments or of some."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class Measure(Enum):
    """A number that is counted."""

    FAXES = "faxes"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PAGES = "pages"
    """Pages that the other side confirmed."""
    CALLED = "called"
    """Faxes of which a call was placed."""
    WAIT = "wait"
    """Of these together, microseconds from the time that the fax was wanted to its first call."""
    LONGEST_WAIT = "longest_wait"
    """Of one of them."""
    ENDED = "ended"
    """Faxes that were sent, or failed after a call."""
    DURATION = "duration"
    """Of these together, microseconds from the time that the fax was wanted to its end."""
    LONGEST_DURATION = "longest_duration"
    """Of one of them."""


class Apart(Enum):
    """What is counted each for itself."""

    NOTHING = ""
    DEPARTMENT = "department"
    STATUS = "status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A time; its end is not part of it."""

    begin: datetime
    end: datetime


Counted = Mapping[Measure, int]
"""What was counted of a period."""


_PIECE = timedelta(days=1)
_LONGEST = frozenset({Measure.LONGEST_WAIT, Measure.LONGEST_DURATION})


def pieces(period: Period) -> Iterator[Period]:
    """A period in pieces of which each is counted quickly: what is told apart is put in order for each."""
    begin = period.begin
    while begin < period.end:
        end = min(begin + _PIECE, period.end)
        yield Period(begin=begin, end=end)
        begin = end


def together(counted: Iterable[Counted], measures: Iterable[Measure]) -> Counted:
    """What was counted of several periods, as one."""
    every = list(counted)
    return {
        measure: (max if measure in _LONGEST else sum)([each[measure] for each in every] or [0])
        for measure in measures
    }


def together_by_key(
    counted: Sequence[Mapping[str, Counted]], measures: Sequence[Measure]
) -> dict[str, Counted]:
    """The same, of each key for itself."""
    keys = dict.fromkeys(key for each in counted for key in each)
    return {key: together((each[key] for each in counted if key in each), measures) for key in keys}


@dataclass(frozen=True, kw_only=True, slots=True)
class DayTotal:
    """What was faxed on a day in a department."""

    day: str
    """YYYY-MM-DD in the company's time zone."""
    department: str
    counted: Counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Leader:
    """One of the numbers that lead a list."""

    number: str
    count: int
