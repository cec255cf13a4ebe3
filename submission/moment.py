"""A time as people write it, in a mail that says when its fax is to be sent: one moment, or why it is none.

Understood are a day and a time (`2026-11-27 08:00`, `today 17:00`, `tomorrow 8 am`, `Friday 08:00`), a time
alone (the next time that the clock shows it), an offset (`+2 h`, `in 90 min`), and `now`. A zone may follow
(`Z`, `+01:00`); without it the sender's time zone counts. Nothing is guessed: a day in a form that Europe and
America read differently, an hour that the change of clocks leaves out, and one that it repeats are refused.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from submission.number import Unreadable

_SECOND = r"(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?"
_TIME = rf"(?P<hour>\d{{1,2}})(?:[:.]?(?P<minute>[0-5]\d){_SECOND})?\s*(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?:\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2}))?"
_DAY = r"(?P<day>\d{4}-\d{2}-\d{2}|today|tomorrow|mon|tue|wed|thu|fri|sat|sun|[a-z]+day)"
_MOMENT = re.compile(rf"(?:{_DAY}(?:\s*[t,]\s*|\s+at\s+|\s+))?{_TIME}{_ZONE}", re.IGNORECASE)
_OFFSET = re.compile(r"(?:in\s+|now\s*\+\s*|\+\s*)(?P<count>\d{1,5})\s*(?P<unit>[a-z]+)", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OTHER_ORDER = re.compile(r"\d{1,4}[./]\d{1,2}[./]\d{1,4}|(?<!\d)\d{1,2}-\d{1,2}-\d{2,4}")
_FURTHEST = timedelta(days=366)
_NOON = 12

_ADVICE = "Write it as 2026-11-27 08:00, tomorrow 08:00, 08:00 or +2 h."


def read_moment(text: str, zone: ZoneInfo, now: datetime) -> datetime | Unreadable:
    """The moment that a text names, in UTC.

    Args:
        text: As it was written.
        zone: The sender's time zone.
        now: When the mail was received.
    """
    written = " ".join(text.split())
    if written.lower() == "now":
        return now
    if offset := _OFFSET.fullmatch(written):
        return _later(written, offset, now)
    found = _MOMENT.fullmatch(written)
    if not found or not (found["minute"] or found["half"]):
        return _unreadable(written)
    try:
        moment = _moment(found, zone, now)
    except (ValueError, OverflowError):
        return _unreadable(written)
    return moment if isinstance(moment, Unreadable) else _within_a_year(written, moment, now)


def _later(written: str, offset: re.Match[str], now: datetime) -> datetime | Unreadable:
    unit = _UNITS.get(offset["unit"].lower())
    if unit is None:
        return _unreadable(written)
    return _within_a_year(written, now + int(offset["count"]) * unit, now)


def _moment(found: re.Match[str], zone: ZoneInfo, now: datetime) -> datetime | Unreadable:
    clock = _clock(found)
    own_zone = _zone(found["zone"])
    local_now = now.astimezone(own_zone or zone)
    day = _day(found["day"], local_now.date(), passed=clock <= local_now.time())
    if own_zone:
        return datetime.combine(day, clock, own_zone).astimezone(UTC)
    return _in_zone(datetime.combine(day, clock), zone)


def _clock(found: re.Match[str]) -> time:
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError("no hour of half a day")
        hour = hour % _NOON + (_NOON if found["half"][0].lower() == "p" else 0)
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))


def _zone(text: str | None) -> ZoneInfo | None:
    if text is None:
        return None
    if text.lower() in {"z", "utc"}:
        return ZoneInfo("UTC")
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo  # type: ignore[return-value]


def _day(text: str | None, today: date, *, passed: bool) -> date:
    """The day that is meant; a weekday, or no day, is the next one on which the time has not passed."""
    match (text or "").lower():
        case "":
            return today + timedelta(days=passed)
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case word if word[0].isdigit():
            return date.fromisoformat(word)
        case word:
            [weekday] = (number for number, name in enumerate(_WEEKDAYS) if word in {name, name[:3]})
            ahead = (weekday - today.weekday()) % 7
            return today + timedelta(days=7 if ahead == 0 and passed else ahead)


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime | Unreadable:
    """A local time as a moment (PEP 495: `fold` tells the two apart that have one name)."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    shown = f"{local:%Y-%m-%d %H:%M}"
    if first.astimezone(zone).replace(tzinfo=None) != local:
        return Unreadable(
            explanation=f"There is no {shown} in {zone.key}: the clocks are put forward then.",
            advice="Write another time.",
        )
    offsets = " or ".join(f"{shown}{one.astimezone(zone):%z}" for one in (first, second))
    return Unreadable(
        explanation=f"{shown} comes twice in {zone.key}: the clocks are put back then.",
        advice=f"Write {offsets}.",
    )


def _within_a_year(written: str, moment: datetime, now: datetime) -> datetime | Unreadable:
    if moment < now - timedelta(minutes=1):
        return Unreadable(explanation=f"'{written}' has passed.", advice="Write a time that is to come.")
    if moment > now + _FURTHEST:
        return Unreadable(explanation=f"'{written}' is more than a year ahead.", advice=_ADVICE)
    return moment


def _unreadable(written: str) -> Unreadable:
    if _OTHER_ORDER.search(written):
        return Unreadable(
            explanation=f"'{written}' is not taken for a day: its order could be read in more than one way.",
            advice="Write the year, the month and the day, as in 2026-11-27 08:00.",
        )
    return Unreadable(explanation=f"'{written}' is not a time that is understood.", advice=_ADVICE)
