"""What the initial notice says: a mail was taken on, was refused, or some of its recipients were.

It is composed once all jobs of a mail have their document or were refused. A job may have moved on since
then, so what is told is what does not change any more: accepted (it has or had a document) or refused (it
never got one).
"""

from config.datetimes import written
from notify.content import Content, Entry, Section, Tone, facts_of
from notify.facts import InitialFacts
from notify.recipients import lines_of, number_of
from notify.wording import (
    advice,
    count,
    following,
    one_line,
    reason,
    reply_subject,
    short_reason,
    unexplained,
)
from store.job import FaxJob, Priority
from store.lifecycle import JobState
from store.owed_notices import delivery_is_told
from store.status import Status


def initial_content(facts: InitialFacts) -> Content:
    """The notice about a mail whose recipients are all accepted or refused."""
    if len(facts.jobs) == 1:
        return _single(facts, facts.jobs[0])
    refused = tuple(job for job in facts.jobs if _refused(job))
    accepted = tuple(job for job in facts.jobs if not _refused(job))
    return _several(facts, accepted, refused)


def _refused(job: FaxJob) -> bool:
    return job.document is None


def _phi_free(facts: InitialFacts) -> bool:
    return facts.user.settings.notifications.phi_free


def _status(job: FaxJob) -> Status:
    return job.status or Status.GENERAL_ERROR


def _single(facts: InitialFacts, job: FaxJob) -> Content:
    phi_free = _phi_free(facts)
    number = number_of(job, phi_free=phi_free)
    status = _status(job)
    hidden = unexplained(job, phi_free=phi_free)
    if _refused(job):
        happened = f"fax to {number} not sent: {short_reason(status, job.explanation, phi_free=hidden)}"
        headline = f"Your fax to {number} was not sent: {reason(status, job.explanation, phi_free=hidden)}"
    else:
        later = _later(job, facts)
        happened = f"fax to {number} {f'scheduled for {later}' if later else 'accepted'} ({_count(job)})"
        to_send = f"{_count(job)}, to be sent from {later} on" if later else f"{_count(job)} to send"
        headline = f"Your fax to {number} was accepted: {to_send}."
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free),
        tone=Tone.BAD if _refused(job) else Tone.NEUTRAL,
        verdict="Not sent" if _refused(job) else "Accepted",
        headline=headline,
        facts=facts_of(
            ("Recipient", lines_of(job, phi_free=phi_free)),
            ("Status", status.value if _refused(job) else ""),
            ("Pages", _pages(job)),
            ("Starts", _start(job, facts)),
            ("Tried until", _until(job, facts)),
            ("Priority", _priority(job)),
            ("Received", written(facts.mail.received_at, facts.user.settings.datetime)),
            ("Reference", one_line(job.reference)),
            ("Billing", one_line(job.billing)),
            ("Subject", "" if phi_free else one_line(facts.mail.subject)),
            ("Job", job.id),
        ),
        advice=advice(status, job.advice, phi_free=hidden) if _refused(job) else "",
        outlook=_outlook(facts, () if _refused(job) else (job,), "the fax"),
    )


def _several(facts: InitialFacts, accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...]) -> Content:
    phi_free = _phi_free(facts)
    happened, verdict, headline = _told(facts, accepted, refused)
    sections = (
        Section(title="Not sent", entries=tuple(_refused_entry(job, facts) for job in refused)),
        Section(title="Accepted", entries=tuple(_accepted_entry(job, facts) for job in accepted)),
    )
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free),
        tone=Tone.BAD if refused else Tone.NEUTRAL,
        verdict=verdict,
        headline=headline,
        facts=facts_of(
            ("Recipients", _tally(accepted, refused)),
            ("Received", written(facts.mail.received_at, facts.user.settings.datetime)),
            ("Subject", "" if phi_free else one_line(facts.mail.subject)),
        ),
        sections=tuple(section for section in sections if section.entries),
        outlook=_outlook(facts, accepted, "each fax"),
    )


