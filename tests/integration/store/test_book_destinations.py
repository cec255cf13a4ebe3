"""Where a call begins, and what it teaches about its number, in one transaction with its outcome."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from small_book import SmallBook, policy, small_book, to

from config.retry import Resume
from config.settings import UserPolicy
from store.audit_entry import AuditAction
from store.destination import Destination
from store.job import FaxJob
from store.status import Status

NUMBER = "+12065550100"


@pytest_asyncio.fixture
async def small(tmp_path: Path) -> AsyncIterator[SmallBook]:
    async with small_book(tmp_path) as made:
        yield made


async def queued(small: SmallBook, pages: int, user: UserPolicy | None = None) -> FaxJob:
    mail_id, (job,) = await small.submitted(to(NUMBER), user)
    document = small.document()
    document = replace(document, pages=document.pages * pages)
    [made] = await small.book.record_documents(mail_id, {job.id: document})
    return made


async def broke_off(small: SmallBook, confirmed: int) -> FaxJob:
    """One call that broke off after so many pages of its own."""
    _, attempt = await small.call()
    outcome = small.outcome(Status.TRANSMISSION_FAILED, confirmed)
    return await small.book.record_outcome(attempt.id, outcome, small.clock())


async def test_each_call_begins_behind_what_all_calls_before_it_brought_over(small: SmallBook) -> None:
    await queued(small, 10)
    assert (await broke_off(small, 3)).pages_confirmed == 3
    assert (await broke_off(small, 0)).pages_confirmed == 3
    assert (await broke_off(small, 4)).pages_confirmed == 7
    _, attempt = await small.call()
    assert attempt.first_page == 7
    sent = await small.book.record_outcome(attempt.id, small.outcome(pages=3), None)
    assert (sent.status, sent.pages_confirmed) == (Status.SUCCESS, 10)
    job = await small.book.job(sent.id)
    assert job is not None
    assert [call.first_page for call in job.attempts] == [0, 3, 3, 7]


async def test_with_every_page_confirmed_and_no_success_the_last_page_is_sent_again(small: SmallBook) -> None:
    await queued(small, 2)
    await broke_off(small, 2)
    _, attempt = await small.call()
    assert attempt.first_page == 1


async def test_where_the_policy_says_so_every_call_sends_all_pages(small: SmallBook) -> None:
    user = policy()
    retry = user.settings.retry.model_copy(update={"resume": Resume.OFF})
    user = user.model_copy(update={"settings": user.settings.model_copy(update={"retry": retry})})
    await queued(small, 5, user)
    assert (await broke_off(small, 3)).pages_confirmed == 3
    _, attempt = await small.call()
    assert attempt.first_page == 0


@pytest.mark.parametrize("max_rate", [None, 9_600])
async def test_what_a_call_taught_is_kept_with_its_outcome_and_replaced_by_the_next(
    small: SmallBook, max_rate: int | None
) -> None:
    assert await small.book.destination(NUMBER) is None
    first = Destination(number=NUMBER, finest="standard", learned_at=small.clock())
    second = Destination(
        number=NUMBER, finest="fine", max_rate=max_rate, transport="G.711", learned_at=small.clock()
    )
    for known in (first, second):
        await queued(small, 1)
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None, destination=known)
        assert await small.book.destination(NUMBER) == known


async def test_what_was_learned_is_shown_and_forgotten(small: SmallBook) -> None:
    for number, days in ((NUMBER, 0), ("+12065550101", 40)):
        await small.queued(number)
        _, attempt = await small.call()
        known = Destination(number=number, finest="fine", learned_at=small.clock() - timedelta(days=days))
        await small.book.record_outcome(attempt.id, small.outcome(), None, destination=known)
    assert [known.number for known in await small.book.destinations(limit=9)] == [NUMBER, "+12065550101"]
    assert await small.book.forget_destinations_before(small.clock() - timedelta(days=30)) == 1
    assert await small.book.forget_destinations([NUMBER, "+1999"], by="root") == (NUMBER,)
    assert await small.book.destinations(limit=9) == ()


async def test_a_line_is_held_once_and_released_once_each_with_its_person(small: SmallBook) -> None:
    assert await small.book.hold_line("main", by="root", reason="carrier works")
    assert not await small.book.hold_line("main", by="ana")
    [held] = await small.book.held_lines()
    assert (held.line, held.reason, held.by) == ("main", "carrier works", "root")
    assert await small.book.release_line("main", by="ana")
    assert not await small.book.release_line("main", by="ana")
    assert await small.book.held_lines() == ()
    assert [(deed.action, deed.subject, deed.by) for deed in await small.book.audit()] == [
        (AuditAction.RELEASE_LINE, "main", "ana"),
        (AuditAction.HOLD_LINE, "main", "root"),
    ]
