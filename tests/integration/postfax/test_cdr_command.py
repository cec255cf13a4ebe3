"""`postfax cdr` and the months that the service keeps; `postfax events`."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import AsyncMock
from zoneinfo import ZoneInfo

import pytest
from command_line import CommandLine
from recorded_faxes import ANA, RecordedFaxes

from postfax.cdr import COLUMNS, Written, cells, write_cdr
from postfax.cdr_shelf import MONTHS, close_month, kept_months
from postfax.closing_months import close_months
from postfax.failures import ExitCode
from postfax.live_policy import read_with_digest
from postfax.opening import documents_folder, now, settings_in
from postfax.person import person
from store.book import Book
from store.cdr import DetailRecord, microseconds
from store.job import FaxJob
from store.sender import Sender
from store.status import Status
from store.tally import Period

TODAY = now()


@pytest.fixture(scope="module")
def postfax(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("accounted"))


@pytest.fixture(scope="module")
def faxes(postfax: CommandLine) -> list[FaxJob]:
    """Two that were sent, one that was not, one that waits: all of them today."""
    fax = RecordedFaxes(postfax=postfax, folder=postfax.policy_file.parent.parent)
    first = fax(Status.SUCCESS, pages=3, reference="@sum", billing="17")
    second = fax(Status.SUCCESS, sender="cem@hospital.example")
    return [first, second, fax(Status.BUSY), fax()]


def records_of(book: Book, failures: bool = False) -> AsyncIterator[tuple[DetailRecord, ...]]:  # noqa: FBT001, FBT002 - as the book
    whole = Period(begin=TODAY - timedelta(days=1), end=TODAY + timedelta(days=1))
    return book.detail_records(whole, failures)


def rows_in(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}


def test_a_row_has_what_is_accounted_for(
    postfax: CommandLine, faxes: list[FaxJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.records.detail_records.GROUP", 1)

    async def ask(book: Book) -> list[list[DetailRecord]]:
        return [
            [each async for group in records_of(book, failures) for each in group]
            for failures in (False, True)
        ]

    sent, others = postfax.of_book(ask)
    assert [each.job_id for each in sent] == [faxes[0].id, faxes[1].id]
    assert [each.job_id for each in others] == [faxes[2].id]
    one = sent[0]
    assert (one.status, one.user.email, one.department, one.pages, one.pages_confirmed, one.tries) == (
        "Success", ANA, "Radiology", 3, 3, 1,
    )  # fmt: skip
    assert (one.number, one.reference, one.line) == ("+13105550100", "@sum", "main")
    assert one.created_at <= one.started_at <= one.answered_at == one.ended_at <= one.finished_at


def test_a_month_that_goes_on_has_a_file_for_each_day_that_is_over(
    postfax: CommandLine, faxes: list[FaxJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = TODAY + timedelta(days=1)
    monkeypatch.setattr("postfax.commands.cdr.now", lambda: tomorrow)
    month = f"{TODAY:%Y-%m}"
    target = tmp_path / "cdr.zip"
    said = postfax("cdr", month, "-o", target, "--failures", "--json").json
    day = f"cdr-{TODAY:%Y-%m-%d}" if tomorrow.month == TODAY.month else f"cdr-{month}"
    assert said == {
        "file": str(target),
        "rows": 3,
        "files": [{"name": f"{day}.csv", "rows": 2}, {"name": f"{day}-failures.csv", "rows": 1}],
    }
    rows = rows_in(target)[f"{day}.csv"]
    assert list(rows[0]) == list(COLUMNS)
    assert [row["job"] for row in rows] == [faxes[0].id, faxes[1].id]
    assert (rows[0]["reference"], rows[0]["seconds"], rows[1]["department"]) == (
        "'@sum",
        "0.0",
        "Radiology › CT",
    )
    assert "is there already" in postfax("cdr", month, "-o", target).failure
    assert postfax("cdr", month, "-o", target, "--force").code == ExitCode.DONE
    assert list(rows_in(target)) == [f"{day}.csv"]
    monkeypatch.chdir(tmp_path)
    assert postfax("cdr", month, "-o", "-").out.startswith("PK")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("month", "code", "told"),
    [
        ("2026-13", ExitCode.USAGE, "'2026-13' is no month, such as 2026-10."),
        ("October", ExitCode.USAGE, "'October' is no month"),
        ("2190-01", ExitCode.USAGE, "has not come yet"),
        ("2020-01", ExitCode.NOT_FOUND, "there is no fax of 2020-01; the record begins on"),
    ],
)
def test_a_month_that_cannot_be_had_is_told(
    postfax: CommandLine, faxes: list[FaxJob], tmp_path: Path, month: str, code: ExitCode, told: str
) -> None:
    said = postfax("cdr", month, "-o", tmp_path / "cdr.zip")
    assert (said.code, told in said.failure) == (code, True), said.failure


def test_a_month_of_which_no_day_is_over_is_told_so(
    postfax: CommandLine, faxes: list[FaxJob], tmp_path: Path
) -> None:
    said = postfax("cdr", f"{TODAY:%Y-%m}", "--zone", "UTC", "-o", tmp_path / "cdr.zip")
    told = "its first day can be had tomorrow" if TODAY.day == 1 else "up to yesterday; the record begins on"
    assert (said.code, told in said.failure) == (ExitCode.NOT_FOUND, True), said.failure


def test_the_service_keeps_a_month_from_its_end_on(
    postfax: CommandLine, faxes: list[FaxJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_month = (TODAY.replace(day=1) + timedelta(days=40)).replace(day=1, hour=3)
    folder = documents_folder(settings_in(str(postfax.settings_file)))
    policy = read_with_digest(postfax.policy_file.parent, ("main",)).policy

    async def serve(book: Book) -> None:
        monkeypatch.setattr(book, "sure_time", AsyncMock(return_value=next_month))
        closing = asyncio.create_task(close_months(book, lambda: policy, folder))
        async with asyncio.timeout(60):
            while not kept_months(folder):
                await asyncio.sleep(0.01)
        closing.cancel()

    postfax.of_book(serve)
    [kept] = postfax("cdr", "--list", "--json").json
    assert kept["month"] == f"{TODAY:%Y-%m}"
    monkeypatch.setattr("postfax.commands.cdr.now", lambda: next_month)
    said = postfax("cdr", "-o", tmp_path)
    assert said.out.startswith(f"{tmp_path}/cdr-{TODAY:%Y-%m}.zip  2 rows in 1 file, ")
    assert postfax("cdr", "-o", tmp_path, "--force", "--failures", "--json").json["rows"] == 3
    Path(kept["file"]).unlink()


def record(reference: str) -> DetailRecord:
    sender = Sender(email=ANA, name="", company="", custom_fields={})
    moment = microseconds(datetime(2026, 1, 15, tzinfo=UTC))
    return DetailRecord(
        "K7Q2-M9", moment, moment, None, sender, "", ANA, "12", reference, "", 0, 0, 0, None, None, None, None
    )


REFERENCES = ("", "a,b", 'say "x"', "two\nlines", "one\rmore", "naïve 患者", " spaces ")


async def few_records(_: Period, __: bool) -> AsyncIterator[tuple[DetailRecord, ...]]:  # noqa: FBT001 - as the book
    yield tuple(map(record, REFERENCES[:3]))
    yield tuple(map(record, REFERENCES[3:]))


async def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    month = Period(begin=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 2, 1, tzinfo=UTC))
    target = tmp_path / "cdr.zip"
    written = await write_cdr(target, month, ZoneInfo("UTC"), few_records, daily=False, failures=False)
    assert written.rows == len(REFERENCES)
    with zipfile.ZipFile(target) as archive:
        text = archive.read("cdr-2026-01.csv").decode()
    told = [row["reference"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert told == list(REFERENCES)


async def test_closed_months_are_kept_for_half_a_year(tmp_path: Path) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    begun = datetime(2025, 1, 1, tzinfo=UTC)

    async def close(*moment: int, since: datetime | None = begun) -> Written | None:
        at = datetime(*moment, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and what follows
        return await close_month(tmp_path, at, zone, few_records, begun=since)

    for month in range(1, 11):
        for _ in range(2):  # the second time there is nothing to do
            await close(2026, month, 2)
    kept = [each.month for each in kept_months(tmp_path)]
    assert kept == [f"2026-{month:02}" for month in range(9, 9 - MONTHS, -1)]
    assert await close(2026, 11, 1, 3) is None  # it is still October there
    assert await close(2026, 12, 2, since=None) is None


def test_what_happens_is_told_and_can_be_gone_on_from(postfax: CommandLine, faxes: list[FaxJob]) -> None:
    told = [json.loads(line) for line in postfax("events", "--json", "-n", "500").out.splitlines()]
    assert [event["number"] for event in told] == sorted({event["number"] for event in told})
    of_first = [event["transition"] for event in told if event["job"] == faxes[0].id]
    assert of_first == ["accept", "queue", "dial", "confirm"]
    lines = postfax("events", "-n", "2", "--user", ANA).out.splitlines()
    assert lines[-1].endswith(f"document made  {ANA} → +1 310 555 0100")
    assert postfax("events", "-n", "0").out == ""

    async def later(book: Book) -> tuple[str, ...]:
        await book.hold(faxes[3].id, person())
        return tuple(each.transition for each in await book.happenings_after(told[-1]["number"]))

    assert postfax.of_book(later) == ("HOLD",)
    assert f"by {person()}" in postfax("events", "-n", "1").out


@pytest.mark.parametrize("name", ["UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_times_are_told_with_their_offset(name: str) -> None:
    zone = ZoneInfo(name)
    sender = Sender(email=ANA, name="", company="", custom_fields={})
    for hours in range(0, 24 * 400, 7):
        moment = datetime(2026, 1, 1, 0, 14, 59, tzinfo=UTC) + timedelta(hours=hours, minutes=hours % 60)
        kept = microseconds(moment)
        record = DetailRecord(
            "K7Q2-M9", kept, kept, None, sender, "", ANA, "12", "", "", 0, 0, 0, None, None, None, None
        )
        assert cells(record, zone)[1] == moment.astimezone(zone).isoformat()
