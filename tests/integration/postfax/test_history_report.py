"""What was faxed on each day is kept when the faxes are forgotten, and told by `postfax report history`."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from command_line import CommandLine
from recorded_faxes import RecordedFaxes

from config.upkeep import RetentionSettings
from postfax.closing_days import KEPT, close_days
from postfax.failures import ExitCode
from postfax.opening import now
from store.book import Book
from store.status import Status

ZONE = ZoneInfo("UTC")


async def forget(book: Book) -> None:
    """Let the record forget every fax that is over."""
    while notice := await book.claim_notice(timedelta(minutes=5)):
        await book.notice_delivered(notice.id)
    gone = RetentionSettings(documents=timedelta(0), metadata=timedelta(0), audit=timedelta(days=9))
    await book.purge_faxes(lambda _: gone, gone, everything=True)


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_days_outlive_their_faxes(postfax: CommandLine, tmp_path: Path) -> None:
    fax = RecordedFaxes(postfax=postfax, folder=tmp_path)
    fax(Status.SUCCESS, pages=3)
    fax(Status.BUSY, sender="or-desk@hospital.example")
    today = now()
    tomorrow = today + timedelta(days=1)
    assert postfax.of_book(lambda book: close_days(book, today - timedelta(days=1), ZONE)) == 0
    assert postfax.of_book(lambda book: close_days(book, tomorrow, ZONE)) == 1
    assert postfax.of_book(lambda book: close_days(book, tomorrow, ZONE)) == 0
    postfax.of_book(forget)
    assert postfax("list").out == "no jobs\n"
    [month] = postfax("report", "history", "--json").json["rows"]
    assert (month["month"], month["faxes"], month["successful"], month["failed"], month["pages"]) == (
        f"{today:%Y-%m}", 2, 1, 1, 3,
    )  # fmt: skip
    apart = postfax("report", "history", "--by", "day", "--by", "department", "--json").json["rows"]
    assert [(row["day"], row["department"], row["faxes"]) for row in apart] == [
        (f"{today:%Y-%m-%d}", "Radiology", 1),
        (f"{today:%Y-%m-%d}", "Surgery", 1),
    ]
    [one] = postfax("report", "history", "--department", "Surgery", "--json").json["rows"]
    assert (one["faxes"], one["success_percent"]) == (1, 0.0)
    assert postfax("report", "history", "--by", "hour").code == ExitCode.USAGE


def test_a_day_is_counted_again_while_it_may_change(postfax: CommandLine, tmp_path: Path) -> None:
    async def kept(book: Book) -> list[tuple[str, int]]:
        return [
            (total.day, sum(total.counted.values())) for total in await book.days("2020-01-01", "2040-01-01")
        ]

    fax = RecordedFaxes(postfax=postfax, folder=tmp_path)
    fax()
    later = now() + timedelta(days=20)
    first_day = f"{now():%Y-%m-%d}"
    assert postfax.of_book(lambda book: close_days(book, later, ZONE)) == 20
    assert postfax.of_book(kept) == [(first_day, 1)]
    assert postfax.of_book(lambda book: close_days(book, later + timedelta(days=1), ZONE)) == 20
    assert postfax.of_book(lambda book: close_days(book, later + KEPT, ZONE)) > 0
    assert postfax.of_book(kept) == []
