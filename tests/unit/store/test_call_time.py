"""From which moment a fax may be called."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.call_window import CallWindow, read_window
from config.settings import DatetimeSettings, Settings
from store.call_time import CallTime, call_time, zones_of
from store.job import Priority

SEATTLE, BERLIN, TOLL_FREE, NOWHERE = "+12065551234", "+493012345678", "+18005551234", "+80012345678"
MOSCOW_MOBILE = "+79161234567"
AUCKLAND_MOBILE = "+6421123456"  # there or on the Chatham Islands, 45 minutes ahead
NAMES = {
    "Seattle": SEATTLE,
    "Berlin": BERLIN,
    "toll-free": TOLL_FREE,
    "nowhere": NOWHERE,
    "New Zealand": AUCKLAND_MOBILE,
}


def settings(**fax: Any) -> Settings:
    return Settings.model_validate({"fax": fax, "datetime": {"time_zone": "America/New_York"}})


def called(number: str, moment: str, priority: Priority = Priority.NORMAL, **fax: Any) -> str:
    """When a number is called, in UTC, of a fax of this moment in UTC."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return f"{call_time(number, priority, settings(**fax), at).at.astimezone(UTC):%Y-%m-%d %H:%M}"


DAY = "08:00-20:00"


@pytest.mark.parametrize(
    ("number", "moment", "expected"),
    [
        (BERLIN, "2026-11-27 06:59", "2026-11-27 07:00"),
        (BERLIN, "2026-11-27 07:00", "2026-11-27 07:00"),
        (BERLIN, "2026-11-27 18:59", "2026-11-27 18:59"),
        (BERLIN, "2026-11-27 19:00", "2026-11-28 07:00"),
        (SEATTLE, "2026-11-27 07:00", "2026-11-27 16:00"),
        # Of no place: by the sender's clock, in New York.
        (NOWHERE, "2026-11-27 07:00", "2026-11-27 13:00"),
        # Auckland is at UTC+13, the Chatham Islands at UTC+13:45: from 08:00 there to 20:00 here.
        (AUCKLAND_MOBILE, "2026-11-26 18:30", "2026-11-26 19:00"),
        (AUCKLAND_MOBILE, "2026-11-27 06:30", "2026-11-27 19:00"),
    ],
)
def test_the_clock_of_the_place_counts(number: str, moment: str, expected: str) -> None:
    assert called(number, moment, call_window=DAY) == expected


@pytest.mark.parametrize(
    ("moment", "window", "expected"),
    [
        # The night of 8 March 2026: at 02:00 the clock shows 03:00 (10:00 UTC).
        ("2026-03-08 09:00", "02:30-06:00", "2026-03-08 10:00"),
        ("2026-03-08 13:00", "02:30-06:00", "2026-03-09 09:30"),
        ("2026-03-08 09:00", "02:00-03:00", "2026-03-09 09:00"),
        ("2026-03-08 09:00", "Sun 02:15-02:45", "2026-03-15 09:15"),
        ("2026-03-08 04:00", DAY, "2026-03-08 15:00"),
        # The night of 1 November 2026: at 02:00 the clock shows 01:00 once more (09:00 UTC).
        ("2026-11-01 07:00", "01:30-01:45", "2026-11-01 08:30"),
        ("2026-11-01 08:50", "01:30-01:45", "2026-11-01 09:30"),
        ("2026-11-01 08:50", "00:30-01:45", "2026-11-01 09:00"),
        ("2026-11-01 04:00", DAY, "2026-11-01 16:00"),
    ],
)
def test_a_night_in_which_the_clock_is_turned(moment: str, window: str, expected: str) -> None:
    assert called(SEATTLE, moment, call_window=window) == expected


def test_the_most_exact_pattern_counts() -> None:
    hours = {"+49*": "10:00-11:00", "+4930*": "12:00-13:00", "+49301234567?": "14:00-15:00", "+1*": "always"}
    fax: dict[str, Any] = {"call_window": DAY, "call_windows": hours}
    assert called("+498912345678", "2026-11-27 00:00", **fax) == "2026-11-27 09:00"
    assert called("+493099999999", "2026-11-27 00:00", **fax) == "2026-11-27 11:00"
    assert called(BERLIN, "2026-11-27 00:00", **fax) == "2026-11-27 13:00"
    assert called(SEATTLE, "2026-11-27 07:00", **fax) == "2026-11-27 07:00"


@pytest.mark.parametrize(("allowed", "expected"), [(True, "2026-11-27 00:00"), (False, "2026-11-27 07:00")])
def test_an_urgent_fax_has_no_hours_if_the_policy_says_so(*, allowed: bool, expected: str) -> None:
    fax: dict[str, Any] = {"call_window": DAY, "urgent_at_any_time": allowed}
    assert called(BERLIN, "2026-11-27 00:00", Priority.HIGH, **fax) == expected
    assert called(BERLIN, "2026-11-27 00:00", **fax) == "2026-11-27 07:00"


