from datetime import UTC, datetime, timedelta

from notify.backoff import next_try

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_waits_grow_from_a_minute_to_an_hour() -> None:
    waits = [next_try(tries, NOW) for tries in range(1, 10)]
    minutes = [(again - NOW) / timedelta(minutes=1) for again in waits if again]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_it_gives_up_after_five_days_of_waiting() -> None:
    now, tries = NOW, 1
    while again := next_try(tries, now):
        now, tries = again, tries + 1
    assert timedelta(days=5) <= now - NOW < timedelta(days=5, hours=1)
    assert next_try(tries + 1, now) is None
