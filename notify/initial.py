"""What the initial notice says: a mail was taken on, was refused, or some of its recipients were.

It is composed once all jobs of a mail have their document or were refused. A job may have moved on since
then, so what is told is what does not change any more: accepted (it has or had a document) or refused (it
never got one).
"""

from notify.content import Content, Entry, Section, Tone, facts_of
from notify.facts import InitialFacts
from notify.language import Speech, speech
from notify.recipients import code_of, fax_named, lines_of
from notify.wording import (
    advice,
    one_line,
    pages,
    reason,
    reply_subject,
    short_reason,
    status_row,
    unexplained,
)
from store.call_time import call_time_of
from store.job import FaxJob, Priority
from store.lifecycle import JobState
from store.outbox import SUMMED_UP_ABOVE
from store.owed_notices import delivery_is_told
from store.status import Status


def initial_content(facts: InitialFacts) -> Content:
    """The notice about a mail whose recipients are all accepted or refused."""
    say = speech(facts.user.settings.notifications.language)
    if len(facts.jobs) == 1:
        return _single(facts, facts.jobs[0], say)
    refused = tuple(job for job in facts.jobs if _refused(job))
    accepted = tuple(job for job in facts.jobs if not _refused(job))
    return _several(facts, accepted, refused, say)


def _refused(job: FaxJob) -> bool:
    return job.document is None


def _phi_free(facts: InitialFacts) -> bool:
    return facts.user.settings.notifications.phi_free


def _status(job: FaxJob) -> Status:
    return job.status or Status.GENERAL_ERROR


def _single(facts: InitialFacts, job: FaxJob, say: Speech) -> Content:
    phi_free = _phi_free(facts)
    status = _status(job)
    hidden = unexplained(job, phi_free=phi_free)
    happened, headline = _told_of_one(facts, job, say)
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free),
        tone=Tone.BAD if _refused(job) else Tone.NEUTRAL,
        verdict=say("Not sent") if _refused(job) else say("Accepted"),
        headline=headline,
        facts=facts_of(
            (say("Recipient"), lines_of(job, phi_free=phi_free, say=say)),
            (say("Status"), status_row(status, say) if _refused(job) else ""),
            (say("Pages"), _pages(job, say)),
            (say("Starts"), _start(job, facts, say)),
            (say("Tried until"), _until(job, facts, say)),
            (say("Priority"), _priority(job, say)),
            (say("Received"), say.moment(facts.mail.received_at, facts.user.settings.datetime)),
            (say("Reference"), code_of(job.reference, phi_free=phi_free)),
            (say("Billing"), code_of(job.billing, phi_free=phi_free)),
            (say("Subject"), "" if phi_free else one_line(facts.mail.subject)),
            (say("Job"), job.id),
        ),
        advice=advice(status, job.advice, phi_free=hidden, say=say) if _refused(job) else "",
        outlook=_outlook(facts, () if _refused(job) else (job,), say),
        language=say.language,
    )


def _told_of_one(facts: InitialFacts, job: FaxJob, say: Speech) -> tuple[str, str]:
    """Words for the subject, and the first sentence."""
    phi_free = _phi_free(facts)
    fax = fax_named(job, say, to_sender=True, phi_free=phi_free)
    if _refused(job):
        status, hidden = _status(job), unexplained(job, phi_free=phi_free)
        short = short_reason(status, job.explanation, phi_free=hidden, say=say)
        exact = reason(status, job.explanation, phi_free=hidden, say=say)
        return (
            say("{fax} not sent: {reason}", fax=fax.short, reason=short),
            say("{fax} was not sent: {reason}", fax=fax.whole, reason=exact),
        )
    later, count = _later(job, facts, say), pages(job.pages, say)
    if later:
        return (
            say("{fax} scheduled for {time} ({pages})", fax=fax.short, time=later, pages=count),
            say(
                "{fax} was accepted: {pages}, to be sent from {time} on.",
                fax=fax.whole,
                time=later,
                pages=count,
            ),
        )
    return (
        say("{fax} accepted ({pages})", fax=fax.short, pages=count),
        say("{fax} was accepted: {pages} to send.", fax=fax.whole, pages=count),
    )


