"""A backup of a book in SQLite, made while it is in use, with the files that it names.

    TARGET/book.db       the book of one instant
    TARGET/documents/…   the files that it names, under the same names
    TARGET/backup.json   what this is; written last, and without it the folder is no backup

A body is on the disk before its row and is never changed, so what the book names can be copied after the
book. What was removed meanwhile, because its time was over or somebody asked for it, is removed from the copy
of the book as well. Bodies in an object store stay there; the copy names them.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from store.errors import BookVersionError
from store.incoming import flush_folder
from store.migrations import version_of
from store.sqlite import connect_book, unavailability

BOOK, DOCUMENTS, NOTE = "book.db", "documents", "backup.json"
_FILE = "file:"
_KEPT = "SELECT reference, size FROM bodies WHERE purged_at IS NULL AND reference LIKE ? ORDER BY reference"
_ELSEWHERE = "bodies WHERE purged_at IS NULL AND reference NOT LIKE 'row:%' AND reference NOT LIKE 'file:%'"
_STILL_KEPT = "SELECT 1 FROM bodies WHERE reference = ? AND purged_at IS NULL"
_PURGED = "UPDATE bodies SET purged_at = ? WHERE reference = ?"

_PRIMARY_CODE = 0xFF  # of an extended result code, https://www.sqlite.org/rescode.html
_OF_THE_TARGET = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN})
"""What goes wrong where the copy is written."""

Told = Callable[[str, int, int], None]
"""(what is done, how much of it so far, how much in all)."""


class BackupRefused(Exception):  # noqa: N818 - named as what happened
    """Nothing was written; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupNote:
    """What is in a backup."""

    made_at: datetime
    """The instant of which the book is, or a little before."""
    version: str
    """Of the book."""
    mails: int
    faxes: int
    files: int
    octets: int
    """Of the files."""
    elsewhere: int
    """Bodies in an object store, which are not in the backup."""
    missing: tuple[str, ...]
    """Files that the book names and that were not there: lost before the backup."""


def back_up(book: Path, documents: Path, target: Path, told: Told, *, like: Path | None = None) -> BackupNote:
    """Copy a book and its files into a folder.

    Args:
        book: the file; services and commands go on using it.
        documents: the folder of its large bodies.
        target: the folder; made if it is missing.
        told: called as it goes on.
        like: an earlier backup on the same disk: files that it has are linked and not copied again.

    Raises:
        BackupRefused: the target holds something, or the earlier backup is none.
        BookUnavailable: the book cannot be read.
        BookVersionError: there is no book, or a newer Postfax wrote it.
        OSError: the target cannot be written.
    """
    if not book.is_file():
        raise BookVersionError(f"there is no book {book}.")
    if like is not None:
        read_note(like)
    _make_empty(target)
    made_at = datetime.now(UTC)
    told("copying the book", 0, 1)
    version = _version(book)
    _copy_book(book, target / BOOK)
    with closing(sqlite3.connect(target / BOOK)) as copy, closing(connect_book(book)) as reading:
        copied = _copy_files(copy, reading, documents, target, told, like)
        note = BackupNote(
            made_at=made_at,
            version=version,
            mails=_count(copy, "mails"),
            faxes=_count(copy, "jobs"),
            files=copied.files,
            octets=copied.octets,
            elsewhere=_count(copy, _ELSEWHERE),
            missing=tuple(copied.missing),
        )
    _flush_file(target / BOOK)
    _write_note(target, note)
    return note


def read_note(folder: Path) -> BackupNote:
    """What a backup says of itself.

    Raises:
        BackupRefused: the folder is none, or it was not finished.
    """
    try:
        note = json.loads((folder / NOTE).read_text("utf-8"))
        made_at = datetime.fromisoformat(note.pop("made_at"))
        return BackupNote(**{**note, "made_at": made_at, "missing": tuple(note["missing"])})
    except FileNotFoundError:
        raise BackupRefused(
            f"{folder} is no backup, or one that was broken off: it has no {NOTE}. Name another one."
        ) from None
    except (ValueError, TypeError, KeyError) as problem:
        raise BackupRefused(f"{folder / NOTE} cannot be understood ({problem}). Name another one.") from None


def _make_empty(target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise BackupRefused(f"{target} holds something already. Name a folder that is empty or not there.")
    (target / DOCUMENTS).mkdir(mode=0o700)


def _version(book: Path) -> str:
    version = version_of(book)
    if version is None:
        raise BookVersionError(f"the book {book} is empty. `postfax serve` sets it up when it starts.")
    return version


def _copy_book(book: Path, target: Path) -> None:
    """Write the book of one instant, without the space of what was deleted; writers go on.

    Raises:
        BookUnavailable: it cannot be read, or the copy cannot be written.
    """
    try:
        with closing(connect_book(book)) as reading:
            reading.execute("VACUUM INTO ?", (str(target),)).close()
    except sqlite3.Error as problem:
        written = problem.sqlite_errorcode & _PRIMARY_CODE in _OF_THE_TARGET
        raise (unavailability(problem, target if written else book) or problem) from problem
    target.chmod(0o600)


def _count(copy: sqlite3.Connection, what: str) -> int:
    return int(copy.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608 - words of ours


@dataclass(slots=True)
class _Copied:
    files: int = 0
    octets: int = 0
    missing: list[str] = field(default_factory=list)


def _copy_files(
    copy: sqlite3.Connection,
    reading: sqlite3.Connection,
    documents: Path,
    target: Path,
    told: Told,
    like: Path | None,
) -> _Copied:
    """Copy the files that the copy of the book names; those that were removed since, it names no more."""
    copied = _Copied()
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    wanted = copy.execute(_KEPT, (f"{_FILE}%",)).fetchall()
    for number, (reference, size) in enumerate(wanted, start=1):
        name = reference.removeprefix(_FILE)
        try:
            _copy_file(documents / name, target / DOCUMENTS / name, like / DOCUMENTS / name if like else None)
            copied.files += 1
            copied.octets += size
        except FileNotFoundError:
            if reading.execute(_STILL_KEPT, (reference,)).fetchone():
                copied.missing.append(reference)
            else:
                copy.execute(_PURGED, (now, reference))
        told("copying documents", number, len(wanted))
    copy.commit()
    return copied


def _copy_file(source: Path, target: Path, earlier: Path | None) -> None:
    """Copy a file, or link what an earlier backup has of it.

    Raises:
        FileNotFoundError: it is not there.
    """
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if earlier is not None and source.stat().st_size == _size(earlier):
        target.hardlink_to(earlier)
        return
    with source.open("rb") as reading, target.open("xb") as writing:
        target.chmod(0o600)
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return -1


def _write_note(target: Path, note: BackupNote) -> None:
    """Make everything durable, and say last what it is."""
    for folder in _folders(target / DOCUMENTS):
        flush_folder(folder)
    plain = {**asdict(note), "made_at": note.made_at.isoformat()}
    unfinished = target / f"{NOTE}.new"
    unfinished.write_text(json.dumps(plain, indent=2) + "\n", "utf-8")
    _flush_file(unfinished)
    unfinished.rename(target / NOTE)
    flush_folder(target)
    flush_folder(target.parent)


def _folders(top: Path) -> Iterator[Path]:
    yield top
    yield from (each for each in top.iterdir() if each.is_dir())


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
