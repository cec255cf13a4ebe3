from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.datetimes import written
from config.settings import DatetimeSettings

AT = datetime(2026, 7, 4, 20, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date_format", "time_format", "zone", "expected"),
    [
        ("YYYY-MM-DD", "HH:mm", "UTC", "2026-07-04 20:05 UTC"),
        ("MM/DD/YYYY", "hh:mm a", "America/Los_Angeles", "07/04/2026 01:05 PM PDT"),
        ("D. MMMM YYYY", "H:mm:ss", "Europe/Berlin", "4. July 2026 22:05:09 CEST"),
        ("MMM D, YY", "h:mm a", "Asia/Kathmandu", "Jul 5, 26 1:50 AM UTC+0545"),
        ("M/D/YY", "HH.mm", "America/Sao_Paulo", "7/4/26 17.05 UTC-03"),
    ],
)
def test_times_are_written_in_the_zone_and_format_of_the_policy(
    date_format: str, time_format: str, zone: str, expected: str
) -> None:
    settings = DatetimeSettings(time_zone=zone, date_format=date_format, time_format=time_format)
    assert written(AT, settings) == expected


def test_the_zone_is_left_out_where_the_policy_says_so() -> None:
    assert written(AT, DatetimeSettings(show_zone=False)) == "2026-07-04 20:05"


@pytest.mark.parametrize(("hour", "expected"), [(0, "12 AM"), (11, "11 AM"), (12, "12 PM"), (23, "11 PM")])
def test_noon_and_midnight_are_twelve(hour: int, expected: str) -> None:
    settings = DatetimeSettings(time_format="h a", show_zone=False)
    assert written(AT.replace(hour=hour), settings) == f"2026-07-04 {expected}"


@given(at=st.datetimes(timezones=st.just(UTC)))
def test_an_unambiguous_format_reads_back_as_the_same_moment(at: datetime) -> None:
    settings = DatetimeSettings(date_format="YYYY-MM-DD", time_format="HH:mm:ss")
    assert datetime.fromisoformat(written(at, settings).removesuffix(" UTC")) == at.replace(
        tzinfo=None, microsecond=0
    )


@given(at=st.datetimes(timezones=st.just(UTC)), text=st.text(alphabet=" .,:/-年月日", max_size=8))
def test_what_is_no_token_stands_for_itself(at: datetime, text: str) -> None:
    settings = DatetimeSettings(date_format=f"D{text}M", time_format=f"H{text}mm", show_zone=False)
    assert written(at, settings) == f"{at.day}{text}{at.month} {at.hour}{text}{at.minute:02}"
