"""Counting in several processes at once: what each sees is what all did."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mta.smtp import shared_counts
from mta.smtp.shared_counts import BUCKETS, WAYS, Gauge, SharedCounts, Window, make_shared

WORKERS = 3
KEYS = st.integers(1, 8).map(lambda number: number << 40)


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = make_shared(WORKERS)
    yield made
    os.close(made)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, WORKERS - 1), KEYS, st.booleans()), max_size=80))
def test_gauges_are_the_sum_of_all_workers(steps: list[tuple[int, int, bool]]) -> None:
    shared = make_shared(WORKERS)
    workers = [SharedCounts(shared, own=number) for number in range(WORKERS)]
    os.close(shared)
    held: Counter[tuple[int, int]] = Counter()
    for worker, key, up in steps:
        if not up and not held[worker, key]:
            continue
        amount = 1 if up else -1
        held[worker, key] += amount
        workers[worker].add_keyed(key, amount)
        workers[worker].add(Gauge.SESSIONS, amount)
    for counts in workers:
        assert counts.total(Gauge.SESSIONS) == held.total()
        assert counts.total(Gauge.OCTETS) == 0
        for key in {key for _, key in held}:
            assert counts.total_keyed(key) == sum(held[worker, key] for worker in range(WORKERS))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, WORKERS - 1), KEYS, st.floats(0, 40)), max_size=60))
def test_events_count_for_their_window_less_at_most_one_part(steps: list[tuple[int, int, float]]) -> None:
    shared = make_shared(WORKERS)
    workers = [SharedCounts(shared, own=number) for number in range(WORKERS)]
    os.close(shared)
    now, happened = 1000.0, list[tuple[int, float]]()
    length, part = Window.MINUTE.seconds, Window.MINUTE.seconds / BUCKETS
    for worker, key, pause in steps:
        now += pause
        workers[worker].note(Window.MINUTE, key, now)
        happened.append((key, now))
        surely = sum(1 for one, at in happened if one == key and at > now - (length - part))
        at_most = sum(1 for one, at in happened if one == key and at > now - length)
        for counts in workers:
            assert surely <= counts.noted(Window.MINUTE, key, now) <= at_most
            assert counts.noted(Window.HOUR, key, now) == 0


def work(descriptor: int, own: int, rounds: int, go: int, done: int) -> None:
    counts = SharedCounts(descriptor, own=own)
    os.read(go, 1)
    key = counts.key("sessions", "192.0.2.0/24")
    for number in range(rounds):
        counts.add(Gauge.OCTETS, 3)
        counts.add(Gauge.OCTETS, -2)
        counts.add_keyed(key, 1)
        counts.note(Window.HOUR, key, 5000.0)
        assert counts.total(Gauge.OCTETS) >= number + 1
        assert counts.total_keyed(key) >= number + 1
        assert counts.noted(Window.HOUR, key, 5000.0) >= number + 1
    os.write(done, b"x")


def test_processes_that_write_at_the_same_time_lose_nothing(descriptor: int) -> None:
    rounds = 3000
    watcher = SharedCounts(descriptor, own=0)
    key = watcher.key("sessions", "192.0.2.0/24")
    (go, start), (done, end) = os.pipe(), os.pipe()
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=work, args=(descriptor, own, rounds, go, end)) for own in range(1, WORKERS)
    ]
    for process in processes:
        process.start()
    os.write(start, b"xx")
    seen = 0
    while seen < (WORKERS - 1) * rounds and any(process.is_alive() for process in processes):
        total = watcher.total_keyed(key)
        assert total >= seen
        seen = total
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert len(os.read(done, 10)) == WORKERS - 1
    assert watcher.total(Gauge.OCTETS) == (WORKERS - 1) * rounds
    assert watcher.total_keyed(key) == (WORKERS - 1) * rounds
    assert watcher.noted(Window.HOUR, key, 5000.0) == (WORKERS - 1) * rounds
    for pipe in (go, start, done, end):
        os.close(pipe)


def test_who_takes_a_dead_workers_place_begins_with_nothing(descriptor: int) -> None:
    first, dead = SharedCounts(descriptor, own=0), SharedCounts(descriptor, own=1)
    for counts in (first, dead):
        counts.add(Gauge.SESSIONS, 5)
        counts.add_keyed(7, 2)
        counts.note(Window.MINUTE, 7, 10.0)
    again = SharedCounts(descriptor, own=1)
    assert (again.total(Gauge.SESSIONS), again.total_keyed(7), again.noted(Window.MINUTE, 7, 10.0)) == (
        5,
        2,
        1,
    )


def test_more_keys_than_there_is_room_for_cost_the_least_busy_ones() -> None:
    counts = SharedCounts()
    crowd = [1 + number * shared_counts.EVENT_SLOTS for number in range(3 * WAYS)]
    for _ in range(5):
        counts.note(Window.MINUTE, crowd[0], 100.0)
    for key in crowd:
        counts.note(Window.MINUTE, key, 100.0)
    assert counts.noted(Window.MINUTE, crowd[0], 100.0) == 6
    assert counts.noted(Window.MINUTE, crowd[-1], 100.0) == 1
    assert sum(counts.noted(Window.MINUTE, key, 100.0) > 0 for key in crowd) == WAYS


def test_a_worker_knows_its_own_gauges_even_where_there_is_no_room(descriptor: int) -> None:
    counts, other = SharedCounts(descriptor, own=0), SharedCounts(descriptor, own=1)
    crowd = [1 + number * shared_counts.GAUGE_SLOTS for number in range(WAYS + 3)]
    for key in crowd:
        counts.add_keyed(key, 1)
    assert all(counts.total_keyed(key) == 1 for key in crowd)
    assert sum(other.total_keyed(key) for key in crowd) == WAYS
    for key in crowd:
        counts.add_keyed(key, -1)
    assert sum(other.total_keyed(key) for key in crowd) == 0
    counts.add_keyed(crowd[-1], 4)
    assert other.total_keyed(crowd[-1]) == 4


def test_keys_are_secret_and_of_their_kind(descriptor: int) -> None:
    here, there, elsewhere = SharedCounts(descriptor, own=0), SharedCounts(descriptor, own=1), SharedCounts()
    assert here.key("a", "b") == there.key("a", "b") != elsewhere.key("a", "b")
    assert here.key("a", "b") != here.key("c", "b")
