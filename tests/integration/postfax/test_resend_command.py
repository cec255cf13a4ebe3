"""`postfax resend`, `cancel`, `hold`, `release`: what they do to one fax and to many, and who is told."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import POLICY, CommandLine
from recorded_faxes import ANA, RecordedFaxes

from config.upkeep import RetentionSettings
from postfax.failures import ExitCode
from postfax.live_policy import read_with_digest
from postfax.person import person
from store.audit_entry import AuditAction, AuditFilter
from store.book import Book
from store.job import FaxJob, Priority, Refusal, Wishes
from store.lifecycle import JobState, Transition
from store.mail import MailState
from store.resend import Resend, ResendRefused
from store.status import Status

LONG_AGO = timedelta(seconds=1)


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def fax(postfax: CommandLine, tmp_path: Path) -> RecordedFaxes:
    return RecordedFaxes(postfax=postfax, folder=tmp_path)


def job_in(postfax: CommandLine, job_id: str) -> FaxJob:
    job: FaxJob | None = postfax.of_book(lambda book: book.job(job_id))
    assert job is not None
    return job


def test_a_fax_is_sent_again_as_a_job_of_its_own(postfax: CommandLine, fax: RecordedFaxes) -> None:
    wishes = Wishes(sender_name="Dr. Ruiz", priority=Priority.HIGH, notify=("ben@hospital.example",))
    first = fax(
        Status.BUSY, name="John Doe", reference="4711", billing="17", cover_template="default", wishes=wishes
    )
    said = postfax("resend", first.id.lower(), "--json")
    assert said.code == ExitCode.DONE
    [told] = said.json
    again = job_in(postfax, told["new_id"])
    assert told == {
        "id": first.id,
        "result": "done",
        "detail": f"is sent again as {again.id} to +1 310 555 0100",
        "new_id": again.id,
        "number": "+13105550100",
    }
    assert again.id != first.id
    assert again.state is JobState.CONVERTING
    same = ("recipient", "reference", "billing", "cover_template", "addresses", "wishes")
    assert [getattr(again, name) for name in same] == [getattr(first, name) for name in same]
    assert (again.resend_of, again.tries, again.document) == (first.id, 0, None)
    [resent] = postfax.of_book(lambda book: book.audit(AuditFilter(actions=frozenset({AuditAction.RESEND}))))
    assert (resent.subject, resent.by, resent.detail) == (first.id, person(), f"as {again.id}")
    [shown] = [line for line in postfax("show", first.id).out.splitlines() if line.startswith("resent as")]
    assert shown.split() == ["resent", "as", again.id]
    assert postfax("show", again.id, "--json").json["resend_of"] == first.id


async def claimed_by_make(book: Book) -> str:
    claim = await book.claim_mail(MailState.SUBMITTED, timedelta(minutes=5))
    assert claim is not None
    assert await book.body(claim.body) == b"Subject: Referral\r\n\r\nHello\r\n"
    assert claim.mail.subject == "Referral 1"
    return claim.jobs[0].id


def test_what_is_sent_again_is_made_anew_from_a_copy_of_the_mail(
    postfax: CommandLine, fax: RecordedFaxes
) -> None:
    first = fax(Status.BUSY)
    [told] = postfax("resend", first.id, "--json").json
    gone = RetentionSettings(documents=timedelta(0), metadata=timedelta(0), audit=timedelta(days=1))

    async def purge(book: Book) -> None:
        for notice in await book.notices_of(first.mail_id):
            await book.notice_delivered(notice.id)
        await book.purge_faxes(lambda _: gone, gone, everything=True)
        assert await book.job(first.id) is None

    postfax.of_book(purge)
    assert postfax.of_book(claimed_by_make) == told["new_id"]


def test_it_goes_to_another_number_by_the_policy_of_today(postfax: CommandLine, fax: RecordedFaxes) -> None:
    first = fax(Status.OPERATOR_MESSAGE)
    policy = POLICY.replace("settings: {fax:", "settings: {retry: {attempts: 7}, fax:", 1)
    postfax.policy_file.write_text(policy, encoding="utf-8")
    [told] = postfax("resend", first.id, "--to", "425-555-0198", "--json").json
    again = job_in(postfax, told["new_id"])
    assert again.recipient.number == "+14255550198"
    assert again.addresses == ("+14255550198@fax.example.com",)
    assert again.user.settings.retry.attempts == 7


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("+19005550100", "costs extra"),
        ("+12065551234", "are blocked"),
        ("+14255550199", "are blocked"),
        ("12", "not"),
    ],
)
def test_a_number_that_may_not_be_faxed_is_refused_in_words(
    postfax: CommandLine, fax: RecordedFaxes, to: str, why: str
) -> None:
    postfax("blocklist", "add", "+1425*")
    first = fax(Status.BUSY, number="+13105550100")
    said = postfax("resend", first.id, "--to", to)
    assert said.code == ExitCode.REFUSED
    assert why in said.out
    assert postfax.of_book(lambda book: book.resends_of(first.id)) == ()


def test_nobody_gets_a_fax_twice_by_mistake(postfax: CommandLine, fax: RecordedFaxes) -> None:
    waiting = fax()
    said = postfax("resend", waiting.id)
    assert (said.code, said.out) == (
        ExitCode.REFUSED,
        f"{waiting.id}  is still queued, and would arrive twice. Wait for its end, or cancel it first.\n",
    )


def test_of_two_who_resend_at_one_time_one_wins_and_both_are_told(
    postfax: CommandLine, fax: RecordedFaxes
) -> None:
    first = fax(Status.BUSY)
    won, lost = postfax("resend", first.id), postfax("resend", first.id)
    assert (won.code, lost.code) == (ExitCode.DONE, ExitCode.REFUSED)
    new_id = won.out.split(" as ")[1].split()[0]
    assert f"was sent again by {person()} as {new_id}, at " in lost.out
    assert "still converting" in lost.out
    assert postfax("resend", first.id, "--again").code == ExitCode.DONE
    assert len(postfax.of_book(lambda book: book.resends_of(first.id))) == 2


def test_of_two_at_the_very_same_time_one_wins(postfax: CommandLine, fax: RecordedFaxes) -> None:
    first = fax(Status.BUSY)
    user = read_with_digest(postfax.policy_file.parent, ("main",)).policy.user(ANA)
    assert user is not None
    wanted = Resend(number=first.recipient.number, user=user)

    async def both(book: Book) -> list[object]:
        wishes = (book.resend(first.id, wanted, by=name) for name in ("olga", "piet"))
        return await asyncio.gather(*wishes, return_exceptions=True)

    ends = postfax.of_book(both)
    assert {type(end) for end in ends} == {FaxJob, ResendRefused}


def test_a_refused_recipient_and_a_sender_who_left_have_their_sentences(
    postfax: CommandLine, fax: RecordedFaxes
) -> None:
    refusal = Refusal(status=Status.INVALID_FAX_NUMBER, explanation="12 is too short.")
    refused = fax(number="12", refusal=refusal)
    assert (
        "was refused when it came: 12 is too short."
        in postfax("resend", refused.id, "--to", "+13105550100").out
    )
    left = fax(Status.BUSY, sender="cem@hospital.example")
    policy = POLICY.replace("cem@hospital.example", "new@hospital.example")
    postfax.policy_file.write_text(policy, encoding="utf-8")
    assert "is not in the policy any more" in postfax("resend", left.id).out
    locked = fax(Status.BUSY)
    postfax("user", "lock", ANA, "--reason", "left")
    assert "is locked" in postfax("resend", locked.id).out


def test_a_document_that_was_kept_long_enough_cannot_be_sent_again(
    postfax: CommandLine, fax: RecordedFaxes
) -> None:
    first = fax(Status.BUSY)
    gone = RetentionSettings(documents=timedelta(0), metadata=timedelta(days=9), audit=timedelta(days=9))

    async def purge(book: Book) -> None:
        for notice in await book.notices_of(first.mail_id):
            await book.notice_delivered(notice.id)
        await book.purge_faxes(lambda _: gone, gone, everything=True)

    postfax.of_book(purge)
    said = postfax("resend", first.id)
    assert said.code == ExitCode.REFUSED
    assert "cannot be sent again: its document was removed on " in said.out


def test_many_are_sent_again_by_what_they_have_in_common(postfax: CommandLine, fax: RecordedFaxes) -> None:
    busy = [fax(Status.BUSY, number=f"+1310555010{place}") for place in range(3)]
    fax(Status.SUCCESS, number="+13105550107")
    asked = postfax("resend", "--where", "number=+1310*")
    assert asked.code == ExitCode.USAGE
    assert asked.failure == "this would send again 3 faxes. Say --yes if that is meant."
    said = postfax("resend", "--where", "number=+1310*", "--yes")
    assert said.code == ExitCode.DONE
    assert said.out.splitlines()[-1] == "3 sent again"
    assert {line.split()[0] for line in said.out.splitlines()[:-1]} == {job.id for job in busy}


def test_the_second_who_cancels_is_told_who_was_first(postfax: CommandLine, fax: RecordedFaxes) -> None:
    waiting = fax()
    postfax.of_book(lambda book: book.cancel(waiting.id, "olga"))
    said = postfax("cancel", waiting.id)
    assert said.code == ExitCode.REFUSED
    assert f"{waiting.id}  was cancelled by olga at " in said.out
    resent = postfax("resend", waiting.id)
    assert resent.code == ExitCode.DONE


def test_a_call_that_somebody_ends_already_is_told(postfax: CommandLine, fax: RecordedFaxes) -> None:
    calling = fax(None)
    postfax.of_book(lambda book: book.cancel(calling.id, "olga"))
    said = postfax("cancel", calling.id)
    assert said.code == ExitCode.DONE
    assert "hung up, as olga asked before" in said.out
    assert "is still dialling" in postfax("resend", calling.id).out


def test_many_are_cancelled_held_and_released(postfax: CommandLine, fax: RecordedFaxes) -> None:
    fax(Status.BUSY, number="+13105550107")
    waiting = [fax(number=f"+1310555010{place}") for place in range(3)]
    assert postfax("hold", "--where", "number=+1310*", "--yes").out.splitlines()[-1] == "3 held"
    assert job_in(postfax, waiting[0].id).state is JobState.HELD
    again = postfax("hold", waiting[0].id)
    assert (again.code, f"was held already, by {person()} at" in again.out) == (ExitCode.REFUSED, True)
    assert postfax("release", waiting[0].id).out == f"{waiting[0].id}  released\n"
    assert "is queued and not held" in postfax("release", waiting[0].id).out
    assert postfax("cancel", "--open", "--yes").out.splitlines()[-1] == "3 cancelled"
    none = postfax("cancel", "--open", "--yes")
    assert (none.code, none.failure) == (ExitCode.NOT_FOUND, "no fax matches; nothing was changed.")
    names = [step.transition for step in postfax.of_book(lambda book: book.transitions_of(waiting[0].id))]
    assert names[-3:] == [Transition.HOLD, Transition.RELEASE, Transition.CANCEL]


def test_a_job_that_is_gone_and_options_beside_ids(postfax: CommandLine, fax: RecordedFaxes) -> None:
    waiting = fax()
    said = postfax("cancel", "ZZZZ-ZZ", waiting.id)
    assert said.code == ExitCode.PARTLY
    assert "there is no job ZZZZ-ZZ" in said.out
    for command in ("cancel", "hold", "release", "resend"):
        assert postfax(command, waiting.id, "--open").code == ExitCode.USAGE
        assert postfax(command).code == ExitCode.USAGE
        assert postfax(command, "ZZZZ-ZZ").code == ExitCode.NOT_FOUND
    assert postfax("resend", waiting.id, waiting.id, "--to", "+13105550100").code == ExitCode.USAGE
