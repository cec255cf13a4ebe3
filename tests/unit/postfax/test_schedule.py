"""A loop is woken when its own work is due, and not by every change of the book."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from postfax import schedule as schedule_module
from postfax.schedule import Schedule
from store.book import Book
from store.errors import BookUnavailable
from store.records.schedule import Outlook, Work


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class ScriptedBook:
    """As much of a book as a schedule looks at."""

    generation: int = 0
    due: frozenset[Work] = frozenset()
    next_due: dict[Work, datetime] = field(default_factory=dict)
    looks: int = 0
    unavailable: bool = False
    at_look: Callable[[], object] = lambda: None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def outlook(self, _now: datetime) -> Outlook:
        self.looks += 1
        self.at_look()
        await asyncio.sleep(0)
        if self.unavailable:
            raise BookUnavailable("The disk is full.", "scripted")
        return Outlook(due=self.due, next_due=dict(self.next_due))

    async def wait_for_change(self, seconds: float, *, since: int) -> int:
        if self.generation == since:
            try:
                await asyncio.wait_for(self.changed.wait(), seconds)
            except TimeoutError:
                return since
        return self.generation

    def change(self, *due: Work) -> None:
        self.due = frozenset(due)
        self.generation += 1
        self.changed.set()
        self.changed = asyncio.Event()


def schedule_of(book: ScriptedBook) -> Schedule:
    return Schedule(cast("Book", book), now)


async def waiting(schedule: Schedule, *works: Work) -> list[asyncio.Task[None]]:
    """One who waits for each, in this order."""
    tasks = []
    for work in works:
        tasks.append(asyncio.create_task(schedule.wait_for(work, since=0)))
        await asyncio.sleep(0.02)
    return tasks


async def test_a_change_wakes_only_those_who_have_something_to_do() -> None:
    book = ScriptedBook()
    schedule = schedule_of(book)
    call, notice = await waiting(schedule, Work.CALL, Work.NOTICE)
    book.change(Work.NOTICE)
    await asyncio.wait_for(notice, 60)
    await asyncio.sleep(0.02)
    assert not call.done()
    book.change(Work.CALL)
    await asyncio.wait_for(call, 60)


async def test_of_two_who_wait_for_the_same_the_next_is_woken_by_the_next_change() -> None:
    book = ScriptedBook()
    schedule = schedule_of(book)
    first, second = await waiting(schedule, Work.NOTICE, Work.NOTICE)
    book.change(Work.NOTICE)
    await asyncio.wait_for(first, 60)
    assert not second.done()
    book.change(Work.NOTICE)
    await asyncio.wait_for(second, 60)


async def test_one_that_was_woken_and_has_not_run_yet_is_not_waited_for() -> None:
    book = ScriptedBook()
    schedule = schedule_of(book)
    first, second = await waiting(schedule, Work.NOTICE, Work.COPY)
    [of_first, _] = schedule._waiters
    # Its timer runs out in the turn of the loop in which the look at the book comes to its end.
    book.at_look = lambda: asyncio.get_running_loop().call_soon(of_first.wake)
    book.change()
    await asyncio.wait_for(first, 60)
    book.at_look = lambda: None
    book.change(Work.COPY)
    await asyncio.wait_for(second, 60)


async def test_everybody_hears_that_the_book_cannot_be_looked_at() -> None:
    book = ScriptedBook()
    schedule = schedule_of(book)
    tasks = await waiting(schedule, *Work)
    book.unavailable = True
    book.change()
    heard = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
    assert [type(problem) for problem in heard] == [BookUnavailable] * len(Work)
    book.unavailable = False
    again = asyncio.create_task(schedule.wait_for(Work.CALL, since=1))
    await asyncio.sleep(0.02)
    book.change(Work.CALL)
    await asyncio.wait_for(again, 60)


async def test_what_is_due_and_cannot_be_claimed_waits_for_a_change() -> None:
    book = ScriptedBook(due=frozenset({Work.CALL}))
    schedule = schedule_of(book)
    waiting = asyncio.create_task(schedule.wait_for(Work.CALL, since=0))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    book.change(Work.CALL)
    await asyncio.wait_for(waiting, 60)


async def test_a_change_before_waiting_is_not_missed() -> None:
    book = ScriptedBook(generation=7, due=frozenset({Work.CALL}))
    await asyncio.wait_for(schedule_of(book).wait_for(Work.CALL, since=6), 60)


async def test_it_ends_when_something_comes_due_or_after_the_longest_sleep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = ScriptedBook(next_due={Work.CALL: now() + timedelta(seconds=0.1)})
    schedule = schedule_of(book)
    await asyncio.wait_for(schedule.wait_for(Work.CALL, since=0), 60)
    monkeypatch.setattr(schedule_module, "LONGEST_SLEEP", 0.05)
    await asyncio.wait_for(schedule.wait_for(Work.NOTICE, since=0), 60)


async def test_a_flood_of_changes_is_looked_at_in_portions() -> None:
    book = ScriptedBook()
    schedule = schedule_of(book)
    waiting = [asyncio.create_task(schedule.wait_for(work, since=0)) for work in Work]
    clock = asyncio.get_running_loop().time
    began = clock()
    for _ in range(200):
        await asyncio.sleep(0.0005)
        book.change()
    assert 1 < book.looks <= 2 + (clock() - began) / schedule_module._APART
    for task in waiting:
        task.cancel()
