"""`postfax policy try`: what would happen to a mail, step by step. Nothing is sent, nothing is recorded."""

from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import default
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import click

from config.datetimes import written
from config.number_text import international
from config.server import ServerSettings
from config.settings import Settings, UserPolicy
from config.values import duration_text
from notify.wording import count
from postfax.failures import ExitCode, Failure
from postfax.opening import now, run, settings_in
from postfax.rehearsal import Rehearsal, rehearse
from postfax.submitting import octets_of, recipients_named_in, with_crlf
from postfax.terminal import octets_for_people, print_facts, print_json
from store.call_time import call_time
from store.job import Priority
from submission.decide import Decided


@click.command("try")
@click.argument("mail_file", metavar="MAIL.eml", type=click.Path(path_type=Path))
@click.option("--from", "sender", default="", help="Who sends it; by default its From address.")
@click.option(
    "--to", "recipients", multiple=True, metavar="ADDRESS",
    help="A recipient; by default the fax addresses in To and Cc.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(
    settings_file: str, mail_file: Path, sender: str, recipients: tuple[str, ...], *, as_json: bool
) -> int:
    """Say what would happen to a mail, step by step, without sending it.

    MAIL.eml is a mail as mail programs save it. Blocked numbers and locks of the running service count. Exit
    code 0 if every recipient gets a fax, 1 if some, 4 if none.
    """
    settings = settings_in(settings_file)
    mail = with_crlf(octets_of(mail_file))
    header = message_from_bytes(mail.partition(b"\r\n\r\n")[0], policy=default)
    if not header.keys():
        raise Failure(f"{mail_file} is no mail: it does not begin with fields such as From and To.")
    named = list(recipients) or recipients_named_in(mail, settings.domains)
    if not named:
        raise Failure(f"the mail names no address at {settings.domain}; give one with --to.", ExitCode.USAGE)
    envelope = [_address(one, settings) for one in named]
    rehearsal = run(rehearse(settings, mail, sender or _author(header), envelope))
    if as_json:
        print_json(_plain(rehearsal))
    else:
        _print(rehearsal)
    return _exit_code(rehearsal)


def _author(header: Message) -> str:
    return parseaddr(str(header.get("From", "")))[1]


def _address(written_as: str, settings: ServerSettings) -> str:
    return written_as if "@" in written_as else f"{written_as}@{settings.domain}"


# --- What is said -------------------------------------------------------------------------------------------


def _print(rehearsal: Rehearsal) -> None:
    user, submission = rehearsal.user, rehearsal.submission
    attachments = rehearsal.content.attachments
    print_facts(
        [
            ("sender", f"{rehearsal.sender}: {' › '.join((user.company, *user.departments, user.name))}"),
            ("locked", "yes: the mail would be refused with 550 5.7.1" if rehearsal.locked else ""),
            ("proof", rehearsal.proof),
            ("subject", submission.printed.content.subject),
            ("asked for", "; ".join(f"{one.quote}" for one in submission.printed.directives)),
            ("text", _text_words(rehearsal)),
            (
                "attachments",
                "; ".join(f"{part.name} ({octets_for_people(part.size)})" for part in attachments) or "none",
            ),
            ("archives", str(len(user.archives) or "none")),
        ]
    )
    for decided in submission.recipients:
        click.echo("")
        _print_recipient(decided, user.settings)


def _print_recipient(decided: Decided, settings: Settings) -> None:
    job = decided.job
    subaddress = f"subaddress {job.recipient.subaddress}" if job.recipient.subaddress else ""
    recipient = (job.recipient.name, job.recipient.title, job.recipient.company)
    to = ("to", ", ".join(filter(None, (international(job.recipient.number), subaddress, *recipient))))
    if job.refusal:
        told = settings.notifications.initial.failure
        print_facts(
            [
                to,
                ("refused", f"{job.refusal.status}: {job.refusal.explanation}"),
                ("advice", job.refusal.advice or job.refusal.status.advice),
                ("kept back", _kept_back(decided, settings)),
                ("told", "by the initial notice" if told else "no: notifications.initial.failure is off"),
            ]
        )
    else:
        print_facts([to, ("faxed", _fax_words(decided, settings)), *_wishes(decided, settings)])


