"""What was kept long enough is gone from the database, its log and the folder; what is needed stays."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from small_book import ARCHIVE, LEASE, SmallBook, directly, new_mail, policy, small_book, to
from sqlalchemy import Engine, event, text

from config.settings import UserPolicy
from config.upkeep import RetentionSettings
from store.bodies import ROW_LIMIT
from store.errors import BodyMissing, BodyPurged
from store.job import FaxJob
from store.lifecycle import JobState
from store.mail import MailState
from store.outbox import DeliveryState
from store.pickup import PickupKey
from store.purge import PurgeEntry, PurgeRule, PurgeRun
from store.records import retention
from store.records.retention import _KNOWN
from store.status import Status
from store.tables import metadata
from store.upkeep import PurgedFaxes

SECRET = b"Gertrude-Hallmann-1947-glioblastoma"
SMALL = SECRET * 3
LARGE = SECRET * (2 * ROW_LIMIT // len(SECRET))
WEEK = timedelta(days=7)
STANDARD = RetentionSettings()
RUN = PurgeRun(at=datetime(2026, 11, 23, tzinfo=UTC), rule=PurgeRule.DOCUMENTS, kept=WEEK)
LOOKED_THROUGH = ("book.db", "book.db-wal", "documents")


def keeps(**spans: Any) -> UserPolicy:
    """A user whose faxes are kept so long."""
    user = policy(archives=spans.pop("archives", ()))
    settings = user.settings.model_copy(update={"retention": RetentionSettings(**spans)})
    return user.model_copy(update={"settings": settings})


def nobody(_: str) -> RetentionSettings | None:
    return None


async def purge(
    small: SmallBook,
    in_force: Callable[[str], RetentionSettings | None] = nobody,
    *,
    everything: bool = False,
) -> PurgedFaxes:
    return await small.book.purge_faxes(in_force, STANDARD, everything=everything)


async def told(small: SmallBook) -> None:
    """Deliver every notice and copy that is due."""
    while notice := await small.book.claim_notice(LEASE):
        await small.book.notice_delivered(notice.id)
    while copy := await small.book.claim_copy(LEASE):
        await small.book.copy_delivered(copy.id, "archive")


async def queued(
    small: SmallBook, body: bytes = SMALL, document: bytes = SMALL, *, user: UserPolicy | None = None
) -> FaxJob:
    """A job that can be called."""
    small.mails += 1
    key = PickupKey(account="shared", mailbox="INBOX", uidvalidity=1, uid=small.mails)
    accepted = await small.book.accept_mail(new_mail(small.mails, b"Subject: x\r\n\r\n" + body), key)
    facts: dict[str, Any] = {"subject": "x", "message_id": "", "references": ()}
    [job] = await small.book.record_submission(
        accepted.mail_id, **facts, user=user or policy(), jobs=to(f"+120655501{small.mails:02}")
    )
    [made] = await small.book.record_documents(accepted.mail_id, {job.id: small.document(document)})
    (small.folder / "document.tif").unlink()
    return made


async def sent(small: SmallBook, *octets: bytes, user: UserPolicy | None = None) -> FaxJob:
    """A job that was sent and told."""
    await queued(small, *octets, user=user)
    _, attempt = await small.call()
    job = await small.book.record_outcome(attempt.id, small.outcome(), None)
    await told(small)
    return job


def places(folder: Path) -> list[str]:
    """Where the secret can be read."""
    files = [file for name in LOOKED_THROUGH for file in (folder / name, *(folder / name).rglob("*"))]
    return [file.name for file in files if file.is_file() and SECRET in file.read_bytes()]


def rows(folder: Path) -> dict[str, int]:
    """How many rows each table has that is about faxes."""
    names = (
        "mails", "jobs", "documents", "attempts", "transitions", "notices", "copies", "bodies", "policies",
        "pickups",
    )  # fmt: skip
    with directly(folder) as book:
        return {name: book.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in names}  # noqa: S608 - names from above


@pytest.mark.parametrize("octets", [SMALL, LARGE], ids=["rows", "files"])
async def test_octets_are_gone_from_everywhere_after_seven_days(tmp_path: Path, octets: bytes) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small, octets, octets)
        assert places(tmp_path)
        small.clock.set_on(WEEK - timedelta(seconds=1))
        assert (await purge(small)).documents == 0
        assert places(tmp_path)
        small.clock.set_on(timedelta(seconds=1))
        purged = await purge(small)
        assert (purged.documents, purged.records, purged.wiped) == (1, 0, True)
        assert places(tmp_path) == []
        assert await small.book.group(job.mail_id) == (job,)
        mail = await small.book.mail(job.mail_id)
        assert mail is not None
        assert mail.state is MailState.PURGED
        assert await small.book.purged_at(job.mail_id) == small.clock()


@pytest.mark.parametrize("octets", [SMALL, LARGE], ids=["rows", "files"])
async def test_what_was_removed_says_so(tmp_path: Path, octets: bytes) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small, octets, octets)
        assert await small.book.purged_at(job.mail_id) is None
        small.clock.set_on(WEEK)
        await purge(small)
        assert job.document is not None
        for ask in (
            small.book.body(job.document.body),
            small.book.beginning_of_mail(job.mail_id, 10),
            small.book.body_path(job.document.body, tmp_path),
        ):
            with pytest.raises(
                BodyPurged, match=r"was removed on 2026-1.*, after 7 days, as the policy says"
            ):
                await ask


async def test_records_go_after_ninety_days_and_leave_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await sent(small, user=keeps(archives=(ARCHIVE,)))
        assert all(rows(tmp_path).values())
        small.clock.set_on(timedelta(days=90) - timedelta(seconds=1))
        assert (await purge(small)).records == 0
        small.clock.set_on(timedelta(seconds=1))
        assert (await purge(small)).records == 1
        assert not any(rows(tmp_path).values())


async def test_one_run_removes_documents_and_records_that_are_both_over(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await sent(small)
        small.clock.set_on(timedelta(days=400))
        purged = await purge(small)
        assert (purged.documents, purged.records) == (1, 1)


async def test_a_policy_that_an_older_version_kept_says_nothing_of_it(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await sent(small)
        with closing(sqlite3.connect(tmp_path / "book.db")) as book, book:
            book.execute("UPDATE policies SET policy = json_remove(policy, '$.settings.retention')")
        _KNOWN.clear()
        small.clock.set_on(WEEK)
        assert (await purge(small)).documents == 1


async def test_a_policy_that_others_still_have_stays(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await sent(small)
        small.clock.set_on(timedelta(days=60))
        kept = await sent(small)
        small.clock.set_on(timedelta(days=30))
        assert (await purge(small)).records == 1
        assert rows(tmp_path)["policies"] == 1
        assert (await small.book.job(kept.id)) is not None


async def test_nothing_goes_while_a_job_of_the_mail_has_not_ended(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        first, second = await small.queued("+12065550100", "+12065550101")
        await small.book.hold(second.id, by="root")
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        await told(small)
        small.clock.set_on(10 * WEEK)
        assert (await purge(small)).documents == 0
        await small.book.cancel(second.id, by="root")
        await told(small)
        small.clock.set_on(WEEK - timedelta(seconds=1))
        assert (await purge(small)).documents == 0
        small.clock.set_on(timedelta(hours=2))
        assert (await purge(small)).documents == 1
        assert await small.book.purged_at(first.mail_id) is not None


@pytest.mark.parametrize("kind", ["notice", "copy"])
async def test_nothing_goes_while_something_is_still_to_be_delivered(tmp_path: Path, kind: str) -> None:
    async with small_book(tmp_path) as small:
        await queued(small, user=keeps(archives=(ARCHIVE,)))
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        if kind == "notice":
            copy = await small.book.claim_copy(LEASE)
            assert copy
            await small.book.copy_delivered(copy.id, "archive")
        else:
            while notice := await small.book.claim_notice(LEASE):
                await small.book.notice_delivered(notice.id)
        small.clock.set_on(WEEK)
        assert (await purge(small)).documents == 0
        await told(small)
        assert (await purge(small)).documents == 0, "it is looked at again after an hour"
        small.clock.set_on(timedelta(hours=1))
        assert (await purge(small)).documents == 1


async def test_what_was_given_up_keeps_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await queued(small)
        _, attempt = await small.call()
        await small.book.record_outcome(attempt.id, small.outcome(), None)
        while notice := await small.book.claim_notice(LEASE):
            await small.book.postpone_notice(notice.id, small.clock(), "refused", give_up=True)
        assert (await small.book.counts()).notices[DeliveryState.GIVEN_UP] == 2
        small.clock.set_on(WEEK)
        assert (await purge(small)).documents == 1


async def test_a_shorter_policy_shortens_what_is_kept_already(tmp_path: Path) -> None:
    shorter = RetentionSettings(documents=timedelta(days=1))
    longer = RetentionSettings(documents=timedelta(days=30), allow_longer=True)
    async with small_book(tmp_path) as small:
        await sent(small)
        small.clock.set_on(timedelta(hours=1))
        await purge(small)  # it is to be looked at in a week
        small.clock.set_on(timedelta(days=1))
        assert (await purge(small, lambda _: shorter)).documents == 0
        assert (await purge(small, lambda _: longer, everything=True)).documents == 0
        assert (await purge(small, lambda _: shorter, everything=True)).documents == 1


async def test_a_longer_policy_keeps_nothing_longer(tmp_path: Path) -> None:
    longer = RetentionSettings(documents=timedelta(days=30), allow_longer=True)
    async with small_book(tmp_path) as small:
        await sent(small, user=keeps(documents=timedelta(hours=2)))
        small.clock.set_on(timedelta(hours=2))
        assert (await purge(small, lambda _: longer)).documents == 1


async def test_many_mails_go_in_small_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "GROUP", 3)
    monkeypatch.setattr(retention, "_IN_TURN", retention._IN_TURN.limit(4))
    async with small_book(tmp_path) as small:
        for _ in range(11):
            await sent(small)
        await queued(small)
        small.clock.set_on(WEEK)
        purged = await purge(small, everything=True)
        assert purged.documents == 11
        small.clock.set_on(timedelta(days=83))
        assert (await purge(small)).records == 11
        assert rows(tmp_path)["mails"] == 1


async def test_a_crash_between_the_row_and_the_file_is_swept_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small, LARGE, LARGE)
        kept = await queued(small, LARGE, LARGE)
        small.clock.set_on(WEEK)

        def killed(_: object) -> None:
            raise RuntimeError("killed")

        monkeypatch.setattr(small.book._bodies, "remove", killed)
        with pytest.raises(RuntimeError):
            await purge(small)
        with pytest.raises(BodyPurged):
            await small.book.beginning_of_mail(job.mail_id, 10)
    async with small_book(tmp_path) as again:
        again.clock.time = datetime.now().astimezone() + timedelta(hours=2)
        assert len(await again.book.sweep_bodies()) == 2
        assert kept.document is not None
        assert await again.book.body(kept.document.body) == LARGE
        again.clock.time = small.clock()
        assert (await purge(again)).documents == 0


async def test_a_removal_looks_again_whether_something_is_to_be_done(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small)
        small.clock.set_on(WEEK)
        await small.book.alert("x", "y", ["duty@hospital.example"], mail_id=job.mail_id)
        removed = await small.book._access.write(retention.purge_documents, [job.mail_id], RUN)
        assert removed == retention.Removed(mails=0)
        assert (await small.book._access.write(retention.purge_records, [job.mail_id], RUN)).mails == 0
        await told(small)
        assert (await small.book._access.write(retention.purge_documents, [job.mail_id], RUN)).mails == 1
        assert (await small.book._access.write(retention.purge_documents, [job.mail_id], RUN)).mails == 0


async def test_a_step_that_comes_late_to_a_purged_mail_changes_nothing(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small)
        small.clock.set_on(WEEK)
        await purge(small)
        again = await small.book.record_documents(job.mail_id, {job.id: small.document(LARGE)})
        assert [known.id for known in again] == [job.id]
        assert not list((tmp_path / "documents").rglob("*.tif"))


async def test_somebody_who_reads_keeps_the_log_and_the_book_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.upkeep._WAL_TRIES", 2)
    async with small_book(tmp_path) as small:
        await sent(small)
        with closing(sqlite3.connect(tmp_path / "book.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM mails").fetchone()
            small.clock.set_on(WEEK)
            assert not (await purge(small)).wiped
            reader.execute("COMMIT")
        assert await small.book._access.empty_log()
        assert places(tmp_path) == []


async def test_mails_are_taken_on_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "GROUP", 2)
    async with small_book(tmp_path) as small:
        for _ in range(10):
            await sent(small)
        small.clock.set_on(WEEK)
        purging = asyncio.create_task(purge(small))
        accepted = [await small.book.accept_mail(new_mail(number)) for number in range(1000, 1020)]
        assert len({mail.mail_id for mail in accepted}) == 20
        assert (await purging).documents == 10


async def test_what_was_removed_is_written_down(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await sent(small, SMALL, LARGE)
        await sent(small, user=keeps(documents=timedelta(days=2)))
        mail = await small.book.mail(job.mail_id)
        assert mail is not None
        began = small.clock()
        small.clock.set_on(WEEK)
        await purge(small)
        short, week = sorted(await small.book.purges(), key=lambda entry: entry.kept or WEEK)
        assert week == PurgeEntry(
            at=began + WEEK,
            rule=PurgeRule.DOCUMENTS,
            kept=WEEK,
            mails=1,
            documents=2,
            octets=mail.size + len(LARGE),
            longest=week.longest,
            wiped=True,
        )
        assert WEEK <= week.longest < WEEK + timedelta(minutes=1)
        assert (short.kept, short.mails, short.documents) == (timedelta(days=2), 1, 2)
        small.clock.set_on(timedelta(days=83))
        await purge(small)
        newest = (await small.book.purges(since=small.clock()))[0]
        assert (newest.rule, newest.mails, newest.kept) == (PurgeRule.METADATA, 2, timedelta(days=90))
        assert newest.records > 10
        small.clock.set_on(timedelta(days=2190))
        await purge(small)
        assert [entry.rule for entry in await small.book.purges()] == [PurgeRule.AUDIT, PurgeRule.METADATA]


@pytest.mark.parametrize("state", ["held", "queued"])
async def test_a_fax_that_never_finishes_is_ended_and_its_documents_go(tmp_path: Path, state: str) -> None:
    async with small_book(tmp_path) as small:
        job = await queued(small)
        if state == "held":
            await small.book.hold(job.id, by="root")
        await told(small)
        for _ in range(7):
            assert (await purge(small)).ended == 0
            small.clock.set_on(timedelta(days=1, minutes=1))
        purged = await purge(small)
        assert (purged.ended, purged.documents) == (1, 0)
        ended = await small.book.job(job.id)
        assert ended is not None
        assert ended.state is JobState.CANCELLED
        assert ended.explanation == (
            "It was held or could not be called for 7 days, and documents are kept no longer."
        )
        assert (await small.book.purges())[0].rule is PurgeRule.UNFINISHED
        assert (await small.book.counts()).notices[DeliveryState.PENDING] == 1
        await told(small)
        small.clock.set_on(WEEK)
        assert (await purge(small)).documents == 1
        assert places(tmp_path) == []


async def test_a_fax_that_is_still_to_come_is_not_ended(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        first = await queued(small)
        _, attempt = await small.call()
        failed = small.outcome(Status.BUSY)
        await small.book.record_outcome(attempt.id, failed, small.clock() + 5 * WEEK)
        in_a_call = await queued(small)
        await small.call()
        small.clock.set_on(5 * WEEK)
        assert (await purge(small, everything=True)).ended == 0
        for job in (first, in_a_call):
            known = await small.book.job(job.id)
            assert known is not None
            assert not known.state.final


async def test_a_body_that_was_removed_from_outside_is_another_matter(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        job = await queued(small, LARGE, LARGE)
        for file in (tmp_path / "documents").rglob("*.tif"):
            file.unlink()
        assert job.document is not None
        with pytest.raises(BodyMissing, match="from outside"):
            await small.book.body(job.document.body)


async def test_old_deeds_go(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.set_password("ana@hospital.example", "hash", by="root")
        with closing(sqlite3.connect(tmp_path / "book.db")) as book:
            book.execute("DELETE FROM audit")
            book.executemany(
                'INSERT INTO audit (at, "by", action, subject, detail) VALUES (?, ?, ?, ?, ?)',
                [(1795424400000000 + number, "root", "lock", "ana", "") for number in range(1200)],
            )
            book.commit()
        small.clock.time = datetime.fromisoformat("2032-11-20T00:00:00+00:00")
        assert (await purge(small)).audit == 0
        small.clock.set_on(timedelta(days=3))
        assert (await purge(small)).audit == 1200


def test_whoever_removes_a_row_finds_who_refers_to_it_by_an_index() -> None:
    for table in metadata.sorted_tables:
        led = {next(iter(index.columns)).name for index in table.indexes} | {
            next(iter(table.primary_key.columns)).name
        }
        for key in table.foreign_keys:
            assert key.parent.name in led, f"{table.name}.{key.parent.name}"


async def test_no_look_goes_through_a_table(tmp_path: Path) -> None:
    statements: list[tuple[str, Any]] = []

    def keep(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        statements.append((statement, parameters))

    async with small_book(tmp_path) as small:
        await sent(small)
        small.clock.set_on(timedelta(days=400))
        event.listen(Engine, "before_cursor_execute", keep)
        try:
            assert (await purge(small)).records == 1
        finally:
            event.remove(Engine, "before_cursor_execute", keep)
    asked = [one for one in statements if one[0].startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(asked) > 20
    with closing(sqlite3.connect(tmp_path / "book.db")) as book:
        for statement, parameters in asked:
            for step in book.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                assert not step[3].startswith("SCAN") or "INDEX" in step[3], (statement, step[3])
