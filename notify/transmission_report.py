"""The transmission report: a sheet to keep, with what was sent, how, and what that proves. Pure.

It is made as HTML; what lays it out is not ours to know. It claims what the calls showed and no more: that
the far machine confirmed pages (MCF, T.30 §5.3.6.1.7) shows that they reached the machine that answered, and
not whose it is, or that somebody read them. Courts hold it to that.

With `phi_free` it has no names, no subject, no header line and no picture, like every notice.
"""

from dataclasses import dataclass

from config.fax import Paper
from config.levels import BETWEEN
from config.number_text import international
from notify.calls import call_of, last_outcome, transmission
from notify.content import Fact, Tone, facts_of
from notify.facts import DeliveryFacts, SentDocument
from notify.language import Speech, speech
from notify.recipients import code_of, fax_named, lines_of, number_of, sender_of, station_of
from notify.rendering import rendered
from notify.wording import lasted, octets_words, one_line, pages, status_row
from store.job import Attempt, FaxJob, Outcome
from store.lifecycle import JobState
from store.status import Status

MEDIA_TYPE = "application/pdf"
_PICTURE_WIDTH = 150
"""Millimetres: a page with its heading still stands on one sheet of the report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Facts under one heading."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All that a report says, as its template wants it."""

    language: str
    sheet: str
    """The paper, as CSS names it."""
    title: str
    tone: Tone
    headline: str
    groups: tuple[Group, ...]
    calls_title: str
    call_labels: tuple[str, ...]
    calls: tuple[tuple[str, ...], ...]
    proof_title: str
    proof: tuple[str, ...]
    fingerprint_label: str
    picture: bool
    picture_title: str
    picture_missing: str
    made_by: str
    picture_width: int = _PICTURE_WIDTH


def report_name(job: FaxJob) -> str:
    """The name of the file."""
    return f"fax-{job.id}-report.pdf"


def report_html(facts: DeliveryFacts, document: SentDocument | None, *, picture: bool, domain: str) -> str:
    """The report of a fax in its final state, as HTML that shows `first-page.png` if there is a `picture`.

    Args:
        facts: Of the notice to the sender.
        document: The pages with the header line of the last call; None if they are not kept any more.
        picture: Whether there is one of the first page; not shown with `phi_free`.
        domain: Whose service this is.
    """
    say = speech(facts.user.settings.notifications.language)
    return rendered("report.html", {"report": _report(facts, document, say, picture=picture, domain=domain)})


def _report(
    facts: DeliveryFacts, document: SentDocument | None, say: Speech, *, picture: bool, domain: str
) -> Report:
    job, phi_free = facts.job, facts.user.settings.notifications.phi_free
    made = say.moment(facts.notice.created_at, facts.user.settings.datetime)
    gone = document is None and not phi_free
    return Report(
        language=say.language,
        sheet="A4" if facts.user.settings.fax.paper is Paper.A4 else "Letter",
        title=say("Transmission report"),
        tone=Tone.GOOD if job.state is JobState.SENT else Tone.BAD,
        headline=_headline(job, say, phi_free=phi_free),
        groups=(
            Group(title=say("Fax"), facts=_fax(facts, say, phi_free=phi_free)),
            Group(title=say("Document"), facts=_document(facts, document, say, phi_free=phi_free)),
        ),
        calls_title=say("Attempts"),
        call_labels=("", say("Began"), say("Called"), say("Result"), say("Pages"), say("Took"), say("How")),
        calls=tuple(_call(attempt, facts, say) for attempt in job.attempts),
        proof_title=say("What this report shows"),
        proof=_proof(job, say, phi_free=phi_free, fingerprint=document is not None),
        fingerprint_label="SHA-256",
        picture=picture and not phi_free,
        picture_title=say("The first page as it was sent"),
        picture_missing=say("The pages are not kept any more, so none is shown here.") if gone else "",
        made_by=say("Made by the fax service of {domain}, {time}", domain=domain, time=made),
    )


def _headline(job: FaxJob, say: Speech, *, phi_free: bool) -> str:
    fax = fax_named(job, say, to_sender=False, phi_free=phi_free).whole
    status = status_row(job.status or Status.GENERAL_ERROR, say)
    confirmed, whole = job.pages_confirmed, pages(job.pages, say)
    if job.state is JobState.SENT:
        return say(
            "{fax} was transmitted: {confirmed} of {pages} confirmed.",
            fax=fax,
            confirmed=confirmed,
            pages=whole,
        )
    return say(
        "{fax} was not transmitted completely: {status}, {confirmed} of {pages} confirmed.",
        fax=fax,
        status=status,
        confirmed=confirmed,
        pages=whole,
    )


