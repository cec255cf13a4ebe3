"""Bodies in an object store: durable before anybody is told so, read as they were kept, gone when purged."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from s3_server import Bucket, Fault, a_bucket
from self_signed import self_signed
from small_book import LEASE, SmallBook, directly, header, new_mail, small_book, to
from sqlalchemy import text

from config.upkeep import RetentionSettings
from store.bodies import TO_BE_NAMED_WITHIN, KeptBody
from store.errors import BodiesUnavailable, BodyAltered, BodyMissing, BodyPurged, BookUnavailable
from store.mail import MailState
from store.object_store import ObjectStore
from store.upkeep import PurgedFaxes

LARGE = os.urandom(300_000)
SMALL = b"Subject: Referral\r\n\r\nHello\r\n"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with a_bucket() as made:
        yield made


async def _claimed(small: SmallBook, body: bytes) -> str:
    """The reference of a mail that was taken on."""
    await small.book.accept_mail(new_mail(body=body))
    claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
    assert claim is not None
    return claim.body


async def _sent(small: SmallBook) -> str:
    """The document of a fax that was sent and told."""
    [job] = await small.queued("+12065550100")
    _, attempt = await small.call()
    await small.book.record_outcome(attempt.id, small.outcome(), None)
    while notice := await small.book.claim_notice(LEASE):
        await small.book.notice_delivered(notice.id)
    assert job.document is not None
    return job.document.body


async def _purge(small: SmallBook) -> PurgedFaxes:
    return await small.book.purge_faxes(lambda _: None, RetentionSettings())


def _later(monkeypatch: pytest.MonkeyPatch, hours: int = 1) -> None:
    """Let it be so much later that a store that was away is asked again."""
    now = time.monotonic() + 3600 * hours
    monkeypatch.setattr("store.object_store.monotonic", lambda: now)


def _files(folder: Path) -> list[Path]:
    return [path for path in (folder / "documents").rglob("*") if path.is_file()]


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
async def test_a_mail_is_in_the_store_and_nowhere_else(tmp_path: Path, bucket: Bucket, body: bytes) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        reference = await _claimed(small, body)
        assert bucket.bodies() == {reference.removeprefix("s3:"): body}
        assert _files(tmp_path) == []
        with directly(tmp_path) as connection:
            assert connection.scalar(text("SELECT count(*) FROM bodies WHERE octets IS NOT NULL")) == 0
        assert await small.book.body(reference) == body
        assert await small.book.body(reference, 100) == body[:100]
        work = tmp_path / "work"
        work.mkdir()
        path = await small.book.body_path(reference, work)
        assert path.parent == work
        assert path.read_bytes() == body


async def test_a_mail_that_arrived_in_a_file_leaves_none(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        arriving = small.book.begin_body()
        arriving.write(LARGE)
        await small.book.accept_mail(replace(new_mail(), body=arriving))
        assert list(bucket.bodies().values()) == [LARGE]
        assert _files(tmp_path) == []


async def test_a_document_is_kept_and_a_second_copy_of_a_mail_is_not(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        mail_id, (job,) = await small.submitted(to("+12065550100"))
        (queued,) = await small.book.record_documents(mail_id, {job.id: small.document(b"II*\0 pages")})
        assert queued.document is not None
        assert await small.book.body(queued.document.body) == b"II*\0 pages"
        await small.book.accept_mail(new_mail())
        assert (await small.book.accept_mail(new_mail())).duplicate
        assert len(bucket.bodies()) == 2


async def test_a_book_reads_what_it_kept_before_it_had_a_store(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path) as small:
        references = [
            (await small.book.accept_mail(new_mail(number, body))).mail_id
            for number, body in enumerate((SMALL, LARGE))
        ]
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        kept = [await small.book.beginning_of_mail(mail_id, 1 << 20) for mail_id in references]
        assert kept == [SMALL, LARGE]
        await small.book.accept_mail(new_mail(3))
    async with small_book(tmp_path) as small:
        [name] = bucket.bodies()
        with directly(tmp_path) as connection:
            assert connection.scalar(text("SELECT max(reference) FROM bodies")) == f"s3:{name}"
        with pytest.raises(BodyMissing, match="Put object_store back"):
            await small.book.body(f"s3:{name}")


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.UNHEARD, Fault.REPLY_LOST])
async def test_a_request_that_fails_is_repeated(tmp_path: Path, bucket: Bucket, fault: Fault) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        bucket.faults = [fault, fault]
        reference = await _claimed(small, LARGE)
        assert list(bucket.bodies().values()) == [LARGE]
        assert bucket.count("PUT") == 3
        bucket.faults = [fault]
        assert await small.book.body(reference) == LARGE


async def test_an_answer_that_breaks_off_is_read_to_its_end(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        reference = await _claimed(small, LARGE)
        bucket.faults = [Fault.CUT, Fault.CUT]
        assert await small.book.body(reference) == LARGE
        bucket.faults = [Fault.CUT]
        assert (await small.book.body_path(reference, tmp_path)).read_bytes() == LARGE


async def test_an_object_that_is_gone_or_altered_is_missed_in_words(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        reference = await _claimed(small, LARGE)
        bucket.faults = [Fault.ALTERED]
        with pytest.raises(BodyAltered, match=r"its octets are others\. It was altered from outside"):
            await small.book.body(reference)
        bucket.faults = [Fault.ALTERED]
        with pytest.raises(BodyAltered, match="its octets are others"):
            await small.book.body_path(reference, tmp_path)
        bucket.write(reference.removeprefix("s3:"), LARGE[:-1])
        with pytest.raises(BodyAltered, match="299,999 octets and not 300,000"):
            await small.book.body(reference)
        bucket.remove(reference.removeprefix("s3:"))
        for ask in (small.book.body(reference), small.book.body(reference, 9)):
            with pytest.raises(BodyMissing, match=r"removed from outside\. Restore it"):
                await ask
        with pytest.raises(BodyMissing, match=r"removed from outside\. Restore it"):
            await small.book.body_path(reference, tmp_path)


async def test_a_file_that_was_altered_is_not_taken_for_the_body(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        reference = await _claimed(small, LARGE)
        [file] = _files(tmp_path)
        file.write_bytes(LARGE[:100] + b"?" + LARGE[101:])
        with pytest.raises(BodyAltered, match="its octets are others"):
            await small.book.body(reference)
        with pytest.raises(BodyAltered, match="its octets are others"):
            await small.book.body_path(reference, tmp_path)


async def test_while_the_store_is_away_nothing_is_taken_on_or_claimed(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        await small.queued("+12065550100")
        await small.book.accept_mail(new_mail(8))
        bucket.always = Fault.UNAVAILABLE
        with pytest.raises(BodiesUnavailable, match=r"cannot be used now \(SlowDown\). Nothing was lost"):
            await small.book.accept_mail(new_mail(9))
        asked = len(bucket.requests)
        for ask in (
            small.book.accept_mail(new_mail(9)),
            small.book.claim_mail(MailState.RECEIVED, LEASE),
            small.book.claim_call({"main": 1}, LEASE, header),
            small.book.claim_copy(LEASE),
        ):
            with pytest.raises(BodiesUnavailable, match="cannot be used now"):
                await ask
        assert len(bucket.requests) == asked  # it was known
        _later(monkeypatch)
        with pytest.raises(BodiesUnavailable):
            await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert len(bucket.requests) > asked
        bucket.always = None
        _later(monkeypatch, hours=2)
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert claim.tries == 0
        job, attempt = await small.call()
        assert (job.tries, attempt.number) == (0, 1)
        assert not (await small.book.accept_mail(new_mail(9))).duplicate


async def test_what_the_store_says_is_told_with_what_to_do(tmp_path: Path, bucket: Bucket) -> None:
    settings = bucket.settings(tmp_path)
    objects = ObjectStore(settings)
    bucket.faults = [Fault.REFUSED]
    with pytest.raises(BodiesUnavailable, match=r"refuses our key \(SignatureDoesNotMatch\). Check"):
        objects.put("bodies/a", b"a")
    nowhere = ObjectStore(settings.model_copy(update={"url": "s3://nowhere/office"}))
    for ask in (lambda: nowhere.put("a", b"a"), lambda: nowhere.get("a")):
        nowhere.trouble = None
        with pytest.raises(BodiesUnavailable, match=r"There is no bucket s3://nowhere/office at http://127"):
            ask()
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(BodiesUnavailable, match="secret is empty; its first line must be the key"):
        ObjectStore(settings).get("bodies/a")
    (tmp_path / "secret").unlink()
    with pytest.raises(BodiesUnavailable, match="secret cannot be read"):
        ObjectStore(settings).get("bodies/a")
    bucket.close()
    with pytest.raises(BodiesUnavailable, match=r"cannot be used now \(no connection\)"):
        ObjectStore(bucket.settings(tmp_path)).put("bodies/a", b"a")


async def test_keys_that_were_renewed_are_read_again(tmp_path: Path, bucket: Bucket) -> None:
    objects = ObjectStore(bucket.settings(tmp_path))
    objects.put("bodies/a", b"a")
    (tmp_path / "access").write_text("renewed\n")
    bucket.faults = [Fault.REFUSED]
    with pytest.raises(BodiesUnavailable):
        objects.put("bodies/a", b"a")
    objects.trouble = None
    objects.put("bodies/a", b"a")
    assert "Credential=access key/" in bucket.keys_used[0]
    assert "Credential=renewed/" in bucket.keys_used[-1]


async def test_a_certificate_must_be_vouched_for(tmp_path: Path, bucket: Bucket) -> None:
    own = self_signed(tmp_path)
    bucket.encrypt(own.certificate, own.key)
    with pytest.raises(BodiesUnavailable, match="its certificate is not trusted"):
        ObjectStore(bucket.settings(tmp_path)).put("bodies/a", b"a")
    ObjectStore(bucket.settings(tmp_path, ca_file=own.certificate)).put("bodies/a", b"a")
    assert bucket.bodies() == {"a": b"a"}


# --- Removed ----------------------------------------------------------------------------------------------


async def test_what_is_purged_is_gone_from_the_store(tmp_path: Path, bucket: Bucket) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        document = await _sent(small)
        small.clock.set_on(timedelta(days=8))
        assert (await _purge(small)).documents == 1
        assert bucket.bodies() == {}
        with pytest.raises(BodyPurged, match="after 8 days"):
            await small.book.body(document)


async def test_what_could_not_be_removed_is_swept(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        await _sent(small)
        small.clock.set_on(timedelta(days=8))
        bucket.always = Fault.UNAVAILABLE
        with pytest.raises(BodiesUnavailable):
            await _purge(small)
        assert small.book.bodies_left_behind
        assert len(bucket.bodies()) == 2
        bucket.always = None
        _later(monkeypatch)
        for name in bucket.bodies():
            bucket.age(name, timedelta(hours=2))
        assert len(await small.book.sweep_bodies()) == 2
        assert bucket.bodies() == {}
        assert not small.book.bodies_left_behind


async def test_only_old_objects_without_a_row_are_swept_whatever_our_clock_says(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        reference = await _claimed(small, SMALL)
        for name in ("old.eml", "young.eml"):
            bucket.write(name, b"left")
        for name in (reference.removeprefix("s3:"), "old.eml"):
            bucket.age(name, timedelta(minutes=61))
        small.clock.set_on(timedelta(days=1))
        assert await small.book.sweep_bodies() == ("s3:old.eml",)
        assert set(bucket.bodies()) == {reference.removeprefix("s3:"), "young.eml"}


async def test_who_stood_still_for_too_long_names_nothing_that_may_be_swept() -> None:
    kept = KeptBody(size=1, octets=None, reference="s3:a.eml", sha256="0" * 64)
    assert kept.row("a")["reference"] == "s3:a.eml"
    late = replace(kept, kept_at=kept.kept_at - TO_BE_NAMED_WITHIN.total_seconds() - 1)
    with pytest.raises(BookUnavailable, match="stood still"):
        late.row("a")


async def test_a_process_that_dies_between_the_object_and_its_row_leaves_what_is_swept(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        reference = await _claimed(small, SMALL)
    lost = await asyncio.create_subprocess_exec(
        *(sys.executable, Path(__file__).with_name("s3_accepting.py")),
        *(tmp_path, f"s3://{bucket.name}/office", bucket.address),
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    bucket.done = lambda _: lost.send_signal(signal.SIGKILL)
    assert await lost.wait() == -signal.SIGKILL
    bucket.done = lambda _: None
    assert len(bucket.bodies()) == 2
    for name in bucket.bodies():
        bucket.age(name, timedelta(hours=2))
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        assert len(await small.book.sweep_bodies()) == 1
        assert set(bucket.bodies()) == {reference.removeprefix("s3:")}
        assert (await small.book.counts()).mails[MailState.RECEIVED] == 1
        assert not (await small.book.accept_mail(new_mail(2))).duplicate
