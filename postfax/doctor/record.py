"""Where everything is kept: the book, and the room on its disk. It is only read, and no lock is taken."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from postfax.doctor.finding import Finding, failure, not_checked, ok, warning
from postfax.doctor.site import Site
from postfax.opening import documents_folder
from postfax.terminal import octets_for_people
from store.address import folders_of, is_on_server
from store.disk import LEAST_FREE
from store.errors import BookUnavailable, BookVersionError
from store.sqlite import book_path, connect_book, lock_path, read_engine, sentences
from store.version import KNOWN, found_version

CHECK_SECONDS = 30.0
"""For SQLite's look at every page; a larger book is not looked at to the end."""
COMFORTABLE = 1024**3
"""Octets that should be free: some 20,000 faxes."""
_FEW_FILES = 0.02
_INSTRUCTIONS = 20_000
"""Of SQLite's machine, between two looks at the clock."""
_FREE_SOME = "Free some, or shorten the retention of documents."


async def book(site: Site) -> Sequence[Finding]:
    """Its version, whether it may be written, and whether it is whole."""
    if is_on_server(site.settings.store):
        from postfax.doctor.database import database

        return await database(site.settings.store)
    path = book_path(site.settings.store)
    if not path.exists():
        return [not_checked("there is none yet; `postfax serve` makes it", subject=str(path))]
    return await asyncio.to_thread(_book, path)


def _book(path: Path) -> Sequence[Finding]:
    subject = str(path)
    for needed in (path, path.parent, lock_path(path)):
        if not os.access(needed, os.W_OK if needed == path else os.R_OK):
            advice = "Give it to the service's user (chown), or run doctor as that user."
            return [
                failure(f"{needed} may not be used by this user, or is not there", advice, subject=subject)
            ]
    try:
        with sentences(path):
            version = _version(path)
            trouble = _quick_check(path)
    except BookVersionError as problem:
        return [failure(str(problem), "Nothing was changed.", subject=subject)]
    except BookUnavailable as problem:
        return [failure(f"cannot be used ({problem.cause})", problem.sentence, subject=subject)]
    if trouble:
        advice = "Stop the service, keep a copy, and restore the last backup."
        return [failure(f"is damaged: {trouble}", advice, subject=subject)]
    if version != KNOWN[-1]:
        advice = "`postfax serve` brings it forward when it starts. Back it up before."
        return [
            warning(
                f"is of version {version or 'none'}, this program's is {KNOWN[-1]}", advice, subject=subject
            )
        ]
    whole = "whole" if trouble is not None else f"not looked at to the end in {CHECK_SECONDS:g} s"
    return [ok(f"version {version}, {octets_for_people(path.stat().st_size)}, {whole}", subject=subject)]


def _version(path: Path) -> str | None:
    engine = read_engine(path)
    try:
        with engine.begin() as connection:
            return found_version(connection, str(path))
    finally:
        engine.dispose()


def _quick_check(path: Path) -> str | None:
    """What SQLite finds wrong; empty where nothing is, None where there was no time to look everywhere."""
    deadline = time.monotonic() + CHECK_SECONDS
    connection = connect_book(path)
    try:
        connection.execute("PRAGMA query_only=ON").close()
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS)
        said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        connection.close()
    return "" if said == ["ok"] else "; ".join(said)


async def disk(site: Site, *, statvfs: Callable[[Path], os.statvfs_result] = os.statvfs) -> Sequence[Finding]:
    """Room for the book and for the documents."""
    folders = dict.fromkeys((*folders_of(site.settings.store), documents_folder(site.settings)))
    return await asyncio.to_thread(lambda: [_room(folder, statvfs) for folder in folders])


def _room(folder: Path, statvfs: Callable[[Path], os.statvfs_result]) -> Finding:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        advice = f"Give {there} to the service's user (chown), or run doctor as that user."
        return failure("may not be written by this user", advice, subject=str(folder))
    room = statvfs(there)
    free = room.f_bavail * room.f_frsize
    told = f"{octets_for_people(free)} free"
    if free < LEAST_FREE:
        advice = f"Mails are turned away (452) below {octets_for_people(LEAST_FREE)}. {_FREE_SOME}"
        return failure(told, advice, subject=str(folder))
    if room.f_files and room.f_favail / room.f_files < _FEW_FILES:
        return warning(f"{room.f_favail} more files fit in", _FREE_SOME, subject=str(folder))
    if free < COMFORTABLE:
        return warning(told, _FREE_SOME, subject=str(folder))
    return ok(told if there == folder else f"{told}; made at the first start", subject=str(folder))
