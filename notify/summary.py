"""What the summary says: what became of the faxes of one mail to many, in place of a notice for each."""

from notify.content import Content, Entry, Section, Tone, facts_of
from notify.facts import SummaryFacts
from notify.language import Speech, speech
from notify.recipients import code_of, lines_of, sender_of
from notify.wording import advice, one_line, pages, reason, reply_subject, status_row, unexplained
from store.job import FaxJob
from store.lifecycle import JobState
from store.status import Status


def summary_content(facts: SummaryFacts) -> Content:
    """The notice about all faxes of a mail."""
    wanted = facts.user.settings.notifications
    say, phi_free = speech(wanted.language), wanted.phi_free
    delivered = tuple(job for job in facts.jobs if job.state is JobState.SENT)
    failed = tuple(job for job in facts.jobs if job.state is not JobState.SENT)
    happened, verdict, headline = _told(len(delivered), len(failed), say)
    sections = (
        Section(title=say("Not delivered"), entries=tuple(_failed(job, facts, say) for job in failed)),
        Section(title=say("Delivered"), entries=tuple(_delivered(job, facts, say) for job in delivered)),
    )
    return Content(
        subject=reply_subject(
            facts.mail.subject, happened, phi_free=phi_free, to_sender=facts.notice.to_sender
        ),
        tone=Tone.BAD if failed else Tone.GOOD,
        verdict=verdict,
        headline=headline,
        facts=facts_of(
            (say("Sender"), "" if facts.notice.to_sender or phi_free else sender_of(facts.jobs[0])),
            (say("Recipients"), _tally(len(delivered), len(failed), say)),
            (say("Received"), say.moment(facts.mail.received_at, facts.user.settings.datetime)),
            (say("Subject"), "" if phi_free else one_line(facts.mail.subject)),
        ),
        sections=tuple(section for section in sections if section.entries),
        outlook="" if facts.notice.to_sender else _why_told(facts, say, phi_free=phi_free),
        language=say.language,
    )


def _told(delivered: int, failed: int, say: Speech) -> tuple[str, str, str]:
    """Words for the subject, verdict, and the first sentence."""
    number = delivered + failed
    short = say("fax to {number} recipients", number=number)
    if not failed:
        return (
            say("{fax} delivered", fax=short),
            say("Delivered"),
            say("The fax was delivered to all {number} recipients.", number=number),
        )
    if not delivered:
        return (
            say("{fax} not delivered", fax=short),
            say("Not delivered"),
            say("The fax was delivered to none of {number} recipients.", number=number),
        )
    values = {"failed": failed, "number": number}
    return (
        say("fax not delivered to {failed} of {number} recipients", **values),
        say("Partly delivered"),
        say("The fax was not delivered to {failed} of {number} recipients.", **values),
    )


def _tally(delivered: int, failed: int, say: Speech) -> str:
    counted = (
        say.counted("{number} delivered", "{number} delivered", delivered) if delivered else "",
        say.counted("{number} not delivered", "{number} not delivered", failed) if failed else "",
    )
    return ", ".join(filter(None, counted))


def _failed(job: FaxJob, facts: SummaryFacts, say: Speech) -> Entry:
    phi_free = facts.user.settings.notifications.phi_free
    status, hidden = job.status or Status.GENERAL_ERROR, unexplained(job, phi_free=phi_free)
    why = reason(status, job.explanation, phi_free=hidden, say=say)
    told = advice(status, job.advice, phi_free=hidden, say=say) if facts.notice.to_sender else ""
    return Entry(
        title=", ".join(lines_of(job, phi_free=phi_free, say=say)),
        lines=tuple(filter(None, (f"{status_row(status, say)}: {why}", told))),
        detail=_identity(job, say, phi_free=phi_free),
    )


def _delivered(job: FaxJob, facts: SummaryFacts, say: Speech) -> Entry:
    phi_free = facts.user.settings.notifications.phi_free
    when = say.moment(job.finished_at, facts.user.settings.datetime) if job.finished_at else ""
    return Entry(
        title=", ".join(lines_of(job, phi_free=phi_free, say=say)),
        lines=(", ".join(filter(None, (pages(job.pages_confirmed, say), when))),),
        detail=_identity(job, say, phi_free=phi_free),
    )


def _identity(job: FaxJob, say: Speech, *, phi_free: bool) -> str:
    reference = code_of(job.reference, phi_free=phi_free)
    said = (
        say("Job {job}", job=job.id),
        say.counted("{number} call", "{number} calls", job.tries) if job.tries else "",
        say("reference {reference}", reference=reference) if reference else "",
    )
    return ", ".join(filter(None, said))


def _why_told(facts: SummaryFacts, say: Speech, *, phi_free: bool) -> str:
    name = "" if phi_free else sender_of(facts.jobs[0])
    if name:
        return say("You get this mail because {name} or an administrator asked for it.", name=name)
    return say("You get this mail because the sender or an administrator asked for it.")
