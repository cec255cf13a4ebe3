"""Delivery into a folder: whole, readable for whom it should be, and in trouble."""

import asyncio
import errno
import os
import resource
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import SmallDisk, small_disk

from archive import folder
from archive.filing import ArchiveFile
from archive.folder import FolderArchive
from archive.trouble import ArchiveTemporary
from config.archive import ArchiveSettings, FolderTarget

DOCUMENT = ArchiveFile(path="2026/11/K7Q2-M9.pdf", media_type="application/pdf", octets=b"%PDF" * 250_000)
SIDECAR = ArchiveFile(path="2026/11/K7Q2-M9.json", media_type="application/json", octets=b"{}\n")
FILES = (DOCUMENT, SIDECAR)
WHOLE = {file.path: file.octets for file in FILES}
COPY = "K7Q2-M9:1"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    path.mkdir()
    return path


def kept(place: Path) -> dict[str, bytes]:
    files = (path for path in place.rglob("*") if path.is_file())
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


async def put(place: Path) -> str:
    return await FolderArchive(FolderTarget(path=place)).put(COPY, FILES)


async def failed(place: Path) -> str:
    with pytest.raises(ArchiveTemporary) as caught:
        await put(place)
    return caught.value.sentence


async def test_a_copy_is_whole_and_a_repetition_replaces_it(place: Path) -> None:
    for _ in range(2):
        assert await put(place) == f"{place}/2026/11/K7Q2-M9.pdf"
        assert kept(place) == WHOLE
    assert ArchiveSettings(folder=FolderTarget(path=place)).goes_to == f"folder {place}"


@pytest.mark.parametrize(("readable_by", "rights"), [("owner", (0o2700, 0o600)), ("group", (0o2750, 0o640))])
async def test_who_may_read_it(place: Path, readable_by: str, rights: tuple[int, int]) -> None:
    place.chmod(0o2750)
    before = os.umask(0o077)
    try:
        target = FolderTarget.model_validate({"path": place, "readable_by": readable_by})
        await FolderArchive(target).put(COPY, FILES)
    finally:
        os.umask(before)
    made = (place / "2026", place / "2026/11"), (place / DOCUMENT.path, place / SIDECAR.path)
    for paths, expected in zip(made, rights, strict=True):
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {expected}


async def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "mnt/faxes"
    assert await failed(missing) == f"{missing} is not there: make it, or mount it."
    assert list(tmp_path.iterdir()) == []


async def test_what_is_in_the_way_is_told(place: Path) -> None:
    (place / "2026").write_text("a file", encoding="utf-8")
    assert await failed(place) == f"{place} did not take the file."
    assert kept(place) == {"2026": b"a file"}


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EACCES, "ReadWritePaths"), (errno.EROFS, "ReadWritePaths"), (errno.EIO, "did not take")],
)
async def test_what_the_system_says_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder, "_fill", refuse)
    assert told in await failed(place)


@pytest.fixture
def disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", capsys) as disk:
        yield disk


def limit(octets: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, most))


async def test_a_full_disk_has_nothing_in_part(disk: SmallDisk) -> None:
    place = disk.folder / "archive"
    place.mkdir()
    disk.fill(300_000, otherwise=limit)
    assert await failed(place) == f"{place} is full."
    assert kept(place) == {}
    disk.free(otherwise=lambda: limit(resource.RLIM_INFINITY))
    await put(place)
    assert kept(place) == WHOLE


async def test_a_folder_that_stands_still_holds_one_thread_and_no_more(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves, begun = threading.Event(), threading.Semaphore(0)
    fill = folder._fill

    def stand_still(path: Path, octets: bytes, rights: int) -> None:
        begun.release()
        moves.wait()
        fill(path, octets, rights)

    monkeypatch.setattr(folder, "_fill", stand_still)
    monkeypatch.setattr(folder, "_ALL_SECONDS", 0.05)
    try:
        for _ in range(3):
            assert "did not answer in time" in await failed(place)
        assert begun.acquire(timeout=60)
        assert not begun.acquire(blocking=False)
        assert kept(place) == {}
    finally:
        moves.set()
    await asyncio.to_thread(folder._standing[place].join)
    monkeypatch.setattr(folder, "_ALL_SECONDS", 60.0)
    await put(place)
    assert kept(place) == WHOLE
