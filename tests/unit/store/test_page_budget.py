"""How many pages a user may still fax on a day."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import DatetimeSettings, Settings
from store.page_budget import day_begins, day_ends, refuse_pages
from store.status import Status

PACIFIC = DatetimeSettings(time_zone="America/Los_Angeles", date_format="MM/DD/YYYY", time_format="h:mm a")
NOW = datetime(2026, 11, 23, 17, 25, tzinfo=UTC)


def settings(limit: int) -> Settings:
    return Settings.model_validate({"fax": {"pages_per_day": limit}, "datetime": PACIFIC})


def test_a_day_goes_from_midnight_to_midnight_of_the_zone() -> None:
    assert day_begins(NOW, PACIFIC) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert day_ends(NOW, PACIFIC) == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    # Half past eleven at night there is the next day in UTC.
    late = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert day_begins(late, PACIFIC) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_day_on_which_clocks_change_is_longer_or_shorter() -> None:
    autumn = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
    assert day_ends(autumn, PACIFIC).astimezone(UTC) - day_begins(autumn, PACIFIC).astimezone(UTC) == (
        timedelta(hours=25)
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_every_moment_is_within_its_day(moment: datetime) -> None:
    assert day_begins(moment, PACIFIC) <= moment < day_ends(moment, PACIFIC)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 60))
def test_a_mail_is_refused_exactly_where_it_does_not_fit(pages: int, used: int, limit: int) -> None:
    assert (refuse_pages(pages, used, settings(limit), NOW) is not None) == (used + pages > limit)


def test_without_a_limit_nothing_is_refused() -> None:
    assert refuse_pages(10_000, 10_000, settings(0), NOW) is None


@pytest.mark.parametrize(
    ("pages", "used", "explanation", "advice"),
    [
        (
            12,
            95,
            "This mail makes 12 fax pages, and 95 of the 100 that you may fax in a day are used.",
            "Send it again after 11/24/2026 12:00 AM PST, or ask your administrator for more.",
        ),
        (
            1,
            100,
            "This mail makes 1 fax page, and 100 of the 100 that you may fax in a day are used.",
            "Send it again after 11/24/2026 12:00 AM PST, or ask your administrator for more.",
        ),
        (
            120,
            0,
            "This mail makes 120 fax pages, and you may fax 100 in a day.",
            "Send it in parts on several days, or ask your administrator for more.",
        ),
    ],
)
def test_the_numbers_are_told_and_when_it_is_free_again(
    pages: int, used: int, explanation: str, advice: str
) -> None:
    refusal = refuse_pages(pages, used, settings(100), NOW)
    assert refusal is not None
    assert (refusal.status, refusal.explanation, refusal.advice) == (Status.BLOCKED, explanation, advice)
    assert refusal.quotes_nothing
