"""A backup becomes a book again: `store.backup` says what a backup is.

The files come first and the book last, under its name only when it is whole, so a restore that breaks off
leaves no book; run again, it goes on. What was on its way when the backup was made is kept back
(`store.records.restored`), unless it is known that nothing went on after it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from store.access import BookAccess
from store.backup import BOOK, DOCUMENTS, BackupNote, BackupRefused, Told, read_note
from store.copy_ends import held
from store.incoming import flush_folder, give_to_the_service
from store.migrations import migrate
from store.records.restored import OnTheWay, keep_back, let_go
from store.records.turn import Turn
from store.sqlite import lock_path, sentences
from store.sqlite_transactions import write_once
from store.version import KNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What was restored."""

    note: BackupNote
    kept_back: OnTheWay | None
    """None where everything goes on as it was."""


def restore(
    source: Path, book: Path, documents: Path, told: Told, *, owner: str, as_it_was: bool = False
) -> Restored:
    """Put a backup where a book is expected.

    Args:
        source: the backup; it stays as it is.
        book: the file; it must not be there.
        documents: the folder of its large bodies.
        told: called as it goes on.
        owner: in whose name it is written.
        as_it_was: let everything go on: nothing was sent after the backup.

    Raises:
        BackupRefused: the source is no backup, or there is a book already.
        BookUnavailable: the book cannot be written.
        OSError: something else cannot be.
    """
    note = read_note(source)
    if note.version not in KNOWN:
        raise BackupRefused(
            f"{source} is of version {note.version}, which this program does not know ({KNOWN[-1]} is its "
            "newest). Install the Postfax that made it, or a newer one."
        )
    for there in _files_of(book):
        if there.exists():
            # A log of another book would be taken for a part of this one.
            raise BackupRefused(f"{there} is there. Move the old book away first, with its -wal and -shm.")
    _copy_documents(source / DOCUMENTS, documents, told)
    told("copying the book", 0, 1)
    unfinished = _copy_book(source / BOOK, book)
    migrate(f"sqlite:{unfinished}")
    kept_back = None if as_it_was else write_once(unfinished, _keeping_back(note.made_at, owner))
    _flush(unfinished)
    for path in (unfinished, lock_path(book), *_all_in(documents)):
        give_to_the_service(path, book.parent)
    unfinished.rename(book)
    flush_folder(book.parent)
    return Restored(note=note, kept_back=kept_back)


def keep_back_in(url: str, made_at: datetime, owner: str) -> OnTheWay:
    """Keep back what is on its way in a book that was restored by other means, such as `pg_restore`.

    Args:
        url: of the book, in SQLite or in PostgreSQL.
        made_at: when the backup was made.
        owner: in whose name it is written.

    Raises:
        CopyRefused: a service uses it.
        BookUnavailable, BookVersionError: it cannot be used.
    """
    migrate(url)
    with held(url) as (_, writing), writing.begin() as connection:
        return _keeping_back(made_at, owner)(connection)


async def let_go_in(access: BookAccess, by: str) -> OnTheWay:
    """Let everything go on that a restore kept back; a service may be using the book.

    Args:
        access: to the book, not open.
        by: who wants it.

    Raises:
        BookUnavailable, BookVersionError: it cannot be used.
    """
    await access.open()
    try:
        return await access.write(let_go, by)
    finally:
        await access.close()


def _keeping_back(made_at: datetime, owner: str) -> Callable[[Connection], OnTheWay]:
    words = f"{made_at.astimezone():%Y-%m-%d %H:%M %Z}"
    now = datetime.now(UTC)
    return lambda connection: keep_back(Turn(connection=connection, now=now, owner=owner), words)


def _copy_documents(source: Path, documents: Path, told: Told) -> None:
    """Copy what is not there yet: a body is never changed, so one of the same size is the same."""
    files = [path for path in _all_in(source) if path.is_file()]
    for number, path in enumerate(files, start=1):
        target = documents / path.relative_to(source)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not target.exists() or target.stat().st_size != path.stat().st_size:
            shutil.copyfile(path, target)
            target.chmod(0o600)
            _flush(target)
        told("copying documents", number, len(files))
    for folder in (documents, *(each for each in documents.glob("*") if each.is_dir())):
        if folder.is_dir():
            flush_folder(folder)


def _copy_book(source: Path, book: Path) -> Path:
    """The backup's book beside the place where it will be, under another name."""
    unfinished = book.with_suffix(".restoring")
    with sentences(book):
        book.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in _files_of(unfinished):
            left_over.unlink(missing_ok=True)
        shutil.copyfile(source, unfinished)
        unfinished.chmod(0o600)
    return unfinished


def _files_of(book: Path) -> tuple[Path, ...]:
    return tuple(Path(f"{book}{ending}") for ending in ("", "-wal", "-shm", "-journal"))


def _all_in(folder: Path) -> Iterator[Path]:
    """A folder and all that is in it, if it is there."""
    if folder.is_dir():
        yield folder
        yield from sorted(folder.rglob("*"))


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
