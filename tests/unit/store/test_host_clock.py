"""A clock is compared with that of the book's server when it was set, and not before every write."""

import pickle
from copy import copy
from datetime import UTC, datetime, timedelta

import pytest

from store.errors import BookUnavailable, HostClockDiffers
from store.host_clock import MAY_DIFFER, HostClock, OwnClock

RIGHT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


class Host:
    """A host whose clock can be set, and the server that it asks."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.wrong_by = timedelta()
        self.asked = 0
        self.clock = HostClock(lambda: RIGHT + self.passed + self.wrong_by, lambda: self.passed)

    def now(self) -> datetime:
        return self.clock.now(self._of_server)

    def _of_server(self) -> datetime:
        self.asked += 1
        return RIGHT + self.passed


def test_the_server_is_asked_once_while_the_clock_goes_as_the_uptime_does() -> None:
    host = Host()
    for hours in range(3):
        host.passed = timedelta(hours=hours)
        assert host.now() == RIGHT + timedelta(hours=hours)
    assert host.asked == 1


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(hours=-3)])
def test_a_clock_that_is_set_wrong_is_not_written_by_until_it_is_right(by: timedelta) -> None:
    host = Host()
    host.now()
    host.wrong_by = by
    for _ in range(2):
        with pytest.raises(HostClockDiffers) as refused:
            host.now()
        assert refused.value.ahead == by
    host.wrong_by = timedelta()
    assert host.now() == RIGHT


def test_a_clock_that_is_wrong_from_the_beginning_is_not_written_by() -> None:
    host = Host()
    host.wrong_by = MAY_DIFFER + timedelta(seconds=1)
    with pytest.raises(HostClockDiffers, match=r"the clock of this host is 0:02:01 h ahead of"):
        host.now()


def test_a_clock_that_is_put_right_within_what_may_differ_is_asked_about_once() -> None:
    host = Host()
    host.wrong_by = MAY_DIFFER
    host.now()
    host.wrong_by = timedelta()
    host.now()
    host.now()
    assert host.asked == 2


def test_a_made_up_clock_is_believed() -> None:
    assert HostClock(lambda: RIGHT, None).now(lambda: RIGHT + timedelta(days=1)) == RIGHT


def test_the_error_is_told_to_each_who_waits_as_what_it_is() -> None:
    told = HostClockDiffers(timedelta(hours=1))
    for again in (copy(told), pickle.loads(pickle.dumps(told))):  # noqa: S301 - made here
        assert isinstance(again, HostClockDiffers)
        assert (again.ahead, again.sentence, again.cause) == (told.ahead, told.sentence, told.cause)
    other = copy(BookUnavailable("The disk is full.", "SQLITE_FULL"))
    assert (other.sentence, other.cause) == ("The disk is full.", "SQLITE_FULL")


def test_a_clock_of_its_own_is_found_set_once_for_each_time() -> None:
    uptime, wrong_by = timedelta(hours=1), timedelta()
    clock = OwnClock(lambda: uptime)

    def was_set() -> bool:
        return clock.was_set(RIGHT + uptime + wrong_by)

    assert was_set()  # nobody knows what was before
    uptime += timedelta(days=9)
    assert not was_set()
    wrong_by = timedelta(seconds=29)
    assert not was_set()
    wrong_by = timedelta(hours=4)
    assert was_set()
    assert not was_set()
    wrong_by = timedelta()
    assert was_set()
