"""`postfax activity`: layers of conditions, columns, pages, saved queries, and the export."""

import csv
import io
import stat
from pathlib import Path

import pytest
from command_line import POLICY, CommandLine
from recorded_faxes import ANA, RecordedFaxes

from postfax.activity_columns import COLUMNS
from postfax.failures import ExitCode
from store.job import FaxJob
from store.status import Status

ZONE = "settings: {datetime: {time_zone: Asia/Kolkata, date_format: DD.MM.YYYY}, fax:"


@pytest.fixture(autouse=True)
def own_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def postfax(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module")
def faxes(postfax: CommandLine) -> dict[str, FaxJob]:
    """A few faxes of two departments, by what is told of them below."""
    ana = "{name: Ana Ruiz, email: ana@hospital.example"
    custom = f"{ana}, settings: {{custom_fields: {{cost_center: R-17}}}}"
    policy = POLICY.replace("settings: {fax:", ZONE, 1).replace(ana, custom)
    postfax.policy_file.write_text(policy, encoding="utf-8")
    fax = RecordedFaxes(postfax=postfax, folder=postfax.policy_file.parent.parent)
    return {
        "sent": fax(Status.SUCCESS, pages=3, reference="=4711", name="John"),
        "busy": fax(Status.BUSY, Status.BUSY, number="+14255550101", billing="17"),
        "ct": fax(Status.SUCCESS, sender="cem@hospital.example", pages=12),
        "desk": fax(Status.NO_ANSWER, sender="or-desk@hospital.example"),
        "waiting": fax(sender="ben@hospital.example"),
    }


def found(postfax: CommandLine, faxes: dict[str, FaxJob], *arguments: str) -> set[str]:
    names = {job.id: name for name, job in faxes.items()}
    return {names[fax["job"]] for fax in postfax("activity", *arguments, "--json").json["faxes"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"sent", "busy", "ct", "desk", "waiting"}),
        (("status=BUSY,No Answer",), {"busy", "desk"}),
        (("status!=Success",), {"busy", "desk", "waiting"}),
        (("department=Radiology",), {"sent", "busy", "ct", "waiting"}),
        (("department=radiology/ct",), {"ct"}),
        (("department=CT",), {"ct"}),
        (("department!=Radiology",), {"desk"}),
        (("department=Radiology", "status=Success"), {"sent", "ct"}),
        (("number=+1425*",), {"busy"}),
        (("number=+1?255550101",), {"busy"}),
        (("number=+13105550100", "pages>=3"), {"sent", "ct"}),
        (("pages>3",), {"ct"}),
        (("pages=3",), {"sent"}),
        (("user=ANA@hospital.example",), {"sent", "busy"}),
        (("sender=*@hospital.example", "tries<2", "--failed"), {"desk"}),
        (("reference==4711",), {"sent"}),
        (("reference=*71*",), {"sent"}),
        (("billing=17",), {"busy"}),
        (("subject=referral 2",), set()),
        (("subject=referral ?",), {"sent", "busy", "ct", "desk", "waiting"}),
        (("name=john*",), {"sent"}),
        (("line=main",), {"sent", "busy", "ct", "desk"}),
        (("line!=main",), {"waiting"}),
        (("station=CLINIC", "cause=as told", "department=Surgery"), {"desk"}),
        (("custom.cost_center=R-17",), {"sent", "busy"}),
        (("custom.cost_center=R-1?",), {"sent", "busy"}),
        (("custom.cost_center=R-1",), set()),
        (("--open",), {"waiting"}),
        (("--failed",), {"busy", "desk"}),
        (("--since", "1h", "state=sent"), {"sent", "ct"}),
        (("--until", "yesterday"), set()),
    ],
)
def test_every_layer_narrows_what_is_found(
    postfax: CommandLine, faxes: dict[str, FaxJob], arguments: tuple[str, ...], expected: set[str]
) -> None:
    assert found(postfax, faxes, *arguments) == expected


def test_a_job_and_a_mail_are_found_by_their_ids(postfax: CommandLine, faxes: dict[str, FaxJob]) -> None:
    job = faxes["ct"]
    assert found(postfax, faxes, f"job={job.id.lower()}") == {"ct"}
    assert found(postfax, faxes, f"job={job.mail_id},{faxes['desk'].id}") == {"ct", "desk"}


def test_pages_and_columns_are_as_asked_for(postfax: CommandLine, faxes: dict[str, FaxJob]) -> None:
    first = postfax("activity", "--rows", "2", "--columns", "job, status", "--json").json
    second = postfax("activity", "--rows", "2", "--page", "3", "--json").json
    assert (first["total"], len(first["faxes"]), len(second["faxes"])) == (5, 2, 1)
    assert second["faxes"][0]["job"] == faxes["sent"].id
    table = postfax("activity", "--rows", "2", "--columns", "job, status,department").out.splitlines()
    assert table[0].split() == ["JOB", "STATUS", "DEPARTMENT"]
    assert table[1].split() == [faxes["waiting"].id, "queued", "Radiology"]
    assert postfax("activity", "--page", "9").out == "there is no page 9: fewer faxes match\n"


