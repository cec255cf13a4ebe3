"""What the delivery notice says: a fax was delivered, was not, or was cancelled.

It goes to the sender, and to others who are to know. Those are told whose fax it is, and nothing that only
the sender can act on.

A confirmation is worded as what it is: the far machine confirmed the pages (MCF, T.30 §5.3.6.1.7), not that
somebody read them.
"""

from datetime import timedelta

from config.datetimes import written
from notify.content import Attachment, Content, Entry, Fact, Picture, Section, Tone, facts_of
from notify.facts import DeliveryFacts
from notify.recipients import fax_of, lines_of, number_of, sender_of, station_of
from notify.wording import (
    advice,
    count,
    lasted,
    octets_words,
    one_line,
    reason,
    reply_subject,
    short_reason,
    status_words,
    unexplained,
)
from store.job import Attempt, FaxJob, Outcome
from store.lifecycle import JobState
from store.status import Status


def delivery_content(facts: DeliveryFacts) -> Content:
    """The notice about a job in its final state."""
    phi_free = facts.user.settings.notifications.phi_free
    to_sender = facts.notice.to_sender
    happened, tone, verdict, headline = _told(facts, phi_free=phi_free)
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free, to_sender=to_sender),
        tone=tone,
        verdict=verdict,
        headline=headline,
        facts=_facts(facts, phi_free=phi_free),
        sections=_attempts(facts),
        advice=_advice(facts.job, phi_free=phi_free) if to_sender else "",
        outlook=_left_out(facts) if to_sender else _why_told(facts, phi_free=phi_free),
        picture=_picture(facts) if to_sender and not phi_free else None,
        attachment=_attachment(facts) if to_sender and not phi_free else None,
    )


def _advice(job: FaxJob, *, phi_free: bool) -> str:
    if job.state is JobState.FAILED:
        return advice(_status(job), job.advice, phi_free=unexplained(job, phi_free=phi_free))
    return "Send it again if it is still needed, with more time." if _expired(job) else ""


def _expired(job: FaxJob) -> bool:
    """Whether it was cancelled because the sender's time was over; nobody else's cancelling is explained."""
    return job.state is JobState.CANCELLED and job.wishes.expires_at is not None and bool(job.explanation)


def _left_out(facts: DeliveryFacts) -> str:
    """What is said of pages that do not go with it."""
    pages = facts.pages
    return f"The faxed pages are not attached: {pages.left_out}." if pages and pages.left_out else ""


def _why_told(facts: DeliveryFacts, *, phi_free: bool) -> str:
    name = "" if phi_free else sender_of(facts.job)
    return f"You get this mail because {name or 'the sender'} or an administrator asked for it."


