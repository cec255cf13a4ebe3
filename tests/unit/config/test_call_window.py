"""The hours in which numbers may be called, as they are written."""

from datetime import datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from config.call_window import CallHours, read_window
from config.fax import FaxSettings

HOURS: TypeAdapter[str] = TypeAdapter(CallHours)


def open_at(text: str, moments: str) -> list[bool]:
    """Whether the hours hold at each `Mon 08:00` of a list."""
    window = read_window(HOURS.validate_python(text))
    assert window is not None
    days = dict(
        zip(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), range(2, 9), strict=True)
    )  # March 2026
    found = []
    for moment in moments.split(", "):
        day, clock = moment.split(" ")
        hour, minute = map(int, clock.split(":"))
        found.append(window.holds(datetime(2026, 3, days[day], hour, minute)))  # noqa: DTZ001 - a clock on a wall
    return found


@pytest.mark.parametrize(
    ("text", "within", "without"),
    [
        ("08:00-20:00", "Mon 08:00, Sun 19:59", "Mon 07:59, Sun 20:00"),
        ("8:00 - 20:00", "Mon 08:00", "Mon 07:59"),
        ("Mon-Fri 08:00-20:00, Sat 09:00-13:00", "Fri 19:59, Sat 09:00", "Sat 08:59, Sun 12:00, Sat 13:00"),
        ("Fri 22:00-06:00", "Fri 22:00, Sat 05:59", "Fri 05:00, Sat 06:00, Sat 22:00"),
        ("Sun 22:00-06:00", "Sun 23:00, Mon 05:59", "Mon 06:00, Sun 05:59"),
        ("22:00-06:00", "Mon 00:00, Wed 23:59", "Mon 06:00, Wed 21:59"),
        ("Sat, Sun", "Sat 00:00, Sun 23:59", "Fri 23:59, Mon 00:00"),
        ("Sat-Mon", "Sat 12:00, Sun 12:00, Mon 12:00", "Tue 00:00, Fri 23:59"),
        ("monday 18:00-24:00", "Mon 18:00, Mon 23:59", "Tue 00:00, Mon 17:59"),
        ("Thu 00:00-00:01", "Thu 00:00", "Thu 00:01, Wed 23:59"),
    ],
)
def test_hours_hold_by_the_clock_on_the_wall(text: str, within: str, without: str) -> None:
    assert set(open_at(text, within)) == {True}
    assert set(open_at(text, without)) == {False}


@pytest.mark.parametrize("text", ["always", "Always", " ALWAYS "])
def test_always_has_no_hours(text: str) -> None:
    assert read_window(HOURS.validate_python(text)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "hours such as 08:00-20:00"),
        ("08:00", "hours such as 08:00-20:00"),
        ("8-20", "hours such as 08:00-20:00"),
        ("08:00-20:00;", "hours such as 08:00-20:00"),
        ("08:00-20:00,", "hours such as 08:00-20:00"),
        ("08:60-20:00", "there is no 08:60"),
        ("08:00-24:01", "there is no 24:01"),
        ("08:00-08:00", "must begin before it ends"),
        ("24:00-08:00", "must begin before it ends"),
        ("Mo-Fr 08:00-20:00", "did you mean Mon"),
        ("Mon-Fry 08:00-20:00", "hours such as"),
        ("never", "hours such as 08:00-20:00"),
    ],
)
def test_what_are_no_hours_is_told(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as found:
        HOURS.validate_python(text)
    (error,) = found.value.errors()
    assert said in f"{error['ctx']['expected']} {error['ctx']['hint']}"


def test_what_is_read_reads_the_same_again() -> None:
    fax = FaxSettings.model_validate(
        {"call_window": " Mon - Fri  8:00-20:00 ", "call_windows": {"+49 30*": "Sat,Sun"}}
    )
    assert fax.call_windows == {"+4930*": "Sat,Sun"}
    assert FaxSettings.model_validate(fax.model_dump(mode="json")) == fax
