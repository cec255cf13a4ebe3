"""Bodies of both sizes, as rows and as files."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small_book import LEASE, new_mail, small_book, to

from store.bodies import ROW_LIMIT
from store.errors import BodyAltered, BodyMissing
from store.mail import MailState

SMALL = os.urandom(ROW_LIMIT)
LARGE = os.urandom(ROW_LIMIT + 1)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "documents").rglob("*") if path.is_file())


@pytest.mark.parametrize(("body", "files"), [(b"", 0), (SMALL, 0), (LARGE, 1)], ids=["empty", "row", "file"])
async def test_a_body_is_read_as_it_was_written(tmp_path: Path, body: bytes, files: int) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(body=body))
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        assert await small.book.body(claim.body) == body
        assert len(_files(tmp_path)) == files
        work = tmp_path / "work"
        work.mkdir()
        path = await small.book.body_path(claim.body, work)
        assert path.read_bytes() == body
        assert (path.parent == work) is not bool(files)


@pytest.mark.parametrize("octets", [SMALL, LARGE], ids=["row", "file"])
async def test_a_document_is_taken_over_and_its_file_left(tmp_path: Path, octets: bytes) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted(to("+12065550100"))
        given = small.document(octets)
        (queued,) = await small.book.record_documents(mail_id, {job.id: given})
        assert given.path.read_bytes() == octets
        given.path.unlink()
        assert queued.document is not None
        assert await small.book.body(queued.document.body) == octets
        assert (queued.document.pages, queued.document.resolution) == (given.pages, given.resolution)


async def test_a_large_mail_that_comes_twice_leaves_one_file(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(body=LARGE))
        await small.book.accept_mail(new_mail(body=LARGE))
        assert len(_files(tmp_path)) == 1


async def test_files_are_for_the_service_alone(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(body=LARGE))
        (path,) = _files(tmp_path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_files_that_a_crash_left_are_swept_when_they_are_old(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(body=LARGE))
        (named,) = _files(tmp_path)
        leftovers = [named.with_name("0" * 32 + ".eml"), named.with_name("1" * 32 + ".partial")]
        for path in leftovers:
            path.write_bytes(b"left")
        young = named.with_name("2" * 32 + ".eml")
        young.write_bytes(b"being written")
        now = small.clock().timestamp()
        for path in (named, *leftovers):
            os.utime(path, (now - 3700, now - 3700))
        os.utime(young, (now - 3500, now - 3500))
        assert len(await small.book.sweep_bodies()) == 2
        assert _files(tmp_path) == sorted([named, young])
        small.clock.set_on(timedelta(hours=1))
        assert await small.book.sweep_bodies() == (f"file:{young.parent.name}/{young.name}",)


async def test_a_body_that_was_removed_is_missed_in_words(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        await small.book.accept_mail(new_mail(body=LARGE))
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        _files(tmp_path)[0].unlink()
        for reference in (claim.body, "row:K7Q2-M9.eml"):
            with pytest.raises(BodyMissing, match="Restore it"):
                await small.book.body(reference)
            with pytest.raises(BodyMissing, match="Restore it"):
                await small.book.body_path(reference, tmp_path)


def _torn(octets: bytes) -> bytes:
    """Its second half never came to the disk."""
    return octets[: len(octets) // 2]


def _hollow(octets: bytes) -> bytes:
    """As long as it was to be, with a page of nothing in it."""
    return octets[:4096] + bytes(4096) + octets[8192:]


@pytest.mark.parametrize(
    ("broken", "why"), [(_torn, "has 32,768 octets and not 65,537"), (_hollow, "others")]
)
async def test_a_document_whose_file_is_not_whole_is_never_read_as_one(
    tmp_path: Path, broken: Callable[[bytes], bytes], why: str
) -> None:
    async with small_book(tmp_path) as small:
        mail_id, (job,) = await small.submitted(to("+12065550100"))
        given = small.document(LARGE)
        (queued,) = await small.book.record_documents(mail_id, {job.id: given})
        assert queued.document is not None
        (file,) = _files(tmp_path)
        file.write_bytes(broken(LARGE))
        with pytest.raises(BodyAltered, match=why):
            await small.book.body(queued.document.body)
        with pytest.raises(BodyAltered, match=why):
            await small.book.body_path(queued.document.body, tmp_path)


async def test_a_mail_whose_file_is_not_whole_is_never_read_as_one(tmp_path: Path) -> None:
    async with small_book(tmp_path) as small:
        arriving = small.book.begin_body()
        arriving.write(LARGE)
        await small.book.accept_mail(replace(new_mail(), body=arriving))
        claim = await small.book.claim_mail(MailState.RECEIVED, LEASE)
        assert claim is not None
        (file,) = _files(tmp_path)
        file.write_bytes(_torn(LARGE))
        for read in (small.book.body(claim.body), small.book.body_path(claim.body, tmp_path)):
            with pytest.raises(BodyAltered, match="has 32,768 octets and not 65,537"):
                await read