def _kept_back(decided: Decided, settings: Settings) -> str:
    """Why a refusal does not say what it is about; empty if it does."""
    refusal = decided.job.refusal
    if refusal and refusal.quotes_nothing and settings.notifications.phi_free:
        return "the mail's own words: notifications.phi_free"
    return ""


def _fax_words(decided: Decided, settings: Settings) -> str:
    effective = decided.job.user.settings if decided.job.user else settings
    calls = (
        f"{count(effective.retry.attempts, 'call')} at most, {duration_text(effective.retry.interval)} apart"
    )
    line = f"line {' or '.join(effective.lines) if effective.lines else 'any'}"
    page = f"{effective.fax.resolution}, {effective.fax.paper}"
    return "; ".join((_beginning(decided), page, calls, line))


def _beginning(decided: Decided) -> str:
    cover = decided.cover
    if cover is None:
        return ""
    if cover.template:
        return f"cover page {cover.template} ({cover.reason})"
    return f"{'the text as first page' if cover.body_as_page else 'no cover page'} ({cover.reason})"


def _wishes(decided: Decided, settings: Settings) -> list[tuple[str, str]]:
    job, wishes = decided.job, decided.job.wishes
    told = (*settings.notifications.extra_recipients, *wishes.notify)
    return [
        ("reference", job.reference),
        ("billing", job.billing),
        ("priority", "" if wishes.priority is Priority.NORMAL else wishes.priority.word),
        ("not before", _moment(wishes.not_before, settings)),
        ("hours", _hours(decided, settings)),
        ("not after", _moment(wishes.expires_at, settings)),
        ("from", wishes.sender_name),
        ("told too", ", ".join(told)),
    ]


def _hours(decided: Decided, settings: Settings) -> str:
    """From when it would be called, if that is not at once but in the policy's hours for calls."""
    job, moment = decided.job, now()
    effective = decided.job.user.settings if decided.job.user else settings
    wanted = max(job.wishes.not_before or moment, moment)
    hours = call_time(job.recipient.number, job.wishes.priority, effective, wanted)
    if not hours.waits:
        return ""
    there = f" ({hours.there} in {hours.place})" if hours.place else ""
    return f"called from {written(hours.at, settings.datetime)} on{there}"


def _moment(time: datetime | None, settings: Settings) -> str:
    return written(time, settings.datetime) if time else ""


def _text_words(rehearsal: Rehearsal) -> str:
    content = rehearsal.submission.printed.content
    characters = len(content.text or content.html)
    return f"{count(characters, 'character')}{' of HTML' if not content.text and content.html else ''}"


def _plain(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "sender": rehearsal.sender,
        "user": rehearsal.user.email,
        "departments": list(rehearsal.user.departments),
        "locked": rehearsal.locked,
        "proof": rehearsal.proof,
        "subject": rehearsal.submission.printed.content.subject,
        "directives": [one.quote for one in rehearsal.submission.printed.directives],
        "attachments": [{"name": part.name, "size": part.size} for part in rehearsal.content.attachments],
        "recipients": [_plain_recipient(one, rehearsal.user) for one in rehearsal.submission.recipients],
    }


def _plain_recipient(decided: Decided, user: UserPolicy) -> dict[str, Any]:
    job = decided.job
    effective = (job.user or user).settings
    refusal = job.refusal
    return {
        "number": job.recipient.number,
        "subaddress": job.recipient.subaddress,
        "name": job.recipient.name,
        "company": job.recipient.company,
        "title": job.recipient.title,
        "refused": refusal
        and {"status": refusal.status, "explanation": refusal.explanation, "advice": refusal.advice},
        "cover": decided.cover.template if decided.cover else "",
        "cover_reason": decided.cover.reason if decided.cover else "",
        "resolution": effective.fax.resolution,
        "paper": effective.fax.paper,
        "attempts": effective.retry.attempts,
        "reference": job.reference,
        "billing": job.billing,
        "priority": job.wishes.priority.word,
        "not_before": job.wishes.not_before and job.wishes.not_before.isoformat(),
        "expires_at": job.wishes.expires_at and job.wishes.expires_at.isoformat(),
        "notify": list(job.wishes.notify),
    }


def _exit_code(rehearsal: Rehearsal) -> ExitCode:
    faxed = [decided.job.refusal is None for decided in rehearsal.submission.recipients]
    if rehearsal.locked or not any(faxed):
        return ExitCode.REFUSED
    return ExitCode.DONE if all(faxed) else ExitCode.PARTLY
