"""Several processes on one book: who there is, who has which duty, and how many calls a line has in all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from small_book import LEASE, SmallBook, header, small_book, url_of

from store.book import Book
from store.lifecycle import JobState
from store.node import LATE_AFTER, Node, NodeFacts, NodeState
from store.outbox import NoticeKind
from store.records.calls import CONFIRMED_BEFORE
from store.records.claims import KNOWN_FOR
from store.status import Status

FACTS = NodeFacts(roles=("convert", "transmit"), version="1.2", lines_down={"main": "no answer"})
LOST_AFTER = timedelta(minutes=10)


@pytest_asyncio.fixture
async def small(tmp_path: Path, database: str) -> AsyncIterator[SmallBook]:
    async with small_book(tmp_path) as book:
        yield book


@asynccontextmanager
async def other(small: SmallBook, owner: str) -> AsyncIterator[Book]:
    """The same book as another process has it."""
    url = url_of(small.folder)
    async with Book(url, small.folder / "documents", clock=small.clock, owner=owner) as book:
        yield book


def nobody(_: str) -> bool:
    return False


async def the_node(book: Book, owner: str) -> Node:
    [node] = [node for node in await book.nodes() if node.owner == owner]
    return node


async def test_a_node_tells_of_itself_and_is_seen_with_what_it_has_in_hand(small: SmallBook) -> None:
    await small.queued("+12065550101", "+12065550102")
    async with other(small, "one/1/1") as one:
        began = small.clock()
        await one.announce_node(FACTS)
        assert await one.claim_call({"main": 2}, LEASE, header)
        assert await one.claim_notice(LEASE)
        assert await one.claim_duty("housekeeping", LEASE)
        small.clock.set_on(timedelta(seconds=15))
        await one.announce_node(FACTS)
        node = await the_node(small.book, "one/1/1")
        assert (node.name, node.host, node.facts) == ("one/1", "one", FACTS)
        assert (node.since, node.heard_at) == (began, small.clock())
        assert (node.in_hand.calls, node.in_hand.notices, node.in_hand.mails) == (1, 1, 0)
        assert node.in_hand.duties == ("housekeeping",)
        assert await small.book.nodes_with_role("transmit", began) == 1
        assert await small.book.nodes_with_role("mta", began) == 0
        small.clock.set_on(timedelta(minutes=5))
        assert await small.book.nodes_with_role("transmit", small.clock() - LATE_AFTER) == 0
        await one.node_left()
    assert await small.book.nodes() == ()


async def test_how_a_node_stands(small: SmallBook) -> None:
    async with other(small, "one/1/1") as one:
        await one.announce_node(FACTS)
    node, now = await the_node(small.book, "one/1/1"), small.clock()
    assert node.state(now, LOST_AFTER, nobody) is NodeState.RUNNING
    assert node.state(now, LOST_AFTER, lambda owner: owner == "one/1/1") is NodeState.GONE
    late = now + LATE_AFTER + timedelta(seconds=1)
    assert node.state(late, LOST_AFTER, nobody) is NodeState.LATE
    assert node.state(now + LOST_AFTER + timedelta(seconds=1), LOST_AFTER, nobody) is NodeState.GONE


async def test_a_duty_is_one_owners_until_it_is_not_renewed_or_given_back(small: SmallBook) -> None:
    async with other(small, "one/1/1") as one, other(small, "two/1/1") as two:
        took = await asyncio.gather(*(book.claim_duty("closing", LEASE) for book in (one, two)))
        assert sorted(took) == [False, True]
        first, second = (one, two) if took[0] else (two, one)
        small.clock.set_on(LEASE - timedelta(seconds=1))
        assert await first.claim_duty("closing", LEASE)
        small.clock.set_on(LEASE - timedelta(seconds=1))
        assert not await second.claim_duty("closing", LEASE)
        small.clock.set_on(timedelta(seconds=1))
        assert await second.claim_duty("closing", LEASE)
        assert not await first.claim_duty("closing", LEASE)
        await second.release_own_claims()
        assert await first.claim_duty("closing", LEASE)


async def test_what_a_process_did_for_all_comes_back_when_it_has_ended(small: SmallBook) -> None:
    async with other(small, "one/1/1") as one:
        await one.announce_node(FACTS)
        assert await one.claim_duty("closing", LEASE)
    assert not await small.book.claim_duty("closing", LEASE)
    released = await small.book.release_dead_owners(lambda owner: owner == "one/1/1")
    assert released.owners == ("one/1/1",)
    assert await small.book.claim_duty("closing", LEASE)
    assert await small.book.nodes() == ()


async def test_a_silent_node_is_told_of_for_some_days(small: SmallBook) -> None:
    async with other(small, "one/1/1") as one:
        await one.announce_node(FACTS)
    small.clock.set_on(KNOWN_FOR)
    assert (await small.book.release_dead_owners(nobody)).owners == ()
    assert len(await small.book.nodes()) == 1
    small.clock.set_on(timedelta(seconds=1))
    await small.book.release_dead_owners(nobody)
    assert await small.book.nodes() == ()


@pytest.mark.parametrize("busy", [0, 1])
async def test_a_line_has_no_more_calls_than_channels_over_all_processes(small: SmallBook, busy: int) -> None:
    await small.queued(*(f"+120655501{number:02d}" for number in range(9)))
    async with other(small, "one/1/1") as one, other(small, "two/1/1") as two:
        for _ in range(busy):
            assert await small.book.claim_call({"main": 9}, LEASE, header)
        claims = [
            book.claim_call({"main": 3}, LEASE, header, {"main": 3}) for _ in range(4) for book in (one, two)
        ]
        claimed = [found for found in await asyncio.gather(*claims) if found]
        assert len(claimed) == 3 - busy
        assert await small.book.calls_by_line() == {"main": 3}
        job, attempt = claimed[0]
        await one.record_interrupted(attempt.id)
        assert await two.claim_call({"main": 1}, LEASE, header, {"main": 3})
        assert await one.claim_call({"main": 1, "spare": 1}, LEASE, header, {"main": 3})
        assert (await small.book.calls_by_line()) == {"main": 3, "spare": 1}
        assert job.state is JobState.DIALLING


async def test_a_node_that_is_forgotten_holds_nothing_and_comes_back_when_it_tells(small: SmallBook) -> None:
    await small.queued("+12065550101")
    async with other(small, "one/1/1") as one:
        await one.announce_node(FACTS)
        claimed = await one.claim_call({"main": 1}, LEASE, header)
        assert claimed
        assert await small.book.forget_node("one/1/1") == (claimed[1].id,)
        assert await small.book.nodes() == ()
        assert (await small.book.counts()).jobs[JobState.WAITING] == 1
        await one.announce_node(FACTS)
        assert (await the_node(small.book, "one/1/1")).in_hand.calls == 0


async def test_calls_that_go_on_by_themselves_wait_for_a_node_that_can_follow_them(small: SmallBook) -> None:
    await small.queued("+12065550101")
    async with other(small, "one/1/1") as one:
        assert await one.claim_call({"main": 1}, LEASE, header)

    def gone(owner: str) -> bool:
        return owner == "one/1/1"

    released = await small.book.release_dead_owners(gone, ("main",))
    assert (released.owners, released.interrupted) == ((), ())
    small.clock.set_on(2 * LEASE)
    assert (await small.book.release_dead_owners(nobody, ("main",))).owners == ()
    [(job, _)] = await small.book.take_over_calls(("main",), LEASE, gone)
    assert job.recipient.number == "+12065550101"


async def test_a_server_says_how_far_a_clock_is_off(small: SmallBook, database: str) -> None:
    small.clock.time = datetime.now(UTC) + timedelta(hours=3)
    ahead = await small.book.announce_node(FACTS)
    if database == "sqlite":
        assert ahead == timedelta()
    else:
        assert abs(ahead - timedelta(hours=3)) < timedelta(minutes=30)


async def test_a_call_whose_pages_were_all_confirmed_is_a_success_although_its_owner_is_gone(
    small: SmallBook,
) -> None:
    await small.queued("+12065550101")
    async with other(small, "one/1/1") as one:
        claimed = await one.claim_call({"main": 1}, LEASE, header)
        assert claimed
        _, attempt = claimed
        await one.note_all_confirmed(attempt.id)
    await small.book.release_dead_owners(lambda owner: owner == "one/1/1")
    job = await small.book.job(attempt.job_id)
    assert job
    assert (job.state, job.status, job.pages_confirmed, job.tries) == (JobState.SENT, Status.SUCCESS, 1, 1)
    [recorded] = job.attempts
    assert recorded.outcome
    assert (recorded.outcome.cause, recorded.interrupted) == (CONFIRMED_BEFORE, False)
    kinds = [notice.kind for notice in await small.book.notices_of(job.mail_id)]
    assert kinds == [NoticeKind.INITIAL, NoticeKind.DELIVERY]


async def test_what_another_owner_would_note_of_a_call_is_not_noted(small: SmallBook) -> None:
    await small.queued("+12065550101")
    async with other(small, "one/1/1") as one:
        claimed = await one.claim_call({"main": 1}, LEASE, header)
        assert claimed
        await small.book.note_all_confirmed(claimed[1].id)
        job = await one.record_interrupted(claimed[1].id)
        assert job.state is JobState.WAITING
