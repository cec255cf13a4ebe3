"""A time in parts: its hours or its days, as clocks and calendars of a zone have them. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from store.tally import Period


class Step(Enum):
    """How long the parts are."""

    HOUR = "hour"
    DAY = "day"


def periods(whole: Period, step: Step, zone: ZoneInfo) -> Iterator[Period]:
    """The parts in order; the first and the last may be shorter."""
    begin = whole.begin.astimezone(UTC)
    while begin < whole.end:
        end = min(_next(begin, step, zone), whole.end.astimezone(UTC))
        yield Period(begin=begin, end=end)
        begin = end


def _next(moment: datetime, step: Step, zone: ZoneInfo) -> datetime:
    """When the part ends that a moment is in. Days have 23 or 25 hours where clocks are changed."""
    local = moment.astimezone(zone)
    if step is Step.DAY:
        following = datetime(local.year, local.month, local.day, tzinfo=zone) + timedelta(days=1)
        return following.astimezone(UTC)
    return (
        moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond) + _HOUR
    )


_HOUR = timedelta(hours=1)


def begin_words(period: Period, step: Step, zone: ZoneInfo) -> str:
    """How a part is named, in the way that sorts.

    An hour that comes twice, where clocks are put back, has the zone's abbreviation too.
    """
    local = period.begin.astimezone(zone)
    if step is Step.DAY:
        return f"{local:%Y-%m-%d}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%Y-%m-%d %H:00 %Z}" if twice else f"{local:%Y-%m-%d %H:00}"
