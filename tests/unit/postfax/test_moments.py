"""Times on the command line: in the zone that is told, days by the calendar, months whole."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postfax.moments import NoMoment, begin_of, end_of

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # half past ten in the morning there


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[misc,arg-type]  # year, month, day and what follows


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("today", at(2026, 11, 23), at(2026, 11, 24)),
        ("yesterday", at(2026, 11, 22), at(2026, 11, 23)),
        ("2026-11-01", at(2026, 11, 1), at(2026, 11, 2)),
        ("2026-11", at(2026, 11, 1), at(2026, 12, 1)),
        ("2025-12", at(2025, 12, 1), at(2026, 1, 1)),
        ("2026-11-20T14:30", at(2026, 11, 20, 14, 30), at(2026, 11, 20, 14, 30)),
        ("2026-11-20T14:30+00:00", at(2026, 11, 20, 6, 30), at(2026, 11, 20, 6, 30)),
        ("2h", at(2026, 11, 23, 8, 30), at(2026, 11, 23, 8, 30)),
        ("now", at(2026, 11, 23, 10, 30), at(2026, 11, 23, 10, 30)),
    ],
)
def test_a_time_begins_and_ends(text: str, begin: datetime, end: datetime) -> None:
    assert begin_of(text, NOW, ZONE) == begin
    assert end_of(text, NOW, ZONE) == end


def test_a_day_on_which_clocks_are_changed_is_whole() -> None:
    length = end_of("2026-11-01", NOW, ZONE) - begin_of("2026-11-01", NOW, ZONE)
    assert length == timedelta(hours=25)


def test_a_span_goes_by_the_clock_and_not_by_the_calendar() -> None:
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)  # hours after clocks were set back
    assert moment - begin_of("1d", moment, ZONE) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-24", "has not come yet: it is 2026-11-23 10:30 PST"),
        ("1970-01-01", "long before there was anything"),
        ("2026-13", "'2026-13' is no time: today, yesterday"),
        ("9999w", "long before"),
        ("soon", "is no time"),
        ("", "is no time"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, told: str) -> None:
    with pytest.raises(NoMoment) as problem:
        begin_of(text, NOW, ZONE)
    assert told in str(problem.value)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with suppress(NoMoment):
        assert begin_of(text, NOW, ZONE) <= NOW
