"""What the delivery notice says: a fax was delivered, was not, or was cancelled.

A confirmation is worded as what it is: the far machine confirmed the pages (MCF, T.30 §5.3.6.1.7), not that
somebody read them.
"""

from datetime import timedelta

from config.datetimes import written
from notify.content import Content, Entry, Fact, Section, Tone, facts_of
from notify.facts import DeliveryFacts
from notify.recipients import lines_of, number_of, station_of
from notify.wording import advice, count, lasted, one_line, reason, reply_subject, short_reason, status_words
from store.job import Attempt, FaxJob, Outcome
from store.lifecycle import JobState
from store.status import Status


def delivery_content(facts: DeliveryFacts) -> Content:
    """The notice about a job in its final state."""
    job = facts.job
    phi_free = facts.user.settings.notifications.phi_free
    number = number_of(job, phi_free=phi_free)
    happened, tone, verdict, headline = _told(job, number, phi_free=phi_free)
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free),
        tone=tone,
        verdict=verdict,
        headline=headline,
        facts=_facts(facts, phi_free=phi_free),
        sections=_attempts(facts),
        advice=advice(_status(job), job.advice, phi_free=phi_free) if job.state is JobState.FAILED else "",
    )


def _status(job: FaxJob) -> Status:
    return job.status or Status.GENERAL_ERROR


def _told(job: FaxJob, number: str, *, phi_free: bool) -> tuple[str, Tone, str, str]:
    """Words for the subject, tone, verdict, and the first sentence."""
    if job.state is JobState.SENT:
        pages = f"all {job.pages} pages" if job.pages > 1 else "its page"
        return (
            f"fax to {number} delivered ({count(job.pages, 'page')})",
            Tone.GOOD,
            "Delivered",
            f"Your fax to {number} was delivered: the receiving machine confirmed {pages}.",
        )
    if job.state is JobState.CANCELLED:
        return (
            f"fax to {number} cancelled",
            Tone.NEUTRAL,
            "Cancelled",
            f"Your fax to {number} was cancelled before it was sent completely.",
        )
    after = f" after {count(job.tries, 'attempt')}" if job.tries else ""
    status = _status(job)
    # The status's words where a call was made: what went wrong on the line has no shorter name.
    why = status_words(status) if job.tries else short_reason(status, job.explanation, phi_free=phi_free)
    told = _line_trouble(job) or reason(status, job.explanation, phi_free=phi_free)
    return (
        f"fax to {number} not delivered: {why}{after}",
        Tone.BAD,
        "Not delivered",
        f"Your fax to {number} was not delivered{after}: {told}",
    )


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
        ("Recipient", lines_of(job, phi_free=phi_free)),
        ("Status", _status(job).value),
        ("Pages", _pages(job)),
        ("Delivered" if delivered else "Ended", written(job.finished_at, when) if job.finished_at else ""),
        ("Took", lasted(_call(last)) if delivered and last and last.answered_at else ""),
        ("Remote station", station_of(last.remote_csid if last else "", phi_free=phi_free)),
        ("Reference", one_line(job.reference)),
        ("Subject", "" if phi_free else one_line(facts.mail.subject)),
        ("Job", job.id),
    )


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
