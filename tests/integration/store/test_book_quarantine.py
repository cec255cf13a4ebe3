"""Automatic mail in the book: filed once and while there is room, released once, removed with its body."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small_book import LEASE, SmallBook, new_mail, policy, refused, small_book, to

from store.errors import BodyMissing, NotInBook
from store.mail import Envelope, MailState, NoticeRequest, NotifyOn, ProofMethod, ReturnContent
from store.quarantine import NewQuarantined
from store.records.quarantine import PURGE_GROUP

SMALL = b"Subject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday\r\n"
LARGE = SMALL + b"x" * 100_000


def automatic(number: int = 1, body: bytes = SMALL) -> NewQuarantined:
    return NewQuarantined(
        client_address="192.0.2.1",
        helo="mail.hospital.example",
        envelope=Envelope(
            return_path="ana@hospital.example",
            recipients=("+12065550100@fax.example.com",),
            envelope_id="env-7",
            return_content=ReturnContent.HEADERS,
            notice_requests={
                "+12065550100@fax.example.com": NoticeRequest(notify=frozenset({NotifyOn.NEVER}))
            },
        ),
        header_from="ana@hospital.example",
        user_email="ana@hospital.example",
        message_id=f"<{number}@hospital.example>",
        subject="Out of office",
        mark="Auto-Submitted: auto-replied",
        dedupe_key=f"key-{number}",
        body=body,
    )


async def filed(small: SmallBook, number: int = 1, body: bytes = SMALL) -> str:
    mail_id = await small.book.quarantine(automatic(number, body), limit=1000)
    assert mail_id is not None
    return mail_id


def files(small: SmallBook) -> list[Path]:
    return [path for path in (small.folder / "documents").rglob("*") if path.is_file()]


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["in a row", "in a file"])
async def test_a_mail_is_there_as_it_was_given(tmp_path: Path, body: bytes) -> None:
    given = automatic(body=body)
    async with small_book(tmp_path) as small:
        mail_id = await filed(small, body=body)
        found = await small.book.quarantined_mail(mail_id.lower().replace("-", ""))
        assert found is not None
        assert await small.book.quarantined() == (found,)
        assert (found.id, found.at, found.size) == (mail_id, small.clock(), len(body))
        for name in ("envelope", "header_from", "user_email", "message_id", "subject", "mark", "helo"):
            assert getattr(found, name) == getattr(given, name)
        assert await small.book.body(found.body) == body
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 0


async def test_a_large_mail_that_arrived_in_a_file_is_taken_over(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        arriving = small.book.begin_body()
        arriving.write(LARGE)
        mail_id = await small.book.quarantine(replace(automatic(), body=arriving), limit=1)
        assert mail_id is not None
        found = await small.book.quarantined_mail(mail_id)
        assert found is not None
        assert await small.book.body(found.body) == LARGE


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["in a row", "in a file"])
async def test_a_mail_that_is_delivered_again_makes_no_second_row(tmp_path: Path, body: bytes) -> None:
    async with small_book(tmp_path) as small:
        first = await filed(small, body=body)
        kept = files(small)
        assert await small.book.quarantine(automatic(body=body), limit=1) == first
        assert len(await small.book.quarantined()) == 1
        assert files(small) == kept


async def test_there_are_never_more_than_the_limit(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        made = await asyncio.gather(
            *(small.book.quarantine(automatic(number, LARGE), limit=5) for number in range(20))
        )
        assert sum(mail_id is not None for mail_id in made) == 5
        assert len(await small.book.quarantined()) == 5
        assert len(files(small)) == 5
        assert await small.book.quarantine(automatic(99), limit=0) is None


async def test_the_newest_are_listed_first(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        ids = []
        for number in range(4):
            ids.append(await filed(small, number))
            since = small.clock.set_on(timedelta(hours=1))
        newest = await filed(small, 9)
        assert [mail.id for mail in await small.book.quarantined()] == [newest, *reversed(ids)]
        assert [mail.id for mail in await small.book.quarantined(limit=2)] == [newest, ids[3]]
        assert [mail.id for mail in await small.book.quarantined(since=since)] == [newest]


async def test_a_released_mail_goes_the_way_of_all_mails(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        quarantined_id = await filed(small, body=LARGE)
        small.clock.set_on(timedelta(hours=5))
        mail_id = await small.book.release_quarantined(
            quarantined_id, user_email="account@hospital.example", by="olga"
        )
        assert mail_id == quarantined_id
        assert await small.book.quarantined() == ()
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        mail = claim.mail
        assert (mail.id, mail.received_at, mail.size) == (mail_id, small.clock(), len(LARGE))
        assert mail.envelope == automatic().envelope
        assert (mail.user_email, mail.message_id) == ("account@hospital.example", "<1@hospital.example>")
        assert (mail.proof.method, mail.proof.detail) == (ProofMethod.RELEASED, "olga")
        assert (mail.proof.client_address, mail.proof.aligned) == ("192.0.2.1", False)
        assert await small.book.body(claim.body) == LARGE


@pytest.mark.parametrize("refuse", [False, True])
async def test_the_history_of_a_released_mail_names_the_person(tmp_path: Path, *, refuse: bool) -> None:
    async with small_book(tmp_path) as small:
        mail_id = await small.book.release_quarantined(
            await filed(small), user_email="a@b.example", by="olga"
        )
        jobs = await small.book.record_submission(
            mail_id,
            subject="Out of office",
            message_id="<1@hospital.example>",
            references=(),
            user=policy(),
            jobs=[refused("12")] if refuse else to("+12065550100"),
        )
        history = await small.book.transitions_of(jobs[0].id)
        assert [step.by for step in history] == ["olga"]


async def test_a_mail_is_released_once(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id = await filed(small)
        tries = [
            small.book.release_quarantined(mail_id, user_email="a@b.example", by="olga") for _ in range(5)
        ]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(map(type, ended), key=str) == sorted([str, *[NotInBook] * 4], key=str)
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1


async def test_a_released_mail_that_is_delivered_again_is_known(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        mail_id = await filed(small)
        await small.book.release_quarantined(mail_id, user_email="a@b.example", by="olga")
        assert await small.book.quarantine(automatic(), limit=1000) == mail_id
        assert await small.book.quarantined() == ()
        again = await small.book.accept_mail(new_mail(1))
        assert (again.mail_id, again.duplicate) == (mail_id, True)


async def test_a_mail_that_was_taken_on_meanwhile_is_not_released_beside_it(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        quarantined_id = await filed(small)
        accepted = await small.book.accept_mail(new_mail(1))
        released = await small.book.release_quarantined(quarantined_id, user_email="a@b.example", by="olga")
        assert released == accepted.mail_id
        assert await small.book.quarantined() == ()
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1


async def test_a_released_mail_gets_another_id_where_a_mail_has_its_own(tmp_path: Path) -> None:
    async with small_book(tmp_path, seed=7) as small:
        quarantined_id = await filed(small, 1)
    async with small_book(tmp_path, seed=7) as small:
        accepted = await small.book.accept_mail(new_mail(2))
        assert accepted.mail_id == quarantined_id
        released = await small.book.release_quarantined(quarantined_id, user_email="a@b.example", by="olga")
        assert released != quarantined_id
        assert await small.book.beginning_of_mail(released, -1) == SMALL
        assert await small.book.beginning_of_mail(quarantined_id, -1) == new_mail(2).body


async def test_two_mails_in_quarantine_have_two_ids(tmp_path: Path) -> None:
    async with small_book(tmp_path, seed=7) as small:
        first = await filed(small, 1)
    async with small_book(tmp_path, seed=7) as small:
        assert await filed(small, 2) != first


async def test_a_mail_without_recipients_is_not_released(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        nowhere = replace(automatic(), envelope=Envelope(return_path="", recipients=()))
        mail_id = await small.book.quarantine(nowhere, limit=1)
        assert mail_id is not None
        with pytest.raises(ValueError, match="no recipients"):
            await small.book.release_quarantined(mail_id, user_email="a@b.example", by="olga")
        assert await small.book.quarantined_mail(mail_id) is not None


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["in a row", "in a file"])
async def test_a_deleted_mail_is_gone_with_its_body(tmp_path: Path, body: bytes) -> None:
    async with small_book(tmp_path) as small:
        mail_id = await filed(small, body=body)
        found = await small.book.quarantined_mail(mail_id)
        assert found is not None
        await small.book.delete_quarantined(mail_id, by="olga")
        assert await small.book.quarantined_mail(mail_id) is None
        assert files(small) == []
        with pytest.raises(BodyMissing):
            await small.book.body(found.body)
        with pytest.raises(NotInBook, match="mail in quarantine"):
            await small.book.delete_quarantined(mail_id, by="olga")


async def test_nothing_of_a_deleted_mail_is_readable_in_the_book(tmp_path: Path) -> None:
    secret = b"the patient's name is secret"
    async with small_book(tmp_path) as small:
        mail_id = await filed(small, body=SMALL + secret)
        await small.book.delete_quarantined(mail_id, by="olga")
    with closing(sqlite3.connect(tmp_path / "book.db")) as book:
        book.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert secret not in (tmp_path / "book.db").read_bytes()


@pytest.mark.parametrize("written", ["ZZZZ-ZZ", "nonsense", ""])
async def test_a_mail_that_is_not_there(tmp_path: Path, written: str) -> None:
    async with small_book(tmp_path) as small:
        assert await small.book.quarantined_mail(written) is None
        with pytest.raises(NotInBook):
            await small.book.release_quarantined(written, user_email="a@b.example", by="olga")
        with pytest.raises(NotInBook):
            await small.book.delete_quarantined(written, by="olga")


async def test_the_oldest_are_purged_with_their_bodies(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        old = PURGE_GROUP + 1
        for number in range(old):
            await filed(small, number, LARGE if number < 3 else SMALL)
        before = small.clock.set_on(timedelta(days=1))
        new = await filed(small, 9999, LARGE)
        assert len(files(small)) == 4
        assert await small.book.purge_quarantine(before) == old
        assert [mail.id for mail in await small.book.quarantined()] == [new]
        assert len(files(small)) == 1
        assert await small.book.purge_quarantine(before) == 0
    with closing(sqlite3.connect(tmp_path / "book.db")) as book:
        assert book.execute("SELECT count(*) FROM bodies").fetchone() == (1,)


async def test_a_purge_takes_what_is_older_than_it_is_kept(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await filed(small, 1)
        small.clock.set_on(timedelta(days=29))
        await filed(small, 2)
        small.clock.set_on(timedelta(days=2))
        purged = await small.book.purge(quarantine_kept=timedelta(days=30))
        assert (purged.quarantined, purged.refusals) == (1, 0)
        assert [mail.message_id for mail in await small.book.quarantined()] == ["<2@hospital.example>"]


@pytest.mark.parametrize("step", ["as_received", "envelope_columns"])
async def test_what_fails_half_way_was_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Filing fails after the body is written, releasing after the mail has left quarantine."""

    def fail(*_: object) -> None:
        raise RuntimeError("half way")

    async with small_book(tmp_path) as small:
        mail_id = await filed(small, 1)
        with monkeypatch.context() as broken:
            broken.setattr(f"store.records.quarantine.{step}", fail)
            change = (
                small.book.release_quarantined(mail_id, user_email="a@b.example", by="olga")
                if step == "as_received"
                else filed(small, 2)
            )
            with pytest.raises(RuntimeError, match="half way"):
                await change
        [kept] = await small.book.quarantined()
        assert (kept.id, await small.book.body(kept.body)) == (mail_id, SMALL)
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 0
        with closing(sqlite3.connect(tmp_path / "book.db")) as book:
            assert book.execute("SELECT count(*) FROM bodies").fetchone() == (1,)
