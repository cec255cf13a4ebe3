"""From which moment a fax may be called, by the hours of its policy at the place that is called. Pure.

The hours are those of `fax.call_window`, or of the pattern of `fax.call_windows` that fits the number most
exactly. The clock is that of the number's time zone. A number of several zones (a mobile telephone of a large
country) is called while the hours hold in all of them; where there is no such moment, in any of them. A
number of no zone goes by the clock of the policy (`datetime.time_zone`), and so does a service number
(toll-free and the like) of which that clock's zone is one: whoever has it is there for the whole country.

Hours hold while the clock on the wall says so: in a night whose clocks are turned, they are so much shorter
or longer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from config.call_window import CallWindow, read_window
from config.fax import FaxSettings
from config.settings import Settings
from store.job import FaxJob, Priority

_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)
_SERVICE = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    }
)
_NOWHERE = "Etc/Unknown"  # libphonenumber's word for numbers of no place


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTime:
    """When a fax may be called."""

    at: datetime
    """From this moment on, in UTC."""
    zones: tuple[str, ...] = ()
    """Whose hours are waited for; empty where nothing is."""

    @property
    def waits(self) -> bool:
        """Whether it is later than was asked."""
        return bool(self.zones)

    @property
    def place(self) -> str:
        """The city of the time zone, as in `Los Angeles`; empty for several zones."""
        return self.zones[0].rpartition("/")[2].replace("_", " ") if len(self.zones) == 1 else ""

    @property
    def there(self) -> str:
        """What the clock there shows, as in `08:00`; empty for several zones."""
        return f"{self.at.astimezone(ZoneInfo(self.zones[0])):%H:%M}" if len(self.zones) == 1 else ""


def call_time(number: str, priority: Priority, settings: Settings, moment: datetime) -> CallTime:
    """The first moment from this one on at which a number may be called.

    Args:
        number: E.164 with its plus sign.
        priority: of the fax; a high one may have no hours (`fax.urgent_at_any_time`).
        settings: of its sender.
        moment: aware.
    """
    window = _window(number, priority, settings.fax)
    if window is None:
        return CallTime(at=moment)
    names = _zones_that_count(number, settings.datetime.time_zone, moment)
    at = _opening(window, [ZoneInfo(name) for name in names], moment)
    return CallTime(at=moment) if at == moment else CallTime(at=at, zones=names)


def call_time_of(job: FaxJob, moment: datetime) -> CallTime:
    """The first moment from this one on at which a job may be called."""
    return call_time(job.recipient.number, job.wishes.priority, job.user.settings, moment)


def waited_for(job: FaxJob) -> CallTime | None:
    """The hours that a job waits for, when it is due as soon as they begin; None where it waits for none."""
    before = call_time_of(job, job.due_at - _MINUTE)
    return before if before.waits and before.at == job.due_at else None


@lru_cache(maxsize=4096)
def zones_of(number: str) -> tuple[str, ...]:
    """The time zones that a number can be in, by their names; empty where that is not known."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ()
    return tuple(name for name in time_zones_for_number(parsed) if name != _NOWHERE)


def _zones_that_count(number: str, own: str, moment: datetime) -> tuple[str, ...]:
    """Those of the number, or the policy's `own`."""
    names = zones_of(number)
    shown = moment.astimezone(ZoneInfo(own)).utcoffset()
    if names and not (
        is_service_number(number)
        and any(moment.astimezone(ZoneInfo(name)).utcoffset() == shown for name in names)
    ):
        return names
    return (own,)


@lru_cache(maxsize=4096)
def is_service_number(number: str) -> bool:
    """Whether a number is one of those that a whole country calls, wherever whoever has it may be."""
    try:
        return phonenumbers.number_type(phonenumbers.parse(number, None)) in _SERVICE
    except phonenumbers.NumberParseException:
        return False


def _window(number: str, priority: Priority, fax: FaxSettings) -> CallWindow | None:
    if fax.urgent_at_any_time and priority is Priority.HIGH:
        return None
    fitting = [pattern for pattern in fax.call_windows if _fits(pattern, number)]
    hours = fax.call_windows[max(fitting, key=_exactness)] if fitting else fax.call_window
    return read_window(hours)


def _fits(pattern: str, number: str) -> bool:
    like = re.escape(pattern).replace(r"\?", "[0-9]").replace(r"\*", "[0-9]*")
    return re.fullmatch(like, number) is not None


def _exactness(pattern: str) -> tuple[int, int, str]:
    """More digits first; of as many, the longer pattern."""
    return sum(one.isdigit() for one in pattern), len(pattern), pattern


def _opening(window: CallWindow, zones: Sequence[ZoneInfo], moment: datetime) -> datetime:
    """The first moment from this one on that is within the hours of all zones, or else of any."""
    begin = moment.astimezone(UTC)
    if _holds_in_all(window, zones, begin):
        return moment
    candidates = sorted({at for zone in zones for at in _beginnings(window, zone, begin) if at > begin})
    for at in candidates:
        if _holds_in_all(window, zones, at):
            return at
    if any(window.holds(begin.astimezone(zone)) for zone in zones):
        return moment
    return next((at for at in candidates if any(window.holds(at.astimezone(zone)) for zone in zones)), moment)


def _holds_in_all(window: CallWindow, zones: Sequence[ZoneInfo], at: datetime) -> bool:
    return all(window.holds(at.astimezone(zone)) for zone in zones)


def _beginnings(window: CallWindow, zone: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """Every moment, in UTC, at which hours can begin in a zone, from this moment on for a good week.

    The clock comes to the beginning of a period, twice in a night that turns it back; or it is turned, and
    skips a beginning or falls back behind one.
    """
    day = moment.astimezone(zone).date()
    monday = datetime.combine(day - timedelta(days=day.weekday()), time.min)
    # Two weeks from Monday on: a single period a week may fall into the hour that is skipped.
    for weeks in range(3):
        for shown in window.beginnings(monday + weeks * _WEEK):
            for fold in (0, 1):
                yield shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    for days in range(15):
        if turned := _clock_turned(zone, moment + timedelta(days=days)):
            yield turned


def _clock_turned(zone: ZoneInfo, begin: datetime) -> datetime | None:
    """When within a day from this moment on the clock is turned, to the minute."""
    low = begin.replace(second=0, microsecond=0)
    high = low + timedelta(days=1)
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return None
    while high - low > _MINUTE:
        middle = low + (high - low) // (2 * _MINUTE) * _MINUTE
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
