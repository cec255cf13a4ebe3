"""What the delivery notice says: a fax was delivered, was not, or was cancelled.

It goes to the sender, and to others who are to know. Those are told whose fax it is, and nothing that only
the sender can act on.

A confirmation is worded as what it is: the far machine confirmed the pages (MCF, T.30 §5.3.6.1.7), not that
somebody read them.
"""

from notify.calls import attempts, call_of, last_outcome
from notify.content import Attachment, Content, Fact, Picture, Tone, facts_of
from notify.facts import DeliveryFacts
from notify.language import Speech, speech
from notify.recipients import code_of, fax_named, lines_of, sender_of, station_of
from notify.wording import (
    advice,
    lasted,
    octets_words,
    one_line,
    pages,
    reason,
    reply_subject,
    short_reason,
    status_row,
    status_words,
    unexplained,
)
from store.job import FaxJob
from store.lifecycle import JobState
from store.status import Status


def delivery_content(facts: DeliveryFacts) -> Content:
    """The notice about a job in its final state."""
    wanted = facts.user.settings.notifications
    say, phi_free, to_sender = speech(wanted.language), wanted.phi_free, facts.notice.to_sender
    happened, tone, verdict, headline = _told(facts, say, phi_free=phi_free)
    hidden = not to_sender or phi_free
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free, to_sender=to_sender),
        tone=tone,
        verdict=verdict,
        headline=headline,
        facts=_facts(facts, say, phi_free=phi_free),
        sections=attempts(facts.job, facts.user.settings.datetime, say),
        advice=_advice(facts.job, say, phi_free=phi_free) if to_sender else "",
        outlook=_left_out(facts, say) if to_sender else _why_told(facts, say, phi_free=phi_free),
        picture=None if hidden else _picture(facts, say),
        attachments=_attachments(facts) if to_sender else (),
        language=say.language,
    )


def _advice(job: FaxJob, say: Speech, *, phi_free: bool) -> str:
    if job.state is JobState.FAILED:
        return advice(_status(job), job.advice, phi_free=unexplained(job, phi_free=phi_free), say=say)
    return say("Send it again if it is still needed, with more time.") if _expired(job) else ""


def _expired(job: FaxJob) -> bool:
    """Whether it was cancelled because the sender's time was over; nobody else's cancelling is explained."""
    return job.state is JobState.CANCELLED and job.wishes.expires_at is not None and bool(job.explanation)


def _left_out(facts: DeliveryFacts, say: Speech) -> str:
    """What is said of pages, or a report, that do not go with it."""
    gone = facts.pages.left_out if facts.pages else ""
    said = (
        say("The faxed pages are not attached: {reason}.", reason=say.told(gone)) if gone else "",
        say("The transmission report could not be made.") if facts.report_failed else "",
    )
    return " ".join(filter(None, said))


def _why_told(facts: DeliveryFacts, say: Speech, *, phi_free: bool) -> str:
    name = "" if phi_free else sender_of(facts.job)
    if name:
        return say("You get this mail because {name} or an administrator asked for it.", name=name)
    return say("You get this mail because the sender or an administrator asked for it.")


