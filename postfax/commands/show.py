"""`postfax show`: everything about one job: proof, policy, document, attempts, notices, copies, history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from config.number_text import international
from notify.wording import count
from postfax.commands.list import hours_words, status_words, tries_words
from postfax.failures import ExitCode, Failure
from postfax.opening import open_book, run, settings_in
from postfax.plain import (
    copy_method,
    plain_attempt,
    plain_copy,
    plain_job,
    plain_mail,
    plain_notice,
    plain_transition,
)
from postfax.terminal import (
    SECONDS_PER_OCTET,
    json_text,
    octets_for_people,
    print_facts,
    print_table,
)
from store.book import Book
from store.erasure import is_erased
from store.errors import NotInBook, removal_words
from store.history import RecordedTransition
from store.job import Attempt, FaxJob, Priority
from store.lifecycle import FINAL_STATES, JobState
from store.mail import NotifyOn, ReceivedMail
from store.outbox import Copy, DeliveryState, Notice
from store.owed_notices import requests_for
from store.records.lineless import PATIENCE, is_lineless

_WAITING = frozenset(JobState) - FINAL_STATES - {JobState.CONVERTING, JobState.DIALLING}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Record:
    """All that the book knows of one job."""

    job: FaxJob
    mail: ReceivedMail
    notices: tuple[Notice, ...]
    copies: tuple[Copy, ...]
    purged_at: datetime | None
    """When mail and document were removed, because they had been kept long enough."""
    history: tuple[RecordedTransition, ...]
    resends: tuple[str, ...]
    """The jobs that it was sent again as."""
    lineless: bool
    """Whether none of its lines is in the settings any more."""


@click.command("show")
@click.argument("job_id", metavar="JOB")
@click.option("--transcript", is_flag=True, help="The T.30 frames of each call instead.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, job_id: str, *, transcript: bool, as_json: bool) -> None:
    """Show everything about one fax job.

    JOB is an id such as K7Q2-M9; case and the dash do not matter.
    """
    record = run(_look_up(settings_file, job_id))
    if as_json:
        click.echo(_json(record))
    elif transcript:
        _print_transcripts(record.job.attempts)
    else:
        _print(record)


async def show_json(settings_file: str, job_id: str) -> str:
    """What the command prints for programs.

    Raises:
        Failure: there is no such job.
    """
    return _json(await _look_up(settings_file, job_id))


async def _look_up(settings_file: str, job_id: str) -> _Record:
    async with open_book(settings_file) as book:
        job = await find_job(book, job_id)
        mail = await book.mail(job.mail_id)
        if mail is None:
            raise NotInBook("mail", job.mail_id)
        return _Record(
            job=job,
            mail=mail,
            notices=tuple(
                notice
                for notice in await book.notices_of(job.mail_id)
                if notice.job_id in {"", job.id}  # the mail's own and the job's, not those of its siblings
            ),
            copies=await book.copies_of(job.id),
            purged_at=await book.purged_at(mail.id),
            history=await book.transitions_of(job.id),
            resends=await book.resends_of(job.id),
            lineless=is_lineless(job, settings_in(settings_file).lines),
        )


async def find_job(book: Book, job_id: str) -> FaxJob:
    """The job with this id.

    Raises:
        Failure: There is none.
    """
    job = await book.job(job_id)
    if job is not None:
        return job
    siblings = await book.group(job_id)
    if siblings:
        ids = ", ".join(sibling.id for sibling in siblings)
        raise Failure(f"{job_id} is a mail with several jobs: {ids}.", ExitCode.NOT_FOUND)
    if await book.mail(job_id):
        raise Failure(f"the mail {job_id} has no jobs yet: it is still to be read.", ExitCode.NOT_FOUND)
    raise Failure(f"there is no job {job_id}. `postfax list` shows those that there are.", ExitCode.NOT_FOUND)


def _json(record: _Record) -> str:
    plain: dict[str, Any] = {
        **plain_job(record.job),
        "resent_as": list(record.resends),
        "waits_for_a_line": record.lineless,
        "document": record.job.document,
        "purged_at": record.purged_at,
        "policy": record.job.user.model_dump(mode="json"),
        "mail": plain_mail(record.mail),
        "attempts": [plain_attempt(attempt) for attempt in record.job.attempts],
        "notices": [plain_notice(notice) for notice in record.notices],
        "copies": [plain_copy(copy) for copy in record.copies],
        "history": [plain_transition(step) for step in record.history],
    }
    return json_text(plain)


def _print(record: _Record) -> None:
    job, mail = record.job, record.mail
    print_facts(
        (
            ("job", job.id),
            ("status", f"{status_words(job)}{f' ({job.state.value})' if job.status else ''}"),
            ("", job.explanation),
            ("to", _recipient_words(job)),
            ("resend of", job.resend_of),
            ("resent as", ", ".join(record.resends)),
            ("from", f"{job.user.name} <{job.user.email}>, {_place_words(job)}"),
            ("subject", mail.subject),
            ("reference", job.reference),
            ("billing", job.billing),
            ("priority", job.wishes.priority.word if job.wishes.priority is not Priority.NORMAL else ""),
            ("not before", _local(job.wishes.not_before) if job.wishes.not_before else ""),
            ("not after", _local(job.wishes.expires_at) if job.wishes.expires_at else ""),
            ("told too", ", ".join((*job.user.settings.notifications.extra_recipients, *job.wishes.notify))),
            ("received", f"{_local(mail.received_at)}, {octets_for_people(mail.size)}"),
            ("sender", _proof_words(mail)),
            ("asked for", _request_words(job, mail)),
            ("cover page", job.cover_template or ("none" if job.document else "")),
            ("document", _document_words(job)),
            ("", _purge_words(record)),
            ("tries", tries_words(job)),
            ("next call", _next_call_words(record)),
        )
    )
    _print_attempts(job.attempts)
    _print_outbox(record.notices, record.copies)
    _print_history(record.history)


def _print_attempts(attempts: tuple[Attempt, ...]) -> None:
    if not attempts:
        return
    click.echo()
    print_table(
        ("CALL", "BEGUN", "TOOK", "LINE", "STATUS", "PAGES", "CAUSE", "STATION", "HOW"),
        (_attempt_cells(attempt) for attempt in attempts),
        folding=("CAUSE", "STATION", "HOW"),
    )


def _print_transcripts(attempts: tuple[Attempt, ...]) -> None:
    for attempt in attempts:
        outcome = attempt.outcome
        status = "in progress" if outcome is None else outcome.status.value
        click.echo(f"Call {attempt.number}, {_local(attempt.started_at)}, line {attempt.line}: {status}")
        for frame in outcome.transcript.splitlines() if outcome else ():
            seconds, direction, name = frame.split(" ", 2)
            click.echo(f"{seconds:>9} s  {'far end' if direction == '<' else 'we'}: {name}")
        if outcome and not outcome.transcript:
            click.echo("           no T.30 frame was exchanged")
    if not attempts:
        click.echo("no call was placed yet")


def _attempt_cells(attempt: Attempt) -> tuple[str, ...]:
    outcome = attempt.outcome
    if outcome is None:
        return (
            str(attempt.number),
            _local(attempt.started_at),
            "",
            attempt.line,
            "in progress",
            "",
            "",
            "",
            "",
        )
    how = (
        outcome.transport,
        f"{outcome.bit_rate} bit/s" if outcome.bit_rate else "",
        "ECM" if outcome.ecm else "",
        outcome.compression,
    )
    return (
        str(attempt.number),
        _local(attempt.started_at),
        f"{(outcome.ended_at - attempt.started_at).total_seconds():.0f} s",
        attempt.line,
        "interrupted" if attempt.interrupted else outcome.status.value,
        f"{outcome.pages_confirmed} from page {attempt.first_page + 1}"
        if attempt.first_page
        else str(outcome.pages_confirmed),
        outcome.cause,
        outcome.remote_csid,
        " ".join(part for part in how if part),
    )


def _print_outbox(notices: tuple[Notice, ...], copies: tuple[Copy, ...]) -> None:
    rows = [
        (f"{notice.kind.value} notice", notice.address, notice.state.value, _delivery_words(notice))
        for notice in notices
    ]
    rows += [
        (f"copy by {copy_method(copy)}", copy.place, copy.state.value, _delivery_words(copy))
        for copy in copies
    ]
    if rows:
        click.echo()
        print_table(("TOLD AND FILED", "WHERE", "STATE", "WHEN"), rows, folding=("WHERE", "WHEN"))


def _delivery_words(owed: Notice | Copy) -> str:
    if owed.delivered_at:
        return _local(owed.delivered_at)
    if owed.state is not DeliveryState.PENDING:
        return owed.last_error
    return f"try {owed.tries + 1} at {_local(owed.due_at)}: {owed.last_error}" if owed.last_error else ""


def _print_history(history: tuple[RecordedTransition, ...]) -> None:
    click.echo()
    print_table(
        ("HISTORY", "STATE", "EVENT", "BY"),
        ((_local(step.at), step.end.value, step.transition.event, step.by) for step in history),
        folding=("BY",),
    )


def _place_words(job: FaxJob) -> str:
    return " › ".join((job.user.company, *job.user.departments))


def _recipient_words(job: FaxJob) -> str:
    number = international(job.recipient.number)
    named = (job.recipient.name, job.recipient.title, job.recipient.company)
    name = ", ".join(part for part in named if part)
    subaddress = f", subaddress {job.recipient.subaddress}" if job.recipient.subaddress else ""
    return f"{number}{subaddress}{f' ({name})' if name else ''}"


def _proof_words(mail: ReceivedMail) -> str:
    # Here, for it is a third of the command's start, which --json is spared.
    from mta.proof.findings import describe

    where = f"; from {mail.proof.client_address}" if mail.proof.client_address else ""
    return describe(mail.proof) + where


def _request_words(job: FaxJob, mail: ReceivedMail) -> str:
    """What the sender asked to be told, in the words of RFC 3461."""
    said = {
        f"NOTIFY={','.join(word.name for word in NotifyOn if word in request.notify)}"
        for request in requests_for(mail.envelope, job)
        if request.notify is not None
    }
    if mail.envelope.return_content:
        said.add(f"RET={mail.envelope.return_content.value.upper()}")
    if mail.envelope.envelope_id:
        said.add(f"ENVID={mail.envelope.envelope_id}")
    return " ".join(sorted(said))


def _document_words(job: FaxJob) -> str:
    if job.document is None:
        return ""
    document = job.document
    origins: dict[str, int] = {}
    for page in document.pages:
        origins[page.origin] = origins.get(page.origin, 0) + 1
    parts = ", ".join(f"{count} {origin}" for origin, count in origins.items())
    seconds = document.octets * SECONDS_PER_OCTET
    return (
        f"{count(job.pages, 'page')} ({parts}), 204×{document.resolution.dpi}, "
        f"{octets_for_people(document.octets)} ≈ {seconds:.0f} s on the line\nsha256 {document.sha256}"
    )


def _next_call_words(record: _Record) -> str:
    """When the job is called next, where that is said nowhere else, and what it waits for."""
    job = record.job
    if job.state not in _WAITING:
        return ""
    if record.lineless:
        return _lineless_words(job)
    hours = hours_words(job)
    if hours:
        return f"{_local(job.due_at)}, {hours}: the policy's hours for calls"
    return _local(job.due_at) if job.tries else ""


def _lineless_words(job: FaxJob) -> str:
    gone = " and ".join(job.user.settings.lines)
    are = f"{gone} {'is' if len(job.user.settings.lines) == 1 else 'are'} no longer in the settings"
    return (
        f"none: {are}. Put a line of that name back, or cancel the fax and send it again. "
        f"It is given up on {_local(job.due_at + PATIENCE)} at the earliest"
    )


def _purge_words(record: _Record) -> str:
    """When mail and document went, and why."""
    if record.purged_at is None:
        return ""
    erased = is_erased(record.mail.envelope)
    kept = None if erased else record.purged_at - (record.job.finished_at or record.purged_at)
    what = "mail and document were" if record.job.document else "the mail was"
    return f"{what} removed on {_local(record.purged_at)}, {removal_words(kept)}"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
