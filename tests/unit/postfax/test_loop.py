"""A loop outlives whatever fails in it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from postfax import loop as loop_module
from postfax.loop import Loop
from postfax.schedule import Schedule
from store.book import Book
from store.errors import BookUnavailable
from store.records.schedule import Outlook, Work


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class ScriptedBook:
    """As much of a book as a schedule looks at; `outlook` raises what the test has prepared."""

    generation: int = 0
    troubles: list[Exception] = field(default_factory=list)

    async def outlook(self, _now: datetime) -> Outlook:
        if self.troubles:
            raise self.troubles.pop(0)
        return Outlook(due=frozenset(), next_due={})

    async def wait_for_change(self, _seconds: float, *, since: int) -> int:
        await asyncio.sleep(0.01)
        return since


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "PAUSE_AFTER_TROUBLE", 0.01)


@pytest.mark.parametrize("trouble", [BookUnavailable("The disk is full."), ValueError("unforeseen")])
async def test_a_failing_step_and_a_failing_wait_end_no_loop(trouble: Exception) -> None:
    steps, done = 0, asyncio.Event()

    async def step() -> bool:
        nonlocal steps
        steps += 1
        if steps == 1:
            raise trouble
        if steps > 3:
            done.set()
        return False

    book = ScriptedBook(troubles=[trouble])
    loop = Loop("one", step, Schedule(cast("Book", book), now), Work.CALL)
    await asyncio.wait_for(done.wait(), 60)
    await loop.stop(1)
    assert not book.troubles


async def test_a_step_that_takes_too_long_is_cut_off_at_the_stop() -> None:
    begun, cut_off = asyncio.Event(), asyncio.Event()

    async def step() -> bool:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cut_off.set()
            raise
        return True

    loop = Loop("one", step, Schedule(cast("Book", ScriptedBook()), now), Work.CALL)
    await begun.wait()
    await asyncio.wait_for(loop.stop(0.05), 60)
    assert cut_off.is_set()
