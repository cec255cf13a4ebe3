"""Mails and documents are moved to where new ones go: whole, compared, and once."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from s3_server import Bucket, Fault, a_bucket
from small_book import directly, new_mail, small_book
from sqlalchemy import text

from postfax.commands.migrate_bodies import command
from postfax.failures import Failure
from store import body_migration
from store.bodies import count_in_rows
from store.body_folder import BodyFolder
from store.body_migration import Moved, move_bodies
from store.body_objects import BodyObjects
from store.body_places import BodyPlaces
from store.errors import BodiesUnavailable
from store.object_store import ObjectStore

LARGE = os.urandom(100_000)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with a_bucket() as made:
        yield made


async def _filled(folder: Path) -> dict[str, bytes]:
    """Mails, documents and one in quarantine, small and large; mails by their ids."""
    async with small_book(folder) as small:
        mails = [new_mail(10, LARGE), *(new_mail(number, b"mail %d" % number) for number in range(11, 15))]
        kept = {(await small.book.accept_mail(mail)).mail_id: mail.body for mail in mails}
        await small.queued("+12065550100")
        assert all(isinstance(body, bytes) for body in kept.values())
        return kept  # type: ignore[return-value] # as the line above says


async def _moved(folder: Path, bucket: Bucket | None = None) -> Moved:
    objects = BodyObjects(ObjectStore(bucket.settings(folder))) if bucket else None
    places = BodyPlaces(BodyFolder(folder / "documents"), objects=objects, rows=False)
    return await asyncio.to_thread(move_bodies, f"sqlite:{folder / 'book.db'}", places, lambda *_: None)


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "documents").rglob("*"))


async def test_everything_goes_into_the_store_and_is_read_there(tmp_path: Path, bucket: Bucket) -> None:
    kept = await _filled(tmp_path)
    moved = await _moved(tmp_path, bucket)
    assert (moved.bodies, moved.missing) == (7, ())
    assert moved.octets == sum(map(len, bucket.bodies().values()))
    assert len(bucket.bodies()) == 7
    assert _files(tmp_path) == 0
    with directly(tmp_path) as connection:
        assert count_in_rows(connection) == 0
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        assert {each: await small.book.beginning_of_mail(each, 1 << 20) for each in kept} == kept
        job, _ = await small.call()
        assert job.document is not None
        assert await small.book.body(job.document.body) == b"II*\0 a small document"
    assert (await _moved(tmp_path, bucket)).bodies == 0


async def test_small_ones_go_out_of_the_book(tmp_path: Path) -> None:
    kept = await _filled(tmp_path)
    assert (await _moved(tmp_path)).bodies == 6
    assert _files(tmp_path) == 7
    with directly(tmp_path) as connection:
        assert count_in_rows(connection) == 0
    async with small_book(tmp_path) as small:
        assert {each: await small.book.beginning_of_mail(each, 1 << 20) for each in kept} == kept


async def test_one_that_was_broken_off_is_gone_on_with(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await _filled(tmp_path)
    monkeypatch.setattr(body_migration, "GROUP", 2)
    # The probe and what two groups ask for are answered; of the third only something.
    asked = iter(range(1000))

    def break_off(_: str) -> None:
        if next(asked) == 11:
            bucket.always = Fault.UNAVAILABLE

    bucket.done = break_off
    with pytest.raises(BodiesUnavailable):
        await _moved(tmp_path, bucket)
    with directly(tmp_path) as connection:
        named = connection.scalar(text("SELECT count(*) FROM bodies WHERE reference LIKE 's3:%'"))
    assert named == 4
    bucket.always, bucket.done = None, lambda _: None
    assert (await _moved(tmp_path, bucket)).bodies == 7 - named
    async with small_book(tmp_path, objects=bucket.settings(tmp_path)) as small:
        assert {each: await small.book.beginning_of_mail(each, 1 << 20) for each in kept} == kept


async def test_what_is_missing_is_told_and_left(tmp_path: Path, bucket: Bucket) -> None:
    await _filled(tmp_path)
    [file] = [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
    file.write_bytes(LARGE[:-1])
    moved = await _moved(tmp_path, bucket)
    assert moved.bodies == 6
    [sentence] = moved.missing
    assert "it has 99,999 octets and not 100,000" in sentence
    assert file.exists()


SETTINGS = """\
domain: fax.example.com
mail: {{smarthost: {{host: 127.0.0.1, port: 9}}}}
store: "sqlite:book.db"
documents: "file:documents"
policy: policy.yaml
{}
"""


def _run(folder: Path, more: str, *options: str) -> Any:
    (folder / "postfax.yaml").write_text(SETTINGS.format(more))
    return CliRunner().invoke(command, options, obj=str(folder / "postfax.yaml"))


async def test_the_command_tells_what_it_did(tmp_path: Path, bucket: Bucket) -> None:
    await _filled(tmp_path)
    ran = await asyncio.to_thread(_run, tmp_path, "")
    assert isinstance(ran.exception, Failure)
    assert "Name an object_store, or say --out-of-book" in str(ran.exception)
    ran = await asyncio.to_thread(_run, tmp_path, "", "--out-of-book")
    assert ran.output.startswith("6 mails and documents (")
    assert ran.output.endswith(f") moved to {tmp_path / 'documents'}, each compared.\n")
    bucket.settings(tmp_path)
    more = (
        f"object_store: {{url: s3://{bucket.name}/office, endpoint: '{bucket.address}',"
        " access_key_file: access, secret_key_file: secret}"
    )
    ran = await asyncio.to_thread(_run, tmp_path, more, "--json")
    assert '"moved": 7' in ran.output, ran.output
    assert len(bucket.bodies()) == 7
