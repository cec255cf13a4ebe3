"""`postfax report`: the six reports over a small record, and what they refuse."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from recorded_faxes import RecordedFaxes

from postfax.failures import ExitCode
from postfax.opening import now
from store.job import Refusal, Wishes
from store.status import Status


@pytest.fixture(scope="module")
def postfax(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Two departments: three faxes sent, two failed, one refused, one cancelled, one that waits."""
    folder = tmp_path_factory.mktemp("reported")
    postfax = CommandLine(folder)
    fax = RecordedFaxes(postfax=postfax, folder=folder)
    fax(Status.SUCCESS, pages=3)
    fax(Status.BUSY, Status.BUSY, Status.SUCCESS, pages=4, number="+14255550101")
    fax(Status.SUCCESS, pages=2, sender="cem@hospital.example")
    fax(Status.BUSY, sender="or-desk@hospital.example", number="+14255550102")
    fax(Status.NO_ANSWER, sender="or-desk@hospital.example", number="+14255550101")
    fax(number="12", refusal=Refusal(status=Status.INVALID_FAX_NUMBER, explanation="12 is too short."))
    later = Wishes(not_before=now() + timedelta(days=1))
    waiting = fax(wishes=later)
    cancelled = fax(wishes=later)
    postfax.of_book(lambda book: book.cancel(cancelled.id, "olga"))
    assert waiting.state == "scheduled"
    return postfax


def rows(postfax: CommandLine, *arguments: str) -> Any:
    return postfax("report", *arguments, "--json").json["rows"]


def test_usage_has_faxes_pages_and_ends(postfax: CommandLine) -> None:
    assert rows(postfax, "usage") == [
        {
            "faxes": 8,
            "successful": 3,
            "failed": 3,
            "cancelled": 1,
            "success_percent": 37.5,
            "pages": 9,
            "pages_per_transmission": 3.0,
        }
    ]


def test_usage_is_told_by_department_and_of_one(postfax: CommandLine) -> None:
    apart = rows(postfax, "usage", "--by", "department")
    assert {row["department"]: (row["faxes"], row["pages"]) for row in apart} == {
        "Radiology": (5, 7),
        "Radiology › CT": (1, 2),
        "Surgery": (2, 0),
    }
    assert rows(postfax, "usage", "--department", "radiology")[0]["faxes"] == 6
    [ct] = rows(postfax, "usage", "--department", "Radiology/CT", "--by", "department")
    assert (ct["department"], ct["faxes"]) == ("Radiology › CT", 1)


def test_usage_is_told_by_hour_and_by_day(postfax: CommandLine) -> None:
    for step in ("hour", "day"):
        told = rows(postfax, "usage", "--since", "3d", "--by", step)
        assert sum(row["faxes"] for row in told) == 8
        assert [row[step] for row in told] == sorted({row[step] for row in told})
    both = rows(postfax, "usage", "--since", "today", "--by", "day", "--by", "department")
    assert {row["department"] for row in both} == {"Radiology", "Radiology › CT", "Surgery"}


def test_times_to_the_first_call_and_to_the_end(postfax: CommandLine) -> None:
    [first] = rows(postfax, "first-dial")
    assert first["faxes"] == 5
    assert 0 <= first["average_seconds"] <= first["longest_seconds"] < 60
    [end] = rows(postfax, "completion")
    assert end["faxes"] == 5
    assert 0 <= first["average_seconds"] <= end["average_seconds"] <= end["longest_seconds"] < 60


def test_numbers_that_are_busy_and_that_get_most(postfax: CommandLine) -> None:
    assert rows(postfax, "busy") == [
        {"number": "+14255550101", "count": 2},
        {"number": "+14255550102", "count": 1},
    ]
    assert rows(postfax, "busy", "--department", "Surgery") == [{"number": "+14255550102", "count": 1}]
    assert rows(postfax, "volume")[0] == {"number": "+13105550100", "count": 4}
    assert rows(postfax, "volume", "--department", "CT") == [{"number": "+13105550100", "count": 1}]
    table = postfax("report", "busy").out.splitlines()
    assert table[0].split() == ["NUMBER", "BUSY", "CALLS"]
    assert table[1].split() == ["+1", "425", "555", "0101", "2"]


def test_failures_are_told_by_their_status(postfax: CommandLine) -> None:
    assert rows(postfax, "failures") == [
        {"status": "BUSY", "faxes": 1},
        {"status": "Invalid Fax Number", "faxes": 1},
        {"status": "Job Cancelled", "faxes": 1},
        {"status": "No Answer", "faxes": 1},
    ]
    table = postfax("report", "failures", "--by", "day", "--since", "today").out.splitlines()
    assert table[0].split() == ["DAY", "STATUS", "FAXES"]
    assert table[-1].split() == ["all", "4"]


def test_a_report_goes_into_files(postfax: CommandLine, tmp_path: Path) -> None:
    target, chart = tmp_path / "usage.csv", tmp_path / "usage.svg"
    said = postfax("report", "usage", "--by", "department", "--csv", str(target), "--chart", str(chart))
    assert said.out == f"{target}  3 rows\n"
    read = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert [(row["department"], row["pages"]) for row in read] == [
        ("Radiology", "7"),
        ("Radiology › CT", "2"),
        ("Surgery", "0"),
    ]
    assert "Radiology › CT: 1" in chart.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("busy", "--by", "day"), ExitCode.USAGE, "busy lists numbers; it has no --by"),
        (("failures", "--by", "department"), ExitCode.USAGE, "failures are told by status"),
        (("usage", "--by", "day", "--by", "hour"), ExitCode.USAGE, "--by hour or --by day, not both"),
        (("usage", "--since", "2020-01-01", "--by", "hour"), ExitCode.USAGE, "lines; take --by day"),
        (
            ("usage", "--department", "Surgry"),
            ExitCode.NOT_FOUND,
            "of a department Surgry; did you mean Surgery?",
        ),
        (("usage", "--until", "2020-01-01"), ExitCode.USAGE, "before it begins"),
        (("usage", "--chart", "usage.gif"), ExitCode.USAGE, "ends neither in .svg nor in .png"),
    ],
)
def test_what_cannot_be_reported_is_told(
    postfax: CommandLine, arguments: tuple[str, ...], code: ExitCode, told: str
) -> None:
    said = postfax("report", *arguments)
    assert (said.code, told in said.failure) == (code, True), said.failure


def test_an_empty_record_has_reports_too(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    postfax = CommandLine(empty)
    for report in ("first-dial", "completion", "busy", "volume", "failures", "usage"):
        said = postfax("report", report)
        assert said.code == ExitCode.DONE
        assert said.out