def test_hours_that_never_hold_everywhere_count_where_they_hold() -> None:
    # Between Kaliningrad (UTC+2) and Kamchatka (UTC+12) three hours are nowhere the same.
    assert called(MOSCOW_MOBILE, "2026-11-27 12:00", call_window="09:00-12:00") == "2026-11-27 21:00"
    assert called(MOSCOW_MOBILE, "2026-11-27 09:30", call_window="09:00-12:00") == "2026-11-27 09:30"


def test_a_service_number_goes_by_the_senders_clock_where_that_can_be_its_own() -> None:
    # In New York; all of North America would be from Guam to Newfoundland, 22:00 to 23:30 in UTC.
    assert called(TOLL_FREE, "2026-11-27 02:00", call_window=DAY) == "2026-11-27 13:00"
    assert called("+448001111", "2026-11-27 02:00", call_window=DAY) == "2026-11-27 08:00"
    abroad = settings(call_window=DAY).model_copy(
        update={"datetime": DatetimeSettings(time_zone="Asia/Tokyo")}
    )
    at = datetime(2026, 11, 27, 2, tzinfo=UTC)
    assert call_time(TOLL_FREE, Priority.NORMAL, abroad, at).at == at.replace(hour=22)


def test_what_is_waited_for_can_be_told() -> None:
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    berlin = call_time(BERLIN, Priority.NORMAL, settings(call_window=DAY), moment)
    assert (berlin.waits, berlin.there, berlin.place) == (True, "08:00", "Berlin")
    seattle = call_time(SEATTLE, Priority.NORMAL, settings(call_window=DAY), moment + timedelta(hours=9))
    assert (seattle.there, seattle.place) == ("08:00", "Los Angeles")
    many = call_time(MOSCOW_MOBILE, Priority.NORMAL, settings(call_window=DAY), moment)
    assert (many.waits, many.there, many.place) == (True, "", "")
    assert call_time(BERLIN, Priority.NORMAL, settings(), moment) == CallTime(at=moment)


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
days = st.sampled_from(["", "Mon ", "Sun ", "Mon-Fri ", "Sat-Mon "])
periods = (
    st.tuples(days, minutes, minutes)
    .filter(lambda one: one[1] != one[2])
    .map(lambda one: f"{one[0]}{one[1]}-{one[2]}")
)
windows = st.lists(periods, min_size=1, max_size=3).map(", ".join)
# The nights in which clocks are turned, and others.
moments = st.one_of(
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 9)),  # noqa: DTZ001 - a zone is given below
    st.datetimes(datetime(2026, 10, 24), datetime(2026, 11, 2)),  # noqa: DTZ001 - as above
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - as above
).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))


def zones_called(number: str) -> list[ZoneInfo]:
    return [ZoneInfo(name) for name in zones_of(number) or ("America/New_York",)]


def holding(window: CallWindow, zones: list[ZoneInfo], at: datetime) -> int:
    """In how many of the zones the hours hold: by the definition, nothing else."""
    return sum(window.holds(at.astimezone(zone)) for zone in zones)


@given(name=st.sampled_from(["Seattle", "Berlin", "nowhere", "New Zealand"]), text=windows, moment=moments)
def test_no_moment_within_the_hours_is_passed_over(name: str, text: str, moment: datetime) -> None:
    number, window, zones = NAMES[name], read_window(text), zones_called(NAMES[name])
    assert window is not None
    found = call_time(number, Priority.NORMAL, settings(call_window=text), moment).at
    need = len(zones) if holding(window, zones, found) == len(zones) else 1
    assert holding(window, zones, found) >= need
    # Every quarter of an hour for a day, and every minute for two hours before what was found.
    passed = [moment + timedelta(minutes=15 * step) for step in range(96)]
    passed += [found - timedelta(minutes=step) for step in range(1, 120)]
    assert not [at for at in passed if moment <= at < found and holding(window, zones, at) >= need]


@given(text=windows, moment=moments, step=st.integers(0, 3 * 24 * 60))
def test_later_is_never_sooner_and_what_is_found_stays(text: str, moment: datetime, step: int) -> None:
    hours = settings(call_window=text)
    first = call_time(BERLIN, Priority.NORMAL, hours, moment).at
    assert first >= moment
    assert call_time(BERLIN, Priority.NORMAL, hours, first).at == first
    assert call_time(BERLIN, Priority.NORMAL, hours, moment + timedelta(minutes=step)).at >= first
