"""Both databases answer all questions alike: of a book, and of its copy on a server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from moved_bodies import moved_out
from postgresql_cluster import shared_cluster
from small_book import Clock, SmallBook, new_mail, policy, refused, small_book, to

from config.upkeep import RetentionSettings
from store.activity import NUMERIC, ActivityFilter, Comparison, Condition, Field
from store.audit_entry import AuditFilter
from store.book import Book
from store.copy_ends import copy
from store.erasure import ErasureWish
from store.job_filter import JobFilter
from store.status import Status
from store.tally import Apart, Measure, Period

BEGIN = Clock().time
MONTH = Period(begin=BEGIN - timedelta(days=1), end=BEGIN + timedelta(days=30))
VALUES = {
    Field.PAGES: "1",
    Field.CONFIRMED: "0",
    Field.TRIES: "1",
    Field.NUMBER: "+1206*",
    Field.STATUS: "Success",
    Field.STATE: "sent",
    Field.USER: "ACCOUNT@*",
}
SENDER, NUMBER = ErasureWish(sender="account@hospital.example"), ErasureWish(number="+12065550100")
Question = Callable[[Book], Awaitable[Any]]


async def fill(small: SmallBook) -> None:
    for user in (policy(), policy(lines=("trunk",)).model_copy(update={"departments": ("East", "Übung")})):
        for number in range(4):
            await small.queued(f"+1206555010{number}", f"+4930555010{number}", user=user)
            small.clock.set_on(timedelta(minutes=7))
    await small.submitted([*to("+12065550177"), refused("911")])
    for status in (Status.SUCCESS, Status.BUSY, Status.NO_ANSWER, Status.SUCCESS):
        claimed = await small.book.claim_call({"main": 9, "trunk": 9}, timedelta(minutes=5), lambda *_: "")
        assert claimed is not None
        small.clock.set_on(timedelta(minutes=3))
        await small.book.record_outcome(claimed[1].id, small.outcome(status), None)
    await small.book.accept_mail(new_mail(99, bytes(100_000)))
    await small.book.block(["+1900*", "+1???976*"], by="olga")
    await small.book.lock("ana@hospital.example", by="olga")


def of(field: Field, comparison: Comparison, value: str) -> Question:
    condition = Condition(field=field, comparison=comparison, values=(value,), custom="cost_center")
    return lambda book: book.activity(ActivityFilter(conditions=(condition,)), rows=50)


async def _detail_records(book: Book) -> list[Any]:
    return [group for failures in (False, True) async for group in book.detail_records(MONTH, failures)]


async def kept(book: Book, wish: ErasureWish) -> dict[str, Any]:
    """What is kept of somebody; ids in no order of their own are put in one."""
    plan = asdict(await book.kept_of(wish))
    return {name: sorted(found) if isinstance(found, tuple) else found for name, found in plan.items()}


QUESTIONS: dict[str, Question] = {
    **{
        f"{field.name} {comparison.name}": of(field, comparison, VALUES.get(field, "*e*"))
        for field in Field
        for comparison in (tuple(Comparison) if field in NUMERIC else (Comparison.IS, Comparison.IS_NOT))
    },
    **{
        f"tally {apart.name}": lambda book, apart=apart: book.tally([MONTH], list(Measure), apart=apart)  # type: ignore[misc]
        for apart in Apart
    },
    "tally of some": lambda book: book.tally([MONTH], list(Measure), departments=["East › Übung"]),
    "failed": lambda book: book.activity(ActivityFilter(failed=True, until=MONTH.end), rows=3, before=1),
    "unfinished": lambda book: book.matching_jobs(ActivityFilter(unfinished=True, since=BEGIN)),
    "span": lambda book: book.recorded_span(),
    "departments": lambda book: book.recorded_departments(),
    "times": lambda book: book.newest_datetimes(),
    "volume": lambda book: book.highest_volume(MONTH),
    "busy": lambda book: book.most_busy(MONTH, [""]),
    "records": _detail_records,
    "happenings": lambda book: book.happenings_after(3),
    "newest": lambda book: book.newest_happenings(4),
    "jobs": lambda book: book.jobs(JobFilter(failed=True, user="account@hospital.example", since=BEGIN)),
    "gauges": lambda book: book.gauges(BEGIN + timedelta(hours=2)),
    "outlook": lambda book: book.outlook(BEGIN + timedelta(hours=1)),
    "counts": lambda book: book.counts(),
    "audit": lambda book: book.audit(AuditFilter(by="olga")),
    "blocks": lambda book: book.blocks(),
    "blocking": lambda book: book.blocking("+12009765555"),
    "patterns": lambda book: book.live_patterns(),
    "locks": lambda book: book.locks(),
    "kept": lambda book: kept(book, SENDER),
    "retained": lambda book: book.retained(lambda _: RetentionSettings(), lambda _: None),
    "sweep": lambda book: book.sweep_bodies(),
}


async def test_every_question_has_the_same_answer(tmp_path: Path) -> None:
    target = shared_cluster().new_database()
    async with small_book(tmp_path) as small:
        await fill(small)
    await moved_out(tmp_path)
    await asyncio.to_thread(copy, f"sqlite:{tmp_path / 'book.db'}", target, lambda *_: None)
    asked = 0
    async with small_book(tmp_path) as small, Book(target, tmp_path / "documents", clock=Clock()) as other:
        for name, question in QUESTIONS.items():
            answers = await asyncio.gather(question(small.book), question(other))
            assert answers[0] == answers[1], name
            asked += bool(answers[0])
    assert asked > 40, "most of them have an answer"


async def test_what_is_erased_and_purged_is_the_same(tmp_path: Path) -> None:
    target = shared_cluster().new_database()
    async with small_book(tmp_path) as small:
        await fill(small)
    await moved_out(tmp_path)
    await asyncio.to_thread(copy, f"sqlite:{tmp_path / 'book.db'}", target, lambda *_: None)
    clock = Clock(BEGIN + timedelta(days=60))
    async with small_book(tmp_path) as small, Book(target, tmp_path / "documents", clock=clock) as other:
        small.clock.time = clock.time
        for book in (small.book, other):
            await book.erase(NUMBER, by="olga", undelivered=True)
            await book.purge_faxes(lambda _: RetentionSettings(), RetentionSettings(), everything=True)
        assert await small.book.counts() == await other.counts()
        for wish in (SENDER, NUMBER):
            assert await kept(small.book, wish) == await kept(other, wish)
        assert [one.rule for one in await small.book.purges()] == [one.rule for one in await other.purges()]
