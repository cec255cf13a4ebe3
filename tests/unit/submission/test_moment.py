from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from submission_facts import NOW  # a Thursday, 10:00 in Los Angeles

from submission.moment import read_moment
from submission.number import Unreadable

PACIFIC = ZoneInfo("America/Los_Angeles")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-11-27 08:00", "2026-11-27 08:00"),
        ("2026-11-27T08:00", "2026-11-27 08:00"),
        ("2026-11-27T0800", "2026-11-27 08:00"),
        ("2026-11-27T08:00:00.000Z", "2026-11-27 00:00"),
        ("2026-11-27, 8:30 pm", "2026-11-27 20:30"),
        ("2026-11-27 at 8 am", "2026-11-27 08:00"),
        ("12 am", "2026-11-27 00:00"),
        ("12 p.m.", "2026-11-26 12:00"),
        ("17:00", "2026-11-26 17:00"),
        ("09:00", "2026-11-27 09:00"),
        ("today 17:00", "2026-11-26 17:00"),
        ("Tomorrow 8:00", "2026-11-27 08:00"),
        ("Friday 08:00", "2026-11-27 08:00"),
        ("thu 09:00", "2026-12-03 09:00"),
        ("thu 11:00", "2026-11-26 11:00"),
        ("2026-11-27 08:00Z", "2026-11-27 00:00"),
        ("2026-11-27T08:00+01:00", "2026-11-26 23:00"),
        ("now", "2026-11-26 10:00"),
        ("+2 h", "2026-11-26 12:00"),
        ("in 90 minutes", "2026-11-26 11:30"),
        ("now + 1 day", "2026-11-27 10:00"),
        ("2027-03-13 02:30", "2027-03-13 02:30"),
    ],
)
def test_times_are_read_in_the_senders_zone(text: str, local: str) -> None:
    moment = read_moment(text, PACIFIC, NOW)
    assert isinstance(moment, datetime), moment
    assert f"{moment.astimezone(PACIFIC):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("11/27/2026 08:00", "could be read in more than one way"),
        ("27.11.2026 08:00", "could be read in more than one way"),
        ("11-27-26 08:00", "could be read in more than one way"),
        ("2026-11-27", "is not a time that is understood"),
        ("8", "is not a time that is understood"),
        ("25:00", "is not a time that is understood"),
        ("13 pm", "is not a time that is understood"),
        ("0 am", "is not a time that is understood"),
        ("2026-02-30 08:00", "is not a time that is understood"),
        ("someday 08:00", "is not a time that is understood"),
        ("+2 fortnights", "is not a time that is understood"),
        ("", "is not a time that is understood"),
        ("2026-11-26 09:00", "has passed"),
        ("today 09:00", "has passed"),
        ("2028-01-01 08:00", "more than a year ahead"),
        ("+99999 days", "more than a year ahead"),
        ("2027-03-14 02:30", "the clocks are put forward"),
    ],
)
def test_what_is_no_moment_is_told(text: str, explanation: str) -> None:
    problem = read_moment(text, PACIFIC, NOW)
    assert isinstance(problem, Unreadable)
    assert explanation in problem.explanation
    assert problem.advice


def test_an_hour_that_comes_twice_is_told_with_both() -> None:
    problem = read_moment("2027-10-31 02:30", BERLIN, NOW)
    assert isinstance(problem, Unreadable)
    assert problem.advice == "Write 2027-10-31 02:30+0200 or 2027-10-31 02:30+0100."
    both = [read_moment(text, BERLIN, NOW) for text in ("2027-10-31 02:30+0200", "2027-10-31 02:30+01:00")]
    assert both == [datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1)]


@given(st.integers(2 * 24 * 60, 350 * 24 * 60), st.sampled_from([PACIFIC, BERLIN]))
def test_what_is_written_out_is_read_back(minutes: int, zone: ZoneInfo) -> None:
    local = NOW.replace(tzinfo=None) + timedelta(minutes=minutes)
    moment = read_moment(f"{local:%Y-%m-%d %H:%M}", zone, NOW)
    if isinstance(moment, datetime):
        assert moment.astimezone(zone).replace(tzinfo=None) == local
    else:
        assert "clocks" in moment.explanation


@given(st.text(max_size=30))
def test_no_text_whatever_raises(text: str) -> None:
    moment = read_moment(text, PACIFIC, NOW)
    assert isinstance(moment, Unreadable) or NOW - timedelta(minutes=1) <= moment