def test_times_are_those_of_the_policy(postfax: CommandLine, faxes: dict[str, FaxJob]) -> None:
    told = postfax("activity", "--json").json
    assert told["zone"] == "Asia/Kolkata"
    assert told["faxes"][0]["created"].endswith("+05:30")
    line = postfax("activity", "--columns", "created").out.splitlines()[1]
    assert line.split()[0].count(".") == 2
    assert postfax("activity", "--zone", "UTC", "--json").json["faxes"][0]["created"].endswith("+00:00")
    assert postfax("activity", "--zone", "Mars/Base").code == ExitCode.USAGE


def test_an_export_has_all_columns_and_all_rows(
    postfax: CommandLine, faxes: dict[str, FaxJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.records.activity.PAGE", 2)
    target = tmp_path / "faxes.csv"
    said = postfax("activity", "department=Radiology", "--rows", "1", "--csv", str(target))
    assert said.out == f"{target}  4 faxes\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["job"] for row in rows] == [faxes[name].id for name in ("waiting", "ct", "busy", "sent")]
    sent = rows[-1]
    assert sent["reference"] == "'=4711"  # no formula for a spreadsheet
    assert (sent["number"], sent["custom_fields"], sent["ecm"]) == ("+13105550100", "cost_center=R-17", "")
    printed = postfax("activity", "department=Radiology", "--csv", "-").out
    assert printed == target.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir() if "csv" in path.name) == ["faxes.csv"]
    fields = postfax("activity", "--fields", "--json").json
    assert list(fields["columns"]) == list(rows[0])
    assert fields["conditions"]["pages"]
    missing = postfax("activity", "--csv", str(tmp_path / "none" / "faxes.csv"))
    assert "cannot be written" in missing.failure


def test_a_query_is_kept_and_asked_again(postfax: CommandLine, faxes: dict[str, FaxJob]) -> None:
    postfax("activity", "status=BUSY", "--since", "7d", "--columns", "job,number", "--save", "busy week")
    assert found(postfax, faxes, "--query", "busy week") == {"busy"}
    assert found(postfax, faxes, "--query", "busy week", "billing=18") == set()
    assert postfax("activity", "--query", "busy week").out.splitlines()[0].split() == ["JOB", "TO"]
    listed = postfax("activity", "--queries").out.splitlines()[1]
    assert listed.split("  ")[0] == "busy week"
    assert "status=BUSY --since 7d --columns job,number" in listed
    assert (
        postfax("cancel", "--query", "busy week", "--yes").failure == "no fax matches; nothing was changed."
    )
    missing = postfax("activity", "--query", "busy wek")
    assert (missing.code, missing.failure) == (
        ExitCode.NOT_FOUND,
        "there is no saved query 'busy wek': did you mean busy week?",
    )
    assert postfax("activity", "--forget", "busy week").code == ExitCode.DONE
    assert postfax("activity", "--queries").out.startswith("no saved queries")


def test_where_no_query_can_be_kept_is_told(
    postfax: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    place = tmp_path / "file" / "postfax" / "queries.json"
    for arguments in (("status=BUSY", "--save", "busy"), ("--query", "busy"), ("--queries",)):
        said = postfax("activity", *arguments)
        assert said.failure == f"{place} cannot be read: Not a directory."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("colour=red",), "there is no field colour"),
        (("--columns", "jobb"), "there is no column jobb; did you mean job?"),
        (("--since", "2030-01-01"), "has not come yet"),
        (("--since", "soon"), "'soon' is no time"),
        (
            ("--since", "today", "--until", "yesterday"),
            "the period ends (yesterday) before it begins (today)",
        ),
        (("--save", "../x"), "is no name for a query"),
    ],
)
def test_what_cannot_be_asked_is_told(postfax: CommandLine, arguments: tuple[str, ...], told: str) -> None:
    said = postfax("activity", *arguments)
    assert said.code == ExitCode.USAGE
    assert told in said.failure


def test_where_nothing_is_found_the_reason_is_told(postfax: CommandLine, faxes: dict[str, FaxJob]) -> None:
    assert "nothing in the record is of a department Radiolgy; did you mean Radiology?" in (
        postfax("activity", "department=Radiolgy").out
    )
    assert postfax("activity", "billing=99").out.startswith("no fax matches; the record has faxes from ")


def test_an_empty_record_says_so(tmp_path: Path) -> None:
    postfax = CommandLine(tmp_path)
    assert postfax("activity").out == "no faxes yet\n"
    assert postfax("activity", "--json").json["faxes"] == []
    assert ANA not in postfax("activity", "--csv", "-").out
