"""`postfax archive`: how the archives stand, copies tried again, the schemas."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import POLICY, CommandLine
from recorded_faxes import ANA, RecordedFaxes, installation

from archive.sidecar_schema import xml_schema
from postfax.failures import ExitCode
from postfax.person import person
from store.audit_entry import AuditAction, AuditFilter
from store.book import Book
from store.job import FaxJob
from store.outbox import DeliveryState
from store.status import Status

LEASE = timedelta(minutes=5)
MAIL = "email faxes@hospital.example"
ARCHIVED = """\
settings:
  archive: {enabled: true, email: {to: faxes@hospital.example}}
  fax: {default_region: US}
"""


def archived(policy: Path, archive: str = ARCHIVED) -> None:
    kept = POLICY.replace('settings: {fax: {default_region: US, blocked_numbers: ["+1900*"]}}\n', archive)
    assert kept != POLICY
    policy.write_text(kept, encoding="utf-8")


@pytest.fixture
def faxes(tmp_path: Path) -> RecordedFaxes:
    faxes = installation(tmp_path)
    archived(faxes.postfax.policy_file)
    return faxes


@pytest.fixture
def postfax(faxes: RecordedFaxes) -> CommandLine:
    return faxes.postfax


def tried(postfax: CommandLine, job: FaxJob, *, give_up: bool = False, place: str = "") -> None:
    """The job's copy has been tried once."""

    async def work(book: Book) -> None:
        copy = await book.claim_copy(LEASE)
        assert copy is not None
        assert copy.job_id == job.id
        if place:
            await book.copy_delivered(copy.id, place)
        else:
            later = datetime.now(UTC) + timedelta(hours=1)
            await book.postpone_copy(copy.id, later, "the server is full (452)", give_up=give_up)

    postfax.of_book(work)


def copies(postfax: CommandLine, job: FaxJob) -> list[tuple[DeliveryState, int, str]]:
    async def work(book: Book) -> Any:
        return [(copy.state, copy.tries, copy.archive.goes_to) for copy in await book.copies_of(job.id)]

    found: list[tuple[DeliveryState, int, str]] = postfax.of_book(work)
    return found


def test_nothing_is_there(tmp_path: Path) -> None:
    assert "there is no archive" in CommandLine(tmp_path)("archive", "status").out


def test_an_archive_of_the_policy_that_has_no_copies_yet(postfax: CommandLine) -> None:
    said = postfax("archive", "status", "--json")
    assert said.code == ExitCode.DONE
    [place] = said.json
    assert place == {
        "target": MAIL,
        "in_policy": True,
        "waiting": 0,
        "given_up": 0,
        "delivered": 0,
        "oldest": None,
        "last_delivered": None,
        "next_try": None,
        "trouble": "",
    }
    assert "never" in postfax("archive", "status").out


def test_how_the_archives_stand(faxes: RecordedFaxes, postfax: CommandLine) -> None:
    filed, given_up, waits = (faxes(Status.SUCCESS) for _ in range(3))
    tried(postfax, filed, place="faxes@hospital.example")
    tried(postfax, given_up, give_up=True)
    tried(postfax, waits)
    archived(postfax.policy_file, ARCHIVED.replace("faxes@", "others@"))
    moved = faxes(Status.SUCCESS)
    said = postfax("archive", "status", "--json")
    assert said.code == ExitCode.PARTLY
    now, before = said.json
    assert (now["target"], now["in_policy"], now["waiting"]) == ("email others@hospital.example", True, 1)
    assert now["trouble"] == ""
    assert datetime.fromisoformat(now["oldest"]) == moved.finished_at
    assert (before["target"], before["in_policy"]) == (MAIL, False)
    assert (before["waiting"], before["given_up"], before["delivered"]) == (1, 1, 1)
    assert before["trouble"] == "the server is full (452)"
    assert datetime.fromisoformat(before["next_try"]) > datetime.fromisoformat(before["oldest"])
    table = postfax("archive", "status").out
    assert f"{MAIL} (not in the policy)" in table
    assert "the server is full (452)" in table
    assert "`postfax archive retry`" in table


