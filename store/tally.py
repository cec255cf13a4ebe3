"""What reports count: faxes that were made in a period, of all departments or of some."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Leader:
    """One of the numbers that lead a list."""

    number: str
    count: int
