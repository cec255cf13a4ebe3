"""The time that has surely come, whatever somebody does to the clock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.reckoning import BELIEVED_AFTER, MAY_BE_OFF, MAY_BE_SET, Reading, Reckoned, reckon, set_by

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NONE = timedelta()


@dataclass
class Host:
    """A host that is looked at again and again."""

    clock: datetime = NOON
    uptime: timedelta = 10 * DAY
    time: datetime = NOON
    last: Reckoned | None = None

    def look(self, passed: timedelta = NONE, *, set_on: timedelta = NONE) -> Reckoned:
        """After so much time, with the clock set on by so much."""
        self.time += passed
        self.clock += passed + set_on
        self.uptime += passed
        self.last = reckon(self.last, Reading(clock=self.clock, uptime=self.uptime))
        return self.last

    def starts_anew(self, *, off: timedelta, set_on: timedelta = NONE) -> Reckoned:
        self.uptime = -off
        return self.look(off, set_on=set_on)


def test_the_first_look_and_steady_ones_believe_the_clock() -> None:
    host = Host()
    assert host.look().time == NOON
    for _ in range(3):
        assert host.look(9 * DAY) == Reckoned(
            time=host.time, read=Reading(clock=host.clock, uptime=host.uptime)
        )


@pytest.mark.parametrize("by", [MAY_BE_SET, -HOUR, -DAY])
def test_a_clock_that_is_set_a_little_or_back_is_believed(by: timedelta) -> None:
    host = Host()
    host.look()
    assert host.look(MINUTE, set_on=by).time == NOON + MINUTE + by
    assert host.look(MINUTE).believed_at is None


def test_a_clock_that_is_set_ahead_is_not_believed_for_a_day() -> None:
    host = Host()
    host.look()
    doubted = host.look(MINUTE, set_on=DAY)
    assert (doubted.time, doubted.ahead) == (NOON + MINUTE, DAY)
    assert doubted.believed_at == host.clock + BELIEVED_AFTER
    later = host.look(BELIEVED_AFTER - MINUTE)
    assert (later.time, later.believed_at) == (NOON + BELIEVED_AFTER, host.clock + MINUTE)
    believed = host.look(MINUTE)
    assert (believed.time, believed.believed_at, believed.ahead) == (host.clock, None, NONE)


def test_a_clock_that_is_set_right_again_is_believed_at_once() -> None:
    host = Host()
    host.look()
    host.look(MINUTE, set_on=30 * DAY)
    right = host.look(HOUR, set_on=-30 * DAY)
    assert (right.time, right.believed_at) == (NOON + HOUR + MINUTE, None)


def test_a_clock_that_goes_on_jumping_is_not_believed() -> None:
    host = Host()
    host.look()
    for _ in range(40):
        assert host.look(6 * HOUR, set_on=2 * HOUR).time == host.time


@pytest.mark.parametrize(
    ("gap", "believed"), [(MAY_BE_OFF, True), (MAY_BE_OFF + MINUTE, False), (-DAY, True)]
)
def test_what_a_clock_shows_after_a_restart_is_believed_within_a_day(gap: timedelta, believed: bool) -> None:  # noqa: FBT001 - as parametrized
    host = Host()
    host.look()
    after = host.starts_anew(off=HOUR, set_on=gap - HOUR)
    assert (after.believed_at is None, after.time) == (believed, host.clock if believed else NOON)


def test_a_host_that_was_off_for_days_removes_nothing_new_for_one() -> None:
    host = Host()
    host.look()
    assert host.starts_anew(off=3 * DAY).time == NOON
    assert host.look(BELIEVED_AFTER - MINUTE).time == NOON + BELIEVED_AFTER - MINUTE
    assert host.look(MINUTE).time == host.time


def test_restarts_end_no_doubt_and_do_not_prolong_it() -> None:
    host = Host()
    host.look()
    host.look(MINUTE, set_on=3 * HOUR)
    for _ in range(3):
        host.look(6 * HOUR)
        assert host.starts_anew(off=HOUR).believed_at is not None
    assert host.look(6 * HOUR - MINUTE).believed_at is not None
    assert host.look(MINUTE).believed_at is None


def test_a_clock_that_was_set_right_while_the_host_was_off_is_believed() -> None:
    host = Host()
    host.look()
    host.look(MINUTE, set_on=DAY)
    assert host.starts_anew(off=2 * HOUR, set_on=-DAY).believed_at is None


def test_another_hosts_uptime_says_nothing() -> None:
    host = Host()
    mine = host.look()
    theirs = Reading(clock=NOON + HOUR, uptime=99 * DAY)
    assert reckon(mine, theirs, of_another=True).time == NOON + HOUR
    far = replace(theirs, clock=NOON + 2 * DAY)
    assert reckon(mine, far, of_another=True).time == NOON


STEPS = st.lists(
    st.tuples(
        st.integers(0, 120).map(lambda minutes: minutes * MINUTE),
        st.one_of(st.just(0), st.integers(121, 100_000), st.integers(-100_000, -1)).map(
            lambda minutes: minutes * MINUTE
        ),
    ),
    max_size=11,
)
"""In all less than a day, in which the clock is set on by much, or back by anything."""


@given(STEPS)
@example([(0 * MINUTE, 121 * MINUTE), (0 * MINUTE, -61 * MINUTE)])  # as far as one sets a clock
def test_within_a_day_no_look_makes_time_come_earlier_than_a_clock_may_be_set(
    steps: list[tuple[timedelta, timedelta]],
) -> None:
    host = Host()
    told = host.look()
    for passed, set_on in steps:
        surely = told.time + passed
        told = host.look(passed, set_on=set_on)
        assert told.time <= max(host.time, surely + MAY_BE_SET)


@given(
    up=st.timedeltas(NONE, 9 * DAY), passed=st.timedeltas(NONE, 9 * DAY), by=st.timedeltas(-9 * DAY, 9 * DAY)
)
def test_how_far_a_clock_was_set_is_what_it_went_without_the_uptime(
    up: timedelta, passed: timedelta, by: timedelta
) -> None:
    before = Reading(clock=NOON, uptime=up)
    assert set_by(before, Reading(clock=NOON + passed + by, uptime=up + passed)) == by


def test_a_restart_tells_nothing_of_the_clock() -> None:
    assert set_by(Reading(clock=NOON, uptime=HOUR), Reading(clock=NOON + DAY, uptime=MINUTE)) == NONE
