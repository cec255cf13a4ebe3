"""The call detail record (CDR): CSV files in a ZIP, for a whole month or for each day of one that goes on.

A row is a fax that came to its end in that time. What was sent is billable; the others go into files of their
own, where they are asked for. The columns keep their names and their order; new ones come at the end.
"""

import csv
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from postfax.activity_columns import csv_cell
from postfax.periods import Step, begin_words, periods
from postfax.whole_file import whole_file
from store.cdr import DetailRecord
from store.sender import Sender
from store.tally import Period

COLUMNS = (
    "job", "finished", "created", "status", "user", "user_name", "company", "department", "sender",
    "number", "reference", "billing", "pages", "pages_confirmed", "tries", "call_started", "call_answered",
    "call_ended", "seconds", "line", "custom_fields", "shares_call_of",
)  # fmt: skip
"""Of every file (docs/reference/json.md)."""

Records = Callable[[Period, bool], AsyncIterator[Sequence[DetailRecord]]]
"""(period, whether those that were not sent) → the records, oldest first, in groups."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_QUARTER = 900 * _SECOND
"""Microseconds."""
_SENDERS: dict[int, tuple[Sender, tuple[str, str, str, str]]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a ZIP has."""

    files: tuple[tuple[str, int], ...]
    """Names, and rows of each."""

    @property
    def rows(self) -> int:
        """Of all files."""
        return sum(rows for _, rows in self.files)


def month_words(month: Period, zone: ZoneInfo) -> str:
    """`2026-10`."""
    return f"{month.begin.astimezone(zone):%Y-%m}"


async def write_cdr(
    target: Path,
    month: Period,
    zone: ZoneInfo,
    records: Records,
    *,
    daily: bool,
    failures: bool,
    tell: Callable[[int], None] = lambda _: None,
) -> Written:
    """Write the ZIP, as a whole or not at all, for its owner alone.

    Args:
        target: The file; `-` is standard output.
        month: What it is about.
        zone: Whose days and times are told.
        records: Where rows come from.
        daily: Whether each day with activity has a file of its own.
        failures: Whether there are files of what was not sent, too.
        tell: Is told how many rows were written.

    Raises:
        OSError: It cannot be written.
    """
    files: list[tuple[str, int]] = []
    parts = list(periods(month, Step.DAY, zone)) if daily else [month]
    kinds = (False, True) if failures else (False,)
    with (
        whole_file(target) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
    ):
        for part in parts:
            for failed in kinds:
                when = begin_words(part, Step.DAY, zone) if daily else month_words(month, zone)
                name = f"cdr-{when}{'-failures' if failed else ''}.csv"
                rows = await _write(archive, name, records(part, failed), zone, empty=not daily, tell=tell)
                files += [(name, rows)] if rows or not daily else []
    return Written(files=tuple(files))


async def _write(
    archive: zipfile.ZipFile,
    name: str,
    records: AsyncIterator[Sequence[DetailRecord]],
    zone: ZoneInfo,
    *,
    empty: bool,
    tell: Callable[[int], None],
) -> int:
    """Write one CSV; how many rows it has. Without any there is none, unless it may be `empty`."""
    group: Sequence[DetailRecord] | None = await anext(records, None)
    if not group and not empty:
        return 0
    rows = 0
    with archive.open(name, "w", force_zip64=True) as member:
        member.write(_lines([COLUMNS]))
        while group:
            # As one piece: whatever is compressed gives way to the reader of the next group.
            member.write(_lines([cells(record, zone) for record in group]))
            rows += len(group)
            tell(rows)
            group = await anext(records, None)
    return rows


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of a CSV file."""
    return "".join(map(_line, rows)).encode()


def _line(row: Sequence[str]) -> str:
    """A row. Nearly none has anything to be quoted, and joining is faster than looking at each letter."""
    line = ",".join(row)
    if line.count(",") == len(row) - 1 and not ('"' in line or "\n" in line or "\r" in line):
        return line + "\n"
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)  # so that it quotes both
    return text.getvalue().removesuffix("\r\n") + "\n"


def cells(record: DetailRecord, zone: ZoneInfo) -> Sequence[str]:
    """A row."""
    seconds = ""
    if record.answered_at and record.ended_at:
        seconds = f"{(record.ended_at - record.answered_at) / _SECOND:.1f}"
    email, name, company, custom_fields = _sender_cells(record.user)
    return (
        record.job_id,
        _told(record.finished_at, zone),
        _told(record.created_at, zone),
        record.status or "",
        email,
        name,
        company,
        _cell(record.department),
        _cell(record.sender),
        record.number,
        csv_cell(record.reference),
        _cell(record.billing),
        str(record.pages),
        str(record.pages_confirmed),
        str(record.tries),
        _told(record.started_at, zone),
        _told(record.answered_at, zone),
        _told(record.ended_at, zone),
        seconds,
        _cell(record.line or ""),
        custom_fields,
        record.shares_call_of or "",
    )


def _sender_cells(user: Sender) -> tuple[str, str, str, str]:
    """What is told of a sender: the same in many rows, so it is put together once for each."""
    known = _SENDERS.get(id(user))
    if known is None or known[0] is not user:
        custom_fields = csv_cell(user.custom_fields)
        told = csv_cell(user.email), csv_cell(user.name), csv_cell(user.company), custom_fields
        _SENDERS[id(user)] = known = user, told
    return known[1]


def _told(moment: int | None, zone: ZoneInfo) -> str:
    """A time that is kept as microseconds, ISO 8601 with its offset."""
    if moment is None:
        return ""
    quarter, rest = divmod(moment, _QUARTER)
    hour, begun, offset = _quarter_words(quarter, zone)
    return f"{hour}{_OF_HOUR[begun + rest // _SECOND]}{offset}"


_OF_HOUR = [f":{minute:02}:{second:02}" for minute in range(60) for second in range(60)]


@lru_cache(maxsize=10_000)
def _quarter_words(quarter: int, zone: ZoneInfo) -> tuple[str, int, str]:
    """Date and hour, seconds of the hour, and offset of a quarter: in none of them clocks are changed."""
    local = (_EPOCH + timedelta(minutes=15 * quarter)).astimezone(zone)
    text = local.isoformat(timespec="minutes")
    return text[:13], 60 * local.minute, text[16:]


_cell = lru_cache(maxsize=10_000)(csv_cell)
"""Of what many rows have in common."""
