"""The call detail records of closed months, which are kept longer than what they are made of.

The service writes one when a month has ended, in a folder beside the documents, and removes it after six
months. It has the faxes that were not sent in a file of their own.
"""

import csv
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from zoneinfo import ZoneInfo

from postfax.cdr import Records, Written, month_words, write_cdr
from postfax.moments import month_of
from postfax.whole_file import whole_file
from store.erasure import ErasureWish
from store.tally import Period

MONTHS = 6
_FOLDER = "cdr"
_FAILURES = "-failures.csv"
_SETTLED = timedelta(minutes=10)
"""How long after its end a month is closed: what is written at its last moment is in the record by then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMonth:
    """A ZIP that is kept."""

    month: str
    path: Path
    octets: int

    def copy_to(self, target: Path, *, failures: bool) -> Written:
        """Hand it out, with what was not sent or without it.

        Raises:
            OSError: It cannot be read, or the target not written.
        """
        with (
            whole_file(target) as file,
            zipfile.ZipFile(self.path) as kept,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        ):
            names = [name for name in kept.namelist() if failures or not name.endswith(_FAILURES)]
            files = [(name, _copy(kept, archive, name)) for name in names]
        return Written(files=tuple(files))


def _copy(kept: zipfile.ZipFile, archive: zipfile.ZipFile, name: str) -> int:
    """Copy a file; how many rows it has below its titles."""
    lines = 0
    with kept.open(name) as source, archive.open(name, "w", force_zip64=True) as copy:
        while octets := source.read(1 << 20):
            copy.write(octets)
            lines += octets.count(b"\n")
    return max(0, lines - 1)


def kept_months(documents: Path) -> list[KeptMonth]:
    """All that are kept, the newest first."""
    found = sorted((documents / _FOLDER).glob("cdr-????-??.zip"), reverse=True)
    return [
        KeptMonth(month=path.stem.removeprefix("cdr-"), path=path, octets=path.stat().st_size)
        for path in found
    ]


def erase_kept(documents: Path, wish: ErasureWish, pseudonym: str) -> int:
    """Put a pseudonym in place of a sender or a number in all months that are kept; how many rows had it.

    Raises:
        OSError: A file cannot be written; it stays as it was.
    """
    return sum(_erase(kept.path, wish, pseudonym) for kept in kept_months(documents))


def _erase(path: Path, wish: ErasureWish, pseudonym: str) -> int:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    changed = 0
    try:
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with (
            os.fdopen(descriptor, "w+b") as file,
            zipfile.ZipFile(path) as kept,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        ):
            for name in kept.namelist():
                changed += _erase_rows(kept, archive, name, wish, pseudonym)
        if changed:
            new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return changed


def _erase_rows(
    kept: zipfile.ZipFile, archive: zipfile.ZipFile, name: str, wish: ErasureWish, pseudonym: str
) -> int:
    changed = 0
    with (
        kept.open(name) as source,
        archive.open(name, "w", force_zip64=True) as copy,
        TextIOWrapper(source, "utf-8", newline="") as text,
        TextIOWrapper(copy, "utf-8", newline="") as written,
    ):
        rows = csv.DictReader(text)
        write = csv.DictWriter(written, rows.fieldnames or (), lineterminator="\n")
        write.writeheader()
        for row in rows:
            mine = (row["number"],) if wish.number else (row["user"].lower(), row["sender"].lower())
            if wish.subject in mine:
                changed += 1
                row.update(dict.fromkeys(("number",) if wish.number else ("user", "sender"), pseudonym))
                row.update(dict.fromkeys(("reference",) if wish.number else ("reference", "user_name"), ""))
            write.writerow(row)
    return changed


def kept_zip(documents: Path, month: str) -> KeptMonth | None:
    """That of a month."""
    return next((each for each in kept_months(documents) if each.month == month), None)


async def close_month(
    documents: Path, moment: datetime, zone: ZoneInfo, records: Records, *, begun: datetime | None
) -> Written | None:
    """Write the last month that has ended, unless it is kept already, and remove the oldest.

    Args:
        documents: The folder of documents.
        moment: The time.
        zone: Whose months are meant.
        records: Where rows come from.
        begun: When the oldest fax of the record was made; None while there is none.

    Raises:
        OSError: It cannot be written.
    """
    local = (moment - _SETTLED).astimezone(zone)
    this, _ = month_of(local.year, local.month, zone)
    before = this - timedelta(days=1)
    begin, end = month_of(before.year, before.month, zone)
    month = Period(begin=begin, end=end)
    if begun is None or begun >= end or kept_zip(documents, month_words(month, zone)):
        return None
    folder = documents / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"cdr-{month_words(month, zone)}.zip"
    written = await write_cdr(target, month, zone, records, daily=False, failures=True)
    for old in kept_months(documents)[MONTHS:]:
        old.path.unlink(missing_ok=True)
    return written