def _fax(facts: DeliveryFacts, say: Speech, *, phi_free: bool) -> tuple[Fact, ...]:
    job, user, when = facts.job, facts.user, facts.user.settings.datetime
    last = last_outcome(job)
    number = user.settings.fax.sender_number
    named = (sender_of(job), one_line(facts.mail.header_from), one_line(_belongs_to(facts)))
    sender = tuple(filter(None, (*(() if phi_free else named), international(number) if number else "")))
    return facts_of(
        (say("Status"), status_row(job.status or Status.GENERAL_ERROR, say)),
        (say("Recipient"), lines_of(job, phi_free=phi_free, say=say)),
        (say("Remote station"), station_of(last.remote_csid if last else "", phi_free=phi_free)),
        (say("Sender"), sender),
        (say("Received"), say.moment(facts.mail.received_at, when)),
        (say("Ended"), say.moment(job.finished_at, when) if job.finished_at else ""),
        (say("Subject"), "" if phi_free else one_line(facts.mail.subject)),
        (say("Reference"), code_of(job.reference, phi_free=phi_free)),
        (say("Billing"), code_of(job.billing, phi_free=phi_free)),
        *((one_line(name), one_line(value)) for name, value in user.settings.custom_fields.items()),
        (say("Job"), job.id),
    )


def _belongs_to(facts: DeliveryFacts) -> str:
    return BETWEEN.join(filter(None, (facts.user.company, *facts.user.departments)))


def _document(
    facts: DeliveryFacts, document: SentDocument | None, say: Speech, *, phi_free: bool
) -> tuple[Fact, ...]:
    job = facts.job
    if job.document is None:
        return ()
    resolution = job.document.resolution
    count = pages(job.pages, say)
    cover = any(page.origin == "cover" for page in job.document.pages)
    header = next((attempt.header for attempt in reversed(job.attempts) if attempt.header), "")
    return facts_of(
        (say("Pages"), say("{pages}, cover page included", pages=count) if cover else count),
        (say("Resolution"), f"{say(resolution.value)}, 204 × {resolution.dpi} dpi"),
        (say("Header line"), "" if phi_free else one_line(header)),
        (say("File"), f"TIFF, {octets_words(document.octets)}" if document else ""),
        ("SHA-256", document.sha256 if document else ""),
    )


def _call(attempt: Attempt, facts: DeliveryFacts, say: Speech) -> tuple[str, ...]:
    began = say.moment(attempt.started_at, facts.user.settings.datetime)
    outcome = attempt.outcome
    called = international(attempt.called)
    if attempt.interrupted or outcome is None:
        cut_off = say("Cut off by a restart of the service, and not counted")
        return (f"{attempt.number}", began, called, cut_off, "", "", "")
    return (
        f"{attempt.number}",
        began,
        called,
        status_row(outcome.status, say),
        _confirmed(attempt, outcome, facts.job),
        lasted(call_of(outcome)) if outcome.answered_at else "",
        transmission(outcome, say),
    )


def _confirmed(attempt: Attempt, outcome: Outcome, job: FaxJob) -> str:
    """The pages of a call that were confirmed: how many, or of a fax that was continued, which."""
    if not attempt.first_page or not outcome.pages_confirmed:
        return f"{outcome.pages_confirmed} / {job.pages}"
    first, last = attempt.first_page + 1, attempt.first_page + outcome.pages_confirmed
    return f"{first}–{last} / {job.pages}" if first < last else f"{first} / {job.pages}"


def _proof(job: FaxJob, say: Speech, *, phi_free: bool, fingerprint: bool) -> tuple[str, ...]:
    """What the calls showed, and what they did not."""
    of_pages = _of_pages(job, number_of(job, phi_free=phi_free, say=say), say)
    return tuple(filter(None, (*of_pages, _of_fingerprint(say) if fingerprint else "")))


def _of_pages(job: FaxJob, number: str, say: Speech) -> tuple[str, ...]:
    if job.state is JobState.SENT:
        return (
            say(
                "The machine that answered the call to {number} confirmed every page after it had received "
                "it (message confirmation, ITU-T T.30).",
                number=number,
            ),
            _in_several_calls(job, say),
            _checked(last_outcome(job), say),
            say(
                "This shows that the pages reached that machine. It does not show whose machine it is, that "
                "it printed or kept the pages, or that somebody has read them."
            ),
        )
    if not job.pages_confirmed:
        return (say("No page was confirmed. Nothing shows that a page reached anybody."),)
    return (
        say(
            "The machine that answered the call to {number} confirmed {confirmed} of {pages} pages "
            "(message confirmation, ITU-T T.30). Nothing shows that the others reached it.",
            number=number,
            confirmed=job.pages_confirmed,
            pages=job.pages,
        ),
    )


def _in_several_calls(job: FaxJob, say: Speech) -> str:
    if not any(attempt.first_page for attempt in job.attempts):
        return ""
    return say("The pages went over in more than one call, as the table shows.")


def _of_fingerprint(say: Speech) -> str:
    return say(
        "The SHA-256 is that of the TIFF file with all pages and the header line of the last call: whoever "
        "has the file can show with it that nothing was changed."
    )


def _checked(last: Outcome | None, say: Speech) -> str:
    if last is None or last.ecm is None:
        return ""
    if last.ecm:
        return say(
            "Error correction (ECM) was in use: what arrived damaged was repeated until the machine had it "
            "without errors."
        )
    return say(
        "Error correction (ECM) was not in use: single lines of a page may be damaged although the machine "
        "confirmed it."
    )
