"""A time in its hours and days, where clocks are changed too."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postfax.periods import Step, begin_words, periods
from store.tally import Period

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Berlin")


def test_days_are_those_of_the_calendar() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    whole = Period(begin=datetime(2026, 10, 31, 12, tzinfo=zone), end=datetime(2026, 11, 3, tzinfo=zone))
    parts = list(periods(whole, Step.DAY, zone))
    assert [begin_words(part, Step.DAY, zone) for part in parts] == ["2026-10-31", "2026-11-01", "2026-11-02"]
    assert [part.end - part.begin for part in parts] == [timedelta(hours=hours) for hours in (12, 25, 24)]


def test_hours_begin_with_the_clock_of_the_zone() -> None:
    zone = ZoneInfo("Asia/Kolkata")
    whole = Period(begin=datetime(2026, 11, 1, 0, 10, tzinfo=UTC), end=datetime(2026, 11, 1, 2, tzinfo=UTC))
    parts = list(periods(whole, Step.HOUR, zone))
    assert [begin_words(part, Step.HOUR, zone) for part in parts] == [
        "2026-11-01 05:00",
        "2026-11-01 06:00",
        "2026-11-01 07:00",
    ]
    assert [part.begin.minute for part in parts] == [10, 30, 30]


def test_an_hour_that_comes_twice_has_two_names() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    whole = Period(begin=datetime(2026, 11, 1, 7, tzinfo=UTC), end=datetime(2026, 11, 1, 11, tzinfo=UTC))
    assert [begin_words(part, Step.HOUR, zone) for part in periods(whole, Step.HOUR, zone)] == [
        "2026-11-01 00:00",
        "2026-11-01 01:00 PDT",
        "2026-11-01 01:00 PST",
        "2026-11-01 02:00",
    ]


@pytest.mark.parametrize("step", Step)
@given(
    begin=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone
    hours=st.integers(1, 200),
    name=st.sampled_from(ZONES),
)
def test_parts_follow_one_another_and_are_the_whole(
    step: Step, begin: datetime, hours: int, name: str
) -> None:
    first = begin.replace(tzinfo=UTC)
    whole = Period(begin=first, end=first + timedelta(hours=hours))
    parts = list(periods(whole, step, ZoneInfo(name)))
    assert (parts[0].begin, parts[-1].end) == (whole.begin, whole.end)
    assert all(one.end == other.begin for one, other in pairwise(parts))
    assert all(timedelta(0) < part.end - part.begin <= timedelta(hours=26) for part in parts)
