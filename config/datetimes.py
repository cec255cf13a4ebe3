"""Moments as people read them: in the policy's zone, made of the policy's tokens.

`DatetimeSettings` names the tokens: YYYY, YY, MMMM, MMM, MM, M, DD, D for dates and HH, H, hh, h, mm, ss, a
for times. Everything else in a format stands for itself. Cover pages, header lines and notices all write
times through this module, so a sender reads the same words everywhere.
"""

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from config.settings import DatetimeSettings


class Months(NamedTuple):
    """What the months are called, in full and short."""

    full: tuple[str, ...]
    short: tuple[str, ...]


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ENGLISH_MONTHS = Months(_MONTHS, tuple(month[:3] for month in _MONTHS))

# Longest first, or MMMM would be read as four times M.
_TOKEN = re.compile(r"YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|a")


def written(at: datetime, settings: DatetimeSettings, *, months: Months = ENGLISH_MONTHS) -> str:
    """A moment (any zone, not naive) as date, time and, where the policy says so, the zone's abbreviation."""
    parts = (date_of(at, settings, months=months), time_of(at, settings), zone_of(at, settings))
    return " ".join(part for part in parts if part)


def date_of(at: datetime, settings: DatetimeSettings, *, months: Months = ENGLISH_MONTHS) -> str:
    """Only the date."""
    return _filled(settings.date_format, _local(at, settings), months)


def time_of(at: datetime, settings: DatetimeSettings) -> str:
    """Only the time of day."""
    return _filled(settings.time_format, _local(at, settings), ENGLISH_MONTHS)


def zone_of(at: datetime, settings: DatetimeSettings) -> str:
    """The zone's abbreviation at that moment, or an empty text where the policy does not show it."""
    if not settings.show_zone:
        return ""
    name = _local(at, settings).tzname() or ""
    # Zones without an abbreviation of their own have their offset instead, such as -03 or +0545.
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def _local(at: datetime, settings: DatetimeSettings) -> datetime:
    return at.astimezone(ZoneInfo(settings.time_zone))


def _filled(tokens: str, local: datetime, months: Months) -> str:
    hour = local.hour % 12 or 12
    values = {
        "YYYY": f"{local.year:04}", "YY": f"{local.year % 100:02}",
        "MMMM": months.full[local.month - 1], "MMM": months.short[local.month - 1],
        "MM": f"{local.month:02}", "M": str(local.month), "DD": f"{local.day:02}", "D": str(local.day),
        "HH": f"{local.hour:02}", "H": str(local.hour), "hh": f"{hour:02}", "h": str(hour),
        "mm": f"{local.minute:02}", "ss": f"{local.second:02}", "a": ("AM", "PM")[local.hour // 12],
    }  # fmt: skip
    return _TOKEN.sub(lambda found: values[found[0]], tokens)