def _several(
    facts: InitialFacts, accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...], say: Speech
) -> Content:
    phi_free = _phi_free(facts)
    happened, verdict, headline = _told(facts, accepted, refused, say)
    sections = (
        Section(title=say("Not sent"), entries=tuple(_refused_entry(job, facts, say) for job in refused)),
        Section(title=say("Accepted"), entries=tuple(_accepted_entry(job, facts, say) for job in accepted)),
    )
    return Content(
        subject=reply_subject(facts.mail.subject, happened, phi_free=phi_free),
        tone=Tone.BAD if refused else Tone.NEUTRAL,
        verdict=verdict,
        headline=headline,
        facts=facts_of(
            (say("Recipients"), _tally(accepted, refused, say)),
            (say("Received"), say.moment(facts.mail.received_at, facts.user.settings.datetime)),
            (say("Subject"), "" if phi_free else one_line(facts.mail.subject)),
        ),
        sections=tuple(section for section in sections if section.entries),
        outlook=_outlook(facts, accepted, say),
        language=say.language,
    )


def _told(
    facts: InitialFacts, accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...], say: Speech
) -> tuple[str, str, str]:
    """Words for the subject, verdict, and the first sentence."""
    number = len(facts.jobs)
    short = say("fax to {number} recipients", number=number)
    whole = say("Your fax to {number} recipients", number=number)
    if not refused:
        return (
            say("{fax} accepted", fax=short),
            say("Accepted"),
            say("{fax} was accepted.", fax=whole),
        )
    why = _shared_reason(facts, refused, say)
    if not accepted:
        verdict = say("Not sent")
        if why:
            happened = say("{fax} not sent: {reason}", fax=short, reason=why)
            return happened, verdict, say("{fax} was not sent: {reason}", fax=whole, reason=f"{why}.")
        return say("{fax} not sent", fax=short), verdict, say("{fax} was not sent.", fax=whole)
    values = {"refused": len(refused), "number": number}
    happened = say("fax not sent to {refused} of {number} recipients", **values)
    headline = say("Your fax was not sent to {refused} of {number} recipients", **values)
    if why:
        happened, headline = f"{happened}: {why}", f"{headline}: {why}"
    return happened, say("Partly accepted"), f"{headline}."


def _shared_reason(facts: InitialFacts, refused: tuple[FaxJob, ...], say: Speech) -> str:
    """Why recipients were refused, if it is the same for all of them."""
    reasons = {
        short_reason(
            _status(job),
            job.explanation,
            phi_free=unexplained(job, phi_free=_phi_free(facts)),
            say=say,
        )
        for job in refused
    }
    return reasons.pop() if len(reasons) == 1 else ""


def _tally(accepted: tuple[FaxJob, ...], refused: tuple[FaxJob, ...], say: Speech) -> str:
    counted = (
        say.counted("{number} accepted", "{number} accepted", len(accepted)) if accepted else "",
        say.counted("{number} not sent", "{number} not sent", len(refused)) if refused else "",
    )
    return ", ".join(filter(None, counted))


def _accepted_entry(job: FaxJob, facts: InitialFacts, say: Speech) -> Entry:
    start, until, priority = _start(job, facts, say), _until(job, facts, say), _priority(job, say)
    said = (
        _pages(job, say),
        say("Starts {time}", time=start) if start else "",
        say("Tried until {time}", time=until) if until else "",
        say("Priority: {priority}", priority=priority) if priority else "",
    )
    return Entry(
        title=", ".join(lines_of(job, phi_free=_phi_free(facts), say=say)),
        lines=tuple(filter(None, said)),
        detail=_identity(job, say, phi_free=_phi_free(facts)),
    )