def test_a_copy_that_was_given_up_goes_where_the_archive_is_now(
    faxes: RecordedFaxes, postfax: CommandLine
) -> None:
    job = faxes(Status.SUCCESS)
    tried(postfax, job, give_up=True)
    archived(postfax.policy_file, ARCHIVED.replace("faxes@", "others@"))
    said = postfax("archive", "retry", job.id, "--json")
    assert said.code == ExitCode.DONE
    [told] = said.json
    assert told == {
        "id": f"{job.id}:1",
        "result": "done",
        "detail": "goes to email others@hospital.example",
        "job": job.id,
        "target": "email others@hospital.example",
    }
    assert copies(postfax, job) == [(DeliveryState.PENDING, 0, "email others@hospital.example")]
    tried(postfax, job, place="others@hospital.example")

    async def audit(book: Book) -> Any:
        return await book.audit(AuditFilter(actions=frozenset({AuditAction.RETRY_COPY})))

    [entry] = postfax.of_book(audit)
    assert (entry.by, entry.subject, entry.detail) == (person(), job.id, "email others@hospital.example")


def test_where_the_policy_has_no_archive_any_more_it_goes_where_it_was_to_go(
    faxes: RecordedFaxes, postfax: CommandLine
) -> None:
    job = faxes(Status.SUCCESS)
    archived(postfax.policy_file, "settings: {fax: {default_region: US}}\n")
    assert postfax("archive", "retry", job.id).out == f"{job.id}:1  goes to {MAIL}\n"
    postfax.policy_file.write_text(POLICY.replace(ANA, "new@hospital.example"), encoding="utf-8")
    assert postfax("archive", "retry", job.id).out == f"{job.id}:1  goes to {MAIL}\n"


def test_what_cannot_be_tried_again_is_told(faxes: RecordedFaxes, postfax: CommandLine) -> None:
    filed, under_way = faxes(Status.SUCCESS), faxes(Status.SUCCESS)
    tried(postfax, filed, place="faxes@hospital.example")

    async def claim(book: Book) -> Any:
        copy = await book.claim_copy(LEASE)
        assert copy is not None
        # Its owner lives: another process looks at the book meanwhile.
        return await book.retry_copy(copy.id, copy.archive, by="ana")

    assert postfax.of_book(claim).value == "under way"
    said = postfax("archive", "retry", filed.id, "M7Q2-2222", under_way.id)
    first, second, *_ = said.out.splitlines()
    assert first.startswith(f"{filed.id}:1  is there already: faxes@hospital.example, since 20")
    assert second == "M7Q2-2222  is not there"
    waiting = faxes(None)
    assert postfax("archive", "retry", waiting.id).code == ExitCode.NOT_FOUND


def test_all_copies_or_those_of_one_archive(faxes: RecordedFaxes, postfax: CommandLine) -> None:
    job = faxes(Status.SUCCESS)
    tried(postfax, job, give_up=True)
    assert "say which" in postfax("archive", "retry").failure
    asked = postfax("archive", "retry", "--all")
    assert (asked.code, asked.failure) == (
        ExitCode.USAGE,
        "this would try again to file 1 fax. Say --yes if that is meant.",
    )
    nothing = postfax("archive", "retry", "--target", "sftp", "--yes")
    assert nothing.code == ExitCode.NOT_FOUND
    assert postfax("archive", "retry", "--target", "faxes@", "--yes").out == f"{job.id}:1  goes to {MAIL}\n"
    assert copies(postfax, job) == [(DeliveryState.PENDING, 0, MAIL)]


def test_the_schemas(postfax: CommandLine) -> None:
    assert postfax("archive", "schema", "xml").out == xml_schema()
    assert json.loads(postfax("archive", "schema", "json").out)["required"][0] == "FaxJobId"
