"""Times as people write them on the command line: `today`, `3d`, `2026-11-23`, `2026-11`. Pure.

A date without a time of day means its beginning where a period begins, and its end where one ends, in the
zone that the answer is told in.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

FORMS = "today, yesterday, 30min, 2h, 3d, 2w, 2026-11, 2026-11-23 or 2026-11-23T14:30"
_SPANS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_SPAN = re.compile(r"(\d{1,4})\s*(min|h|d|w)")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class NoMoment(ValueError):  # noqa: N818 - named as what happened
    """The text is no time, or one that cannot be meant; the message says what was expected."""


def begin_of(text: str, now: datetime, zone: tzinfo) -> datetime:
    """When a period begins.

    Raises:
        NoMoment: The text is no time, or one that has not come yet.
    """
    begin = _moment(text, now, zone)[0]
    if begin > now:
        raise NoMoment(f"'{text}' has not come yet: it is {now.astimezone(zone):%Y-%m-%d %H:%M %Z}.")
    return begin


def end_of(text: str, now: datetime, zone: tzinfo) -> datetime:
    """When a period ends; the moment itself is not part of it.

    Raises:
        NoMoment: The text is no time.
    """
    return _moment(text, now, zone)[1]


def _moment(text: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The beginning and the end of what a text names; both are the same for a time of day."""
    try:
        begin, end = _named(text.strip().lower(), now.astimezone(zone), zone)
    except (ValueError, OverflowError):
        raise NoMoment(f"'{text}' is no time: {FORMS} was expected.") from None
    if begin < _EARLIEST:
        raise NoMoment(f"'{text}' is long before there was anything to look for.")
    return begin.astimezone(UTC), end.astimezone(UTC)


def _named(text: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    if text == "now":
        return now, now
    if text in {"today", "yesterday"}:
        return _day(now - timedelta(days=text == "yesterday"), zone)
    if span := _SPAN.fullmatch(text):
        moment = (now.astimezone(UTC) - int(span[1]) * _SPANS[span[2]]).astimezone(zone)
        return moment, moment
    if month := _MONTH.fullmatch(text):
        return month_of(int(month[1]), int(month[2]), zone)
    moment = datetime.fromisoformat(text.upper())
    if _DATE.fullmatch(text):
        return _day(moment, zone)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment, moment


def _day(moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    begin = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    # By the calendar and not by hours: a day has 23 or 25 of them where clocks are changed.
    return begin, begin + timedelta(days=1)


def month_of(year: int, month: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """The beginning of a month and that of the next one.

    Raises:
        ValueError: There is no such month.
    """
    begin = datetime(year, month, 1, tzinfo=zone)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return begin, following
