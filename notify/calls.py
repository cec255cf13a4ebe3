"""The calls of a fax, as notices and reports tell them."""

from datetime import timedelta

from config.settings import DatetimeSettings
from notify.content import Entry, Section
from notify.language import Speech
from notify.wording import lasted, pages, status_row
from store.job import Attempt, FaxJob, Outcome


def attempts(job: FaxJob, when: DatetimeSettings, say: Speech) -> tuple[Section, ...]:
    """A section with every call, in order; none where there was no call."""
    if not job.attempts:
        return ()
    entries = tuple(_attempt(attempt, job, when, say) for attempt in job.attempts)
    return (Section(title=say("Attempts"), entries=entries, numbered=True),)


def last_outcome(job: FaxJob) -> Outcome | None:
    """What the last call came to that came to something."""
    return next((attempt.outcome for attempt in reversed(job.attempts) if attempt.outcome), None)


def call_of(outcome: Outcome) -> timedelta:
    """How long the line was open."""
    return outcome.ended_at - (outcome.answered_at or outcome.ended_at)


def _attempt(attempt: Attempt, job: FaxJob, when: DatetimeSettings, say: Speech) -> Entry:
    started = say.moment(attempt.started_at, when)
    outcome = attempt.outcome
    if attempt.interrupted or outcome is None:
        cut_off = say("Cut off by a restart of the service, and not counted")
        return Entry(title=started, lines=(cut_off,))
    said = [status_row(outcome.status, say)]
    if outcome.pages_confirmed:
        said.append(_confirmed(attempt, outcome, job, say))
    if outcome.answered_at:
        said.append(lasted(call_of(outcome)))
    return Entry(title=started, lines=(", ".join(said),), detail=transmission(outcome, say))


def _confirmed(attempt: Attempt, outcome: Outcome, job: FaxJob, say: Speech) -> str:
    """The pages that a call brought over: how many, or of a fax that was continued, which."""
    if not attempt.first_page:
        return say("{confirmed} of {pages}", confirmed=outcome.pages_confirmed, pages=pages(job.pages, say))
    first, last = attempt.first_page + 1, attempt.first_page + outcome.pages_confirmed
    if first == last:
        return say("page {first} of {number}", first=first, number=job.pages)
    return say("pages {first} to {last} of {number}", first=first, last=last, number=job.pages)


def transmission(outcome: Outcome, say: Speech) -> str:
    """How the pages went over the line: `T.38, 14400 bit/s, ECM, MMR`."""
    if not outcome.transport:
        return ""
    rate = f"{outcome.bit_rate} bit/s" if outcome.bit_rate else ""
    correction = {True: "ECM", False: say("without ECM"), None: ""}[outcome.ecm]
    return ", ".join(filter(None, (outcome.transport, rate, correction, outcome.compression)))
