"""Several hosts over one book: each role is woken by what another host has done, and not by looking again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from postgresql_cluster import empty_book_on_server
from small_book import ARCHIVE, Clock, SmallBook, new_mail, policy, to

from postfax.schedule import Schedule
from store.book import Book
from store.records.schedule import Work

NEVER = 3600.0


@pytest.fixture(autouse=True)
def without_looking_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("changes.POLL_SECONDS", "postgresql_changes.LISTENING_POLL_SECONDS"):
        monkeypatch.setattr(f"store.{name}", NEVER)
    monkeypatch.setattr("postfax.schedule.LONGEST_SLEEP", NEVER)


async def test_each_role_is_woken_by_what_another_host_has_done(tmp_path: Path) -> None:
    url, clock = empty_book_on_server(), Clock()
    async with (
        Book(url, tmp_path / "here", clock=clock, owner="here/1/1") as here,
        Book(url, tmp_path / "there", clock=clock, owner="there/1/1") as there,
    ):
        small, schedule = SmallBook(book=there, clock=clock, folder=tmp_path), Schedule(here, clock)

        async def call() -> None:
            await small.queued("+12065550102", user=policy(archives=[ARCHIVE]))

        async def outcome() -> None:
            _, attempt = await small.call()
            await there.record_outcome(attempt.id, small.outcome(), None)

        steps: dict[Work, Callable[[], Awaitable[object]]] = {
            Work.RECEIVED_MAIL: lambda: there.accept_mail(new_mail(99)),
            Work.SUBMITTED_MAIL: lambda: small.submitted(to("+12065550101")),
            Work.CALL: call,
            Work.COPY: outcome,
        }
        for work, done_there in steps.items():
            waiting = asyncio.create_task(schedule.wait_for(work, since=schedule.generation))
            await asyncio.sleep(0)
            assert not waiting.done()
            await done_there()
            await asyncio.wait_for(waiting, 60)
        assert Work.NOTICE in (await here.outlook(clock())).due