def _picture(facts: DeliveryFacts) -> Picture | None:
    page = facts.first_page
    if page is None:
        return None
    pages = facts.job.pages
    caption = f"The first page of {pages} pages" if pages > 1 else "The faxed page"
    return Picture(png=page.png, caption=caption, width=page.width // 2, height=page.height // 2)


def _attachment(facts: DeliveryFacts) -> Attachment | None:
    pages = facts.pages
    if pages is None or pages.left_out:
        return None
    return Attachment(name=pages.name, media_type=pages.media_type, octets=pages.octets)


def _status(job: FaxJob) -> Status:
    return job.status or Status.GENERAL_ERROR


def _told(facts: DeliveryFacts, *, phi_free: bool) -> tuple[str, Tone, str, str]:
    """Words for the subject, tone, verdict, and the first sentence."""
    job, to_sender = facts.job, facts.notice.to_sender
    number = number_of(job, phi_free=phi_free)
    fax = fax_of(job, to_sender=to_sender, phi_free=phi_free)
    whose = f"{fax[:1].upper()}{fax[1:]} to {number}"
    short = f"{'fax' if to_sender else fax.removeprefix('the ').removeprefix('a ')} to {number}"
    if job.state is JobState.SENT:
        pages = f"all {job.pages} pages" if job.pages > 1 else "its page"
        return (
            f"{short} delivered ({count(job.pages, 'page')})",
            Tone.GOOD,
            "Delivered",
            f"{whose} was delivered: the receiving machine confirmed {pages}.",
        )
    if _expired(job):
        return f"{short} cancelled: not sent in time", Tone.BAD, "Not sent in time", _too_late(whose, facts)
    if job.state is JobState.CANCELLED:
        headline = f"{whose} was cancelled before it was sent completely."
        return f"{short} cancelled", Tone.NEUTRAL, "Cancelled", headline
    after = f" after {count(job.tries, 'attempt')}" if job.tries else ""
    status = _status(job)
    # The status's words where a call was made: what went wrong on the line has no shorter name.
    hidden = unexplained(job, phi_free=phi_free)
    why = status_words(status) if job.tries else short_reason(status, job.explanation, phi_free=hidden)
    told = _line_trouble(job) or reason(status, job.explanation, phi_free=hidden)
    return (
        f"{short} not delivered: {why}{after}",
        Tone.BAD,
        "Not delivered",
        f"{whose} was not delivered{after}: {told}",
    )


def _too_late(whose: str, facts: DeliveryFacts) -> str:
    job = facts.job
    until = written(job.wishes.expires_at or job.created_at, facts.user.settings.datetime)
    after = f" after {count(job.tries, 'attempt')}" if job.tries else ""
    return f"{whose} was cancelled{after}: it was to be sent by {until}, and that time has passed."


def _line_trouble(job: FaxJob) -> str:
    """What is worth saying of all attempts together."""
    outcomes = [attempt.outcome.status for attempt in job.attempts if attempt.outcome]
    always_busy = len(outcomes) > 1 and set(outcomes) == {Status.BUSY}
    return "the line was busy each time." if always_busy else ""


def _facts(facts: DeliveryFacts, *, phi_free: bool) -> tuple[Fact, ...]:
    job = facts.job
    when = facts.user.settings.datetime
    last = _last_outcome(job)
    delivered = job.state is JobState.SENT
    return facts_of(
        ("Sender", () if phi_free or facts.notice.to_sender else _sender(facts)),
        ("Recipient", lines_of(job, phi_free=phi_free)),
        ("Status", _status(job).value),
        ("Pages", _pages(job)),
        ("Delivered" if delivered else "Ended", written(job.finished_at, when) if job.finished_at else ""),
        ("Took", lasted(_call(last)) if delivered and last and last.answered_at else ""),
        ("Remote station", station_of(last.remote_csid if last else "", phi_free=phi_free)),
        ("Reference", one_line(job.reference)),
        ("Billing", one_line(job.billing)),
        ("Attached", _attached(facts, phi_free=phi_free)),
        ("Subject", "" if phi_free else one_line(facts.mail.subject)),
        ("Job", job.id),
    )


def _sender(facts: DeliveryFacts) -> tuple[str, ...]:
    return tuple(filter(None, (sender_of(facts.job), one_line(facts.mail.header_from))))


def _attached(facts: DeliveryFacts, *, phi_free: bool) -> str:
    attachment = _attachment(facts) if facts.notice.to_sender and not phi_free else None
    return f"{attachment.name}, {octets_words(len(attachment.octets))}" if attachment else ""


def _pages(job: FaxJob) -> str:
    if not job.document:
        return ""
    cover = any(page.origin == "cover" for page in job.document.pages)
    return f"{job.pages_confirmed} of {job.pages} confirmed" + (", cover page included" if cover else "")


def _last_outcome(job: FaxJob) -> Outcome | None:
    return next((attempt.outcome for attempt in reversed(job.attempts) if attempt.outcome), None)


def _call(outcome: Outcome) -> timedelta:
    return outcome.ended_at - (outcome.answered_at or outcome.ended_at)


def _attempts(facts: DeliveryFacts) -> tuple[Section, ...]:
    if not facts.job.attempts:
        return ()
    entries = tuple(_attempt(attempt, facts) for attempt in facts.job.attempts)
    return (Section(title="Attempts", entries=entries, numbered=True),)


def _attempt(attempt: Attempt, facts: DeliveryFacts) -> Entry:
    started = written(attempt.started_at, facts.user.settings.datetime)
    outcome = attempt.outcome
    if attempt.interrupted or outcome is None:
        return Entry(title=started, lines=("Cut off by a restart of the service, and not counted",))
    said = [outcome.status.value]
    if outcome.pages_confirmed:
        said.append(f"{outcome.pages_confirmed} of {count(facts.job.pages, 'page')}")
    if outcome.answered_at:
        said.append(lasted(_call(outcome)))
    return Entry(title=started, lines=(", ".join(said),), detail=_transmission(outcome))


def _transmission(outcome: Outcome) -> str:
    if not outcome.transport:
        return ""
    rate = f"{outcome.bit_rate} bit/s" if outcome.bit_rate else ""
    correction = {True: "ECM", False: "without ECM", None: ""}[outcome.ecm]
    return ", ".join(filter(None, (outcome.transport, rate, correction, outcome.compression)))