def _refused_entry(job: FaxJob, facts: InitialFacts, say: Speech) -> Entry:
    status = _status(job)
    hidden = unexplained(job, phi_free=_phi_free(facts))
    exact = "" if hidden else say.following(say.told(one_line(job.explanation, 400)))
    why = exact or say.told(status.explanation)
    said = (f"{status_row(status, say)}: {why}", advice(status, job.advice, phi_free=hidden, say=say))
    return Entry(
        title=", ".join(lines_of(job, phi_free=_phi_free(facts), say=say)),
        lines=tuple(filter(None, said)),
        detail=_identity(job, say, phi_free=_phi_free(facts)),
    )


def _identity(job: FaxJob, say: Speech, *, phi_free: bool) -> str:
    reference, billing = (code_of(code, phi_free=phi_free) for code in (job.reference, job.billing))
    said = (
        say("Job {job}", job=job.id),
        say("reference {reference}", reference=reference) if reference else "",
        say("billing {billing}", billing=billing) if billing else "",
    )
    return ", ".join(filter(None, said))


def _pages(job: FaxJob, say: Speech) -> str:
    if not job.document:
        return ""
    count = pages(job.pages, say)
    cover = any(page.origin == "cover" for page in job.document.pages)
    return say("{pages}, cover page included", pages=count) if cover else count


def _later(job: FaxJob, facts: InitialFacts, say: Speech) -> str:
    """When the first call is placed, if the sender wants it later than at once, or the policy has hours."""
    made = facts.notice.created_at
    wanted = max(job.wishes.not_before or made, made)
    first = call_time_of(job, wanted)
    if first.at <= made:
        return ""
    moment = say.moment(first.at, facts.user.settings.datetime)
    if first.place:
        return say("{moment} ({time} in {place})", moment=moment, time=first.there, place=first.place)
    return moment


def _start(job: FaxJob, facts: InitialFacts, say: Speech) -> str:
    if _refused(job):
        return ""
    return say("when an administrator releases it") if job.state is JobState.HELD else _later(job, facts, say)


def _until(job: FaxJob, facts: InitialFacts, say: Speech) -> str:
    wanted = job.wishes.expires_at
    return say.moment(wanted, facts.user.settings.datetime) if wanted and not _refused(job) else ""


def _priority(job: FaxJob, say: Speech) -> str:
    hidden = job.wishes.priority is Priority.NORMAL or _refused(job)
    return "" if hidden else say(job.wishes.priority.word)


def _outlook(facts: InitialFacts, accepted: tuple[FaxJob, ...], say: Speech) -> str:
    """What follows by itself, as policy and sender want it: nothing is promised that will not come."""
    promised = {_promised(job, facts) for job in accepted}
    if not promised:
        return ""
    if promised == {(False, False)}:
        return say("No further mail comes.")
    if facts.user.settings.notifications.summary and len(facts.jobs) > SUMMED_UP_ABOVE:
        return say("One mail tells you what became of all of them, when the last one has come to its end.")
    if len(promised) > 1:
        return say("Another mail follows where you asked for one.")
    success, failure = promised.pop()
    return _of_each(say, one=len(facts.jobs) == 1, success=success, failure=failure)


def _of_each(say: Speech, *, one: bool, success: bool, failure: bool) -> str:
    """What follows where each fax has a notice of its own."""
    if not success:
        return say("Another mail comes only if a fax could not be delivered.")
    if failure and one:
        return say("Another mail tells you when the fax was delivered, or that it could not be.")
    if failure:
        return say("Another mail tells you when each fax was delivered, or that it could not be.")
    if one:
        return say("Another mail tells you when the fax was delivered; none comes if it could not be.")
    return say("Another mail tells you when each fax was delivered; none comes if it could not be.")


def _promised(job: FaxJob, facts: InitialFacts) -> tuple[bool, bool]:
    """Whether a delivery notice comes of a success, and of a failure."""
    switches = facts.user.settings.notifications.delivery
    success, failure = (
        delivery_is_told(job, facts.mail.envelope, switches, success=success) for success in (True, False)
    )
    return success, failure