def _picture(facts: DeliveryFacts, say: Speech) -> Picture | None:
    page, count = facts.first_page, facts.job.pages
    if page is None:
        return None
    caption = say("The first page of {number} pages", number=count) if count > 1 else say("The faxed page")
    return Picture(png=page.png, caption=caption, width=page.width // 2, height=page.height // 2)


def _attachments(facts: DeliveryFacts) -> tuple[Attachment, ...]:
    """The report, and the pages unless nothing of the document may go out."""
    attached = [facts.report] if facts.report else []
    pages = facts.pages
    if pages and not pages.left_out and not facts.user.settings.notifications.phi_free:
        attached.append(Attachment(name=pages.name, media_type=pages.media_type, octets=pages.octets))
    return tuple(attached)


def _status(job: FaxJob) -> Status:
    return job.status or Status.GENERAL_ERROR


def _told(facts: DeliveryFacts, say: Speech, *, phi_free: bool) -> tuple[str, Tone, str, str]:
    """Words for the subject, tone, verdict, and the first sentence."""
    job = facts.job
    fax = fax_named(job, say, to_sender=facts.notice.to_sender, phi_free=phi_free)
    if job.state is JobState.SENT:
        return (
            say("{fax} delivered ({pages})", fax=fax.short, pages=pages(job.pages, say)),
            Tone.GOOD,
            say("Delivered"),
            _delivered(fax.whole, job, say),
        )
    if _expired(job):
        happened = say("{fax} cancelled: not sent in time", fax=fax.short)
        return happened, Tone.BAD, say("Not sent in time"), _too_late(fax.whole, facts, say)
    if job.state is JobState.CANCELLED:
        headline = say("{fax} was cancelled before it was sent completely.", fax=fax.whole)
        return say("{fax} cancelled", fax=fax.short), Tone.NEUTRAL, say("Cancelled"), headline
    # The status's words where a call was made: what went wrong on the line has no shorter name.
    status, hidden = _status(job), unexplained(job, phi_free=phi_free)
    words = status_words(status, say)
    why = words if job.tries else short_reason(status, job.explanation, phi_free=hidden, say=say)
    told = _line_trouble(job, say) or reason(status, job.explanation, phi_free=hidden, say=say)
    if not job.tries:
        happened = say("{fax} not delivered: {reason}", fax=fax.short, reason=why)
        headline = say("{fax} was not delivered: {reason}", fax=fax.whole, reason=told)
        return happened, Tone.BAD, say("Not delivered"), headline
    tries = say.counted("{number} attempt", "{number} attempts", job.tries)
    return (
        say("{fax} not delivered: {reason} after {attempts}", fax=fax.short, reason=why, attempts=tries),
        Tone.BAD,
        say("Not delivered"),
        say("{fax} was not delivered after {attempts}: {reason}", fax=fax.whole, reason=told, attempts=tries),
    )


def _delivered(fax: str, job: FaxJob, say: Speech) -> str:
    if job.pages == 1:
        return say("{fax} was delivered: the receiving machine confirmed its page.", fax=fax)
    return say(
        "{fax} was delivered: the receiving machine confirmed all {number} pages.", fax=fax, number=job.pages
    )


def _too_late(fax: str, facts: DeliveryFacts, say: Speech) -> str:
    job = facts.job
    until = say.moment(job.wishes.expires_at or job.created_at, facts.user.settings.datetime)
    if not job.tries:
        return say(
            "{fax} was cancelled: it was to be sent by {time}, and that time has passed.", fax=fax, time=until
        )
    return say(
        "{fax} was cancelled after {attempts}: it was to be sent by {time}, and that time has passed.",
        fax=fax,
        time=until,
        attempts=say.counted("{number} attempt", "{number} attempts", job.tries),
    )


def _line_trouble(job: FaxJob, say: Speech) -> str:
    """What is worth saying of all attempts together."""
    outcomes = [attempt.outcome.status for attempt in job.attempts if attempt.outcome]
    always_busy = len(outcomes) > 1 and set(outcomes) == {Status.BUSY}
    return say("the line was busy each time.") if always_busy else ""


def _facts(facts: DeliveryFacts, say: Speech, *, phi_free: bool) -> tuple[Fact, ...]:
    job = facts.job
    when = facts.user.settings.datetime
    last = last_outcome(job)
    delivered = job.state is JobState.SENT
    return facts_of(
        (say("Sender"), () if phi_free or facts.notice.to_sender else _sender(facts)),
        (say("Recipient"), lines_of(job, phi_free=phi_free, say=say)),
        (say("Status"), status_row(_status(job), say)),
        (say("Pages"), _pages(job, say)),
        (
            say("Delivered") if delivered else say("Ended"),
            say.moment(job.finished_at, when) if job.finished_at else "",
        ),
        (say("Took"), lasted(call_of(last)) if delivered and last and last.answered_at else ""),
        (say("Remote station"), station_of(last.remote_csid if last else "", phi_free=phi_free)),
        (say("Reference"), code_of(job.reference, phi_free=phi_free)),
        (say("Billing"), code_of(job.billing, phi_free=phi_free)),
        (say("Attached"), _attached(facts)),
        (say("Subject"), "" if phi_free else one_line(facts.mail.subject)),
        (say("Job"), job.id),
    )


def _sender(facts: DeliveryFacts) -> tuple[str, ...]:
    return tuple(filter(None, (sender_of(facts.job), one_line(facts.mail.header_from))))


def _attached(facts: DeliveryFacts) -> tuple[str, ...]:
    if not facts.notice.to_sender:
        return ()
    return tuple(f"{file.name}, {octets_words(len(file.octets))}" for file in _attachments(facts))


def _pages(job: FaxJob, say: Speech) -> str:
    if not job.document:
        return ""
    values = {"confirmed": job.pages_confirmed, "number": job.pages}
    if any(page.origin == "cover" for page in job.document.pages):
        return say("{confirmed} of {number} confirmed, cover page included", **values)
    return say("{confirmed} of {number} confirmed", **values)
