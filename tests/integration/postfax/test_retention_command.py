"""`postfax retention`: what was removed and what is kept; what was erased is found nowhere afterwards."""

import csv
import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from recorded_faxes import ANA, RecordedFaxes, installation

from config.upkeep import RetentionSettings
from postfax.cdr import COLUMNS
from postfax.failures import ExitCode
from postfax.opening import now, uptime
from postfax.remains import look_through
from store.bodies import ROW_LIMIT
from store.book import Book
from store.job import FaxJob, Wishes
from store.lifecycle import JobState
from store.status import Status

CEM = "cem@hospital.example"
BEN = "ben@hospital.example"
DESK = "or-desk@hospital.example"
CLINIC = "+13105550100"
OTHER = "+12065557777"
SECRET = b"Gertrude-Hallmann-1947"
LEASE = timedelta(minutes=5)


def installed(folder: Path) -> RecordedFaxes:
    recorded = installation(folder)
    recorded.pages = b"II*\0" + SECRET * (2 * ROW_LIMIT // len(SECRET))
    return recorded


@pytest.fixture(scope="module")
def fax(tmp_path_factory: pytest.TempPathFactory) -> RecordedFaxes:
    """One installation: each test has senders and numbers of its own."""
    return installed(tmp_path_factory.mktemp("erased"))


def tell_all(postfax: CommandLine) -> None:
    """Deliver every notice that is due."""

    async def deliver(book: Book) -> None:
        while notice := await book.claim_notice(LEASE):
            await book.notice_delivered(notice.id)

    postfax.of_book(deliver)


def job_of(postfax: CommandLine, job: FaxJob) -> FaxJob:
    found: FaxJob = postfax.of_book(lambda book: book.job(job.id))
    return found


def times_found(folder: Path, text: str) -> int:
    places = [folder / "documents", folder / "book.db", folder / "book.db-wal"]
    return sum(times for _, times in look_through(places, text).found)


def month_with(folder: Path, *jobs: FaxJob) -> Path:
    """A closed month that the service keeps."""
    target = folder / "documents" / "cdr" / "cdr-2026-10.zip"
    target.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    write = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    write.writeheader()
    for job in jobs:
        row = dict.fromkeys(COLUMNS, "") | {"job": job.id, "user": job.user.email, "sender": job.user.email}
        write.writerow(row | {"user_name": job.user.name, "number": job.recipient.number, "billing": "17"})
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cdr-2026-10.csv", text.getvalue())
    return target


def rows_of(month: Path) -> dict[str, dict[str, str]]:
    with zipfile.ZipFile(month) as archive:
        text = archive.read("cdr-2026-10.csv").decode()
    return {row["job"]: row for row in csv.DictReader(io.StringIO(text))}


def test_a_sender_is_found_nowhere_after_they_were_erased(fax: RecordedFaxes) -> None:
    postfax, folder = fax.postfax, fax.folder
    wishes = Wishes(sender_name="Cem D.")
    pages, fax.pages = fax.pages, b"II*\0" + b"Meningioma-1951" * ROW_LIMIT
    first = fax(
        Status.BUSY,
        Status.SUCCESS,
        sender=CEM,
        name="Gertrude",
        reference="REF-1947",
        billing="17",
        wishes=wishes,
    )
    fax.pages = pages
    other = fax(Status.SUCCESS, number=OTHER)
    tell_all(postfax)
    postfax("user", "lock", CEM, "--reason", f"{CEM} left")
    postfax("user", "unlock", CEM)
    month = month_with(folder, first, other)
    assert times_found(folder, CEM) > 5
    assert times_found(folder, "Meningioma-1951") > 5
    said = postfax("retention", "erase", "--sender", "Cem@Hospital.example", "--yes", "--json").json
    pseudonym = said["erased"]["pseudonym"]
    assert (said["erased"]["mails"], said["erased"]["documents"], said["left"]) == (1, 2, [])
    assert said["erased"]["rows_of_months"] == 1
    assert said["looked_through"]["found"] == []
    assert said["erased"]["wiped"]
    for text in (
        CEM,
        "Meningioma-1951",
        "Cem Demir",
        "Cem D.",
        "REF-1947",
        'Gertrude"',
        f"<{fax.mails - 1}@hospital",
    ):
        assert times_found(folder, text) == 0, text
    kept = job_of(postfax, first)
    assert (kept.user.email, kept.user.name, kept.user.departments) == (pseudonym, "", ("Radiology", "CT"))
    assert (kept.state, kept.billing, kept.pages_confirmed, kept.recipient.number) == (
        JobState.SENT, "17", 1, CLINIC,
    )  # fmt: skip
    row = rows_of(month)[first.id]
    assert (row["user"], row["user_name"], row["billing"]) == (pseudonym, "", "17")
    assert rows_of(month)[other.id]["user"] == ANA
    assert job_of(postfax, other).user.email == ANA
    assert ", as somebody asked" in postfax("download", first.id).failure
    shown = postfax("show", first.id)
    assert (shown.code, pseudonym in shown.out, "as somebody asked" in shown.out) == (0, True, True)
    deeds = {entry["action"]: entry for entry in postfax("audit", "--json").json}
    assert deeds["erase"]["subject"] == deeds["lock"]["subject"] == pseudonym
    assert deeds["lock"]["detail"] == f"{pseudonym} left"
    assert postfax("activity", "--csv", folder / "all.csv").code == 0
    [entry] = postfax("retention", "report", "--json").json["removed"]
    assert (entry["rule"], entry["kept_seconds"], entry["documents"]) == ("on request", None, 2)
    again = postfax("retention", "erase", "--sender", CEM, "--yes")
    assert (again.code, again.failure) == (ExitCode.NOT_FOUND, f"nothing is kept of {CEM}.")


def test_a_number_is_found_nowhere_after_it_was_erased(fax: RecordedFaxes) -> None:
    postfax, folder = fax.postfax, fax.folder
    job, other = fax(Status.SUCCESS, name="Dr. Young"), fax(Status.SUCCESS, number=OTHER)
    tell_all(postfax)
    month = month_with(folder, job, other)
    ran = postfax("retention", "erase", "--number", "+1 310 555-0100", "--yes")
    assert f"{CLINIC} stands nowhere" in ran.out
    assert (ran.code, times_found(folder, CLINIC[1:]), times_found(folder, "Dr. Young")) == (0, 0, 0)
    kept = job_of(postfax, job)
    assert kept.recipient.number.startswith("erased-")
    assert (kept.user.email, kept.attempts[0].header) == (ANA, "")
    assert ", as somebody asked" in postfax("resend", job.id, "--to", "+13105550199").out
    assert rows_of(month)[job.id]["number"] == kept.recipient.number
    assert rows_of(month)[other.id]["number"] == OTHER
    assert postfax("show", job.id).code == postfax("list").code == postfax("report", "volume").code == 0
    assert times_found(folder, SECRET.decode()) > 0  # of the other fax


def test_what_waits_is_cancelled_and_its_sender_told_first(fax: RecordedFaxes) -> None:
    postfax = fax.postfax
    calling = fax(None, sender=DESK, number="+12065557778")
    waiting = fax(sender=DESK, number="+12065557779")
    ran = postfax("retention", "erase", "--sender", DESK, "--yes")
    assert ran.code == ExitCode.PARTLY
    assert f"left  {waiting.mail_id}  a notice or a copy of it is still to be delivered" in ran.out
    assert f"left  {calling.mail_id}  a fax of it is under way" in ran.out
    assert f"{DESK} still stands" in ran.out
    assert job_of(postfax, waiting).state is JobState.CANCELLED
    assert job_of(postfax, calling).cancel_requested_by
    assert postfax("retention", "erase", "--sender", DESK, "--yes", "--undelivered").code == ExitCode.PARTLY
    assert job_of(postfax, waiting).user.email.startswith("erased-")
    assert job_of(postfax, calling).user.email == DESK


def test_what_is_not_meant_changes_nothing(fax: RecordedFaxes) -> None:
    fax(Status.BUSY, sender=BEN, number="+12065557780")
    for arguments, code, told in (
        ((), ExitCode.USAGE, "one of the two"),
        (("--sender", BEN, "--number", CLINIC), ExitCode.USAGE, "one of the two"),
        (("--sender", "ben"), ExitCode.USAGE, "'ben' is no address"),
        (("--number", "+1310555????"), ExitCode.USAGE, "name one"),
        (("--sender", "none@hospital.example"), ExitCode.NOT_FOUND, "nothing is kept of none@"),
        (("--sender", BEN), ExitCode.USAGE, "say --yes if that is meant; nothing was changed"),
    ):
        ran = fax.postfax("retention", "erase", *arguments)
        assert (ran.code, told in ran.failure) == (code, True), ran
    preview = fax.postfax("retention", "erase", "--sender", BEN, "--preview")
    assert preview.code == 0
    assert "faxes       1 of 1 mail\n" in preview.out
    assert (
        fax.postfax("retention", "erase", "--sender", BEN, "--preview", "--json").json["kept"]["faxes"] == 1
    )


def test_the_report_tells_what_went_and_what_is_kept_longer(tmp_path: Path) -> None:
    fax = installed(tmp_path)
    postfax = fax.postfax
    longer = "settings: {retention: {documents: 30d, allow_longer: true}}\n"
    text = postfax.policy_file.read_text()
    postfax.policy_file.write_text(text.replace("CT: {users", f"CT: {{{longer.strip()}, users"))
    fax(Status.SUCCESS)
    fax(Status.SUCCESS, sender=CEM)
    fax(Status.BUSY)
    tell_all(postfax)
    postfax.of_book(lambda book: _purge(book, timedelta(days=8)))
    said = postfax("retention", "report", "--json").json
    [removed] = said["removed"]
    assert (removed["rule"], removed["mails"], removed["documents"], removed["wiped"]) == (
        "retention.documents", 2, 4, True,
    )  # fmt: skip
    assert removed["longest_seconds"] >= removed["kept_seconds"] == timedelta(days=7).total_seconds()
    [kept] = said["kept"]["documents"]
    assert (kept["mails"], kept["documents"], kept["kept_seconds"]) == (1, 2, 30 * 86400)
    [longer_kept] = said["longer"]
    assert longer_kept["said_by"].startswith("Radiology › CT, hospital.yaml:")
    out = postfax("retention", "report").out
    assert "documents   7 d      2" in out
    assert "allow_longer" in out
    assert "Radiology › CT" in out
    assert postfax("retention", "report", "--runs").code == 0


async def _purge(book: Book, later: timedelta) -> Any:
    access: Any = book._access
    book._clock = access._clock = lambda: now() + later
    book._uptime = access._own_clock.uptime = lambda: uptime() + later
    await book.purge_faxes(lambda _: None, RetentionSettings())


def test_it_is_found_where_two_pieces_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postfax.remains._PIECE", 10)
    (tmp_path / "one").write_bytes(b"....... NEEDLEneedle....needl")
    (tmp_path / "none").write_bytes(b"nothing")
    seen = look_through([tmp_path, tmp_path / "gone"], "Needle")
    assert (seen.files, seen.octets, seen.found) == (2, 36, ((tmp_path / "one", 2),))
