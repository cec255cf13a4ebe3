"""The hours in which numbers may be called, as an administrator writes them, and how they are read.

    always                                    at any time
    08:00-20:00                               every day
    Mon-Fri 08:00-20:00, Sat 09:00-13:00      on some days; on Sunday not at all
    Fri 22:00-06:00                           into the next day
    Sat, Sun                                  whole days

Whose clock counts is not said here: it is that of the place that is called (`store.call_time`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator

from config.forms import Form
from config.values import did_you_mean, expected

ALWAYS = "always"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_PERIOD = re.compile(
    r"(?:(?P<first>[A-Za-z]+)(?: ?- ?(?P<last>[A-Za-z]+))?)?"
    r"(?: ?(?P<begin>[0-9]{1,2}:[0-9]{2}) ?- ?(?P<end>[0-9]{1,2}:[0-9]{2}))?"
)
_WHAT = "hours such as 08:00-20:00, hours with days such as Mon-Fri 08:00-20:00, Sat 09:00-13:00, or always"


@dataclass(frozen=True, slots=True)
class CallWindow:
    """Hours of a week, by the clock on the wall."""

    periods: tuple[tuple[int, int], ...]
    """Minutes since Monday 00:00 at which each begins and ends; an end may lie in the week after."""

    def holds(self, wall: datetime) -> bool:
        """Whether a clock that shows this is within the hours."""
        minute = wall.weekday() * _DAY_MINUTES + wall.hour * 60 + wall.minute
        return any(
            begin <= shown < end for begin, end in self.periods for shown in (minute, minute + _WEEK_MINUTES)
        )

    def beginnings(self, monday: datetime) -> Iterator[datetime]:
        """What the clock shows when a period begins, in the week that begins with this midnight."""
        return (monday + timedelta(minutes=begin) for begin, _ in self.periods)


@lru_cache(maxsize=256)
def read_window(text: str) -> CallWindow | None:
    """The hours of a text that `CallHours` let through; None for any time."""
    return None if text == ALWAYS else CallWindow(tuple(_periods(text)))


def _periods(text: str) -> Iterator[tuple[int, int]]:
    for part in text.split(","):
        found = _PERIOD.fullmatch(" ".join(part.split()))
        if not found or not found[0]:
            raise expected(_WHAT)
        begin, end = (_minutes(found["begin"]), _minutes(found["end"])) if found["begin"] else (0, 0)
        if begin == _DAY_MINUTES or (found["begin"] and begin == end):
            raise expected(_WHAT, "a period must begin before it ends; always stands for the whole day")
        length = end - begin if end > begin else end - begin + _DAY_MINUTES
        for day in _days(found["first"], found["last"]):
            yield day * _DAY_MINUTES + begin, day * _DAY_MINUTES + begin + length


def _minutes(shown: str) -> int:
    hour, minute = map(int, shown.split(":"))
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:  # noqa: PLR2004 - the clock
        raise expected(_WHAT, f"there is no {shown}")
    return hour * 60 + minute


def _days(first: str | None, last: str | None) -> tuple[int, ...]:
    if first is None:
        return tuple(range(7))
    begin = _day(first)
    end = begin if last is None else _day(last)
    return tuple((begin + one) % 7 for one in range((end - begin) % 7 + 1))


def _day(word: str) -> int:
    short = word[:3].title()
    whole = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if short in _DAYS and word.casefold() in {short.casefold(), whole[_DAYS.index(short)]}:
        return _DAYS.index(short)
    raise expected(_WHAT, did_you_mean(word, list(_DAYS)))


def _call_hours(value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if text.casefold() == ALWAYS:
        return ALWAYS
    tuple(_periods(text))
    return text


CallHours = Annotated[
    str,
    BeforeValidator(_call_hours),
    Form(words=_WHAT, example="Mon-Fri 08:00-20:00", pattern=r"[A-Za-z0-9:, -]+"),
]