def _told(
    facts: InitialFacts, accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...]
) -> tuple[str, str, str]:
    """Words for the subject, verdict, and the first sentence."""
    phi_free = _phi_free(facts)
    total = f"{len(facts.jobs)} recipients"
    if not refused:
        return f"fax to {total} accepted", "Accepted", f"Your fax to {total} was accepted."
    reasons = {
        short_reason(_status(job), job.explanation, phi_free=unexplained(job, phi_free=phi_free))
        for job in refused
    }
    same = reasons.pop() if len(reasons) == 1 else ""
    why = f": {same}" if same else ""
    if not accepted:
        return f"fax to {total} not sent{why}", "Not sent", f"Your fax to {total} was not sent{why}."
    return (
        f"fax not sent to {len(refused)} of {total}{why}",
        "Partly accepted",
        f"Your fax was not sent to {len(refused)} of {total}{why}.",
    )


def _tally(accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...]) -> str:
    counted = ((len(accepted), "accepted"), (len(refused), "not sent"))
    return ", ".join(f"{number} {what}" for number, what in counted if number)


def _accepted_entry(job: FaxJob, facts: InitialFacts) -> Entry:
    phi_free = _phi_free(facts)
    start, until, priority = _start(job, facts), _until(job, facts), _priority(job)
    said = (
        _pages(job),
        f"Starts {start}" if start else "",
        f"Tried until {until}" if until else "",
        f"Priority: {priority}" if priority else "",
    )
    return Entry(
        title=", ".join(lines_of(job, phi_free=phi_free)),
        lines=tuple(filter(None, said)),
        detail=_identity(job),
    )


def _refused_entry(job: FaxJob, facts: InitialFacts) -> Entry:
    phi_free = _phi_free(facts)
    status = _status(job)
    hidden = unexplained(job, phi_free=phi_free)
    why = ("" if hidden else following(one_line(job.explanation, 400))) or status.explanation
    return Entry(
        title=", ".join(lines_of(job, phi_free=phi_free)),
        lines=tuple(filter(None, (f"{status.value}: {why}", advice(status, job.advice, phi_free=hidden)))),
        detail=_identity(job),
    )


def _identity(job: FaxJob) -> str:
    reference, billing = one_line(job.reference), one_line(job.billing)
    said = (
        f"Job {job.id}",
        f"reference {reference}" if reference else "",
        f"billing {billing}" if billing else "",
    )
    return ", ".join(filter(None, said))


def _pages(job: FaxJob) -> str:
    if not job.document:
        return ""
    cover = any(page.origin == "cover" for page in job.document.pages)
    return count(job.pages, "page") + (", cover page included" if cover else "")


def _count(job: FaxJob) -> str:
    return count(job.pages, "page")


def _later(job: FaxJob, facts: InitialFacts) -> str:
    """When the first call is placed, if the sender wants it later than at once."""
    wanted = job.wishes.not_before
    if wanted is None or wanted <= facts.notice.created_at:
        return ""
    return written(wanted, facts.user.settings.datetime)


def _start(job: FaxJob, facts: InitialFacts) -> str:
    if _refused(job):
        return ""
    return "when an administrator releases it" if job.state is JobState.HELD else _later(job, facts)


def _until(job: FaxJob, facts: InitialFacts) -> str:
    wanted = job.wishes.expires_at
    return written(wanted, facts.user.settings.datetime) if wanted and not _refused(job) else ""


def _priority(job: FaxJob) -> str:
    return "" if job.wishes.priority is Priority.NORMAL or _refused(job) else job.wishes.priority.word


def _outlook(facts: InitialFacts, accepted: tuple[FaxJob, ...], which: str) -> str:
    """What follows by itself, as policy and sender want it: nothing is promised that will not come."""
    promised = {_promised(job, facts) for job in accepted}
    if not promised:
        return ""
    if len(promised) > 1:
        return "Another mail follows where you asked for one."
    return {
        (True, True): f"Another mail tells you when {which} was delivered, or that it could not be.",
        (True, False): (f"Another mail tells you when {which} was delivered; none comes if it could not be."),
        (False, True): "Another mail comes only if a fax could not be delivered.",
        (False, False): "No further mail comes.",
    }[promised.pop()]


def _promised(job: FaxJob, facts: InitialFacts) -> tuple[bool, bool]:
    """Whether a delivery notice comes of a success, and of a failure."""
    switches = facts.user.settings.notifications.delivery
    success, failure = (
        delivery_is_told(job, facts.mail.envelope, switches, success=success) for success in (True, False)
    )
    return success, failure
