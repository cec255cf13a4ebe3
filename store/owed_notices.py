"""Which notices are owed: what the policy's switches say, and what the sender asked for with NOTIFY. Pure.

The switches decide which notices exist. Where a sender asks with a recipient (NOTIFY, RFC 3461 §4.1) the word
goes for that recipient:

- NEVER silences both notices; without SUCCESS there is none of a success, without FAILURE none of a failure.
- SUCCESS or FAILURE brings the last word about the recipient even where the switch is off. That is the
  delivery notice, or for a recipient that was refused the initial one, after which no other comes.

DELAY alone asks for neither: a fax that waits for its next call is told by no mail.

A mail has one initial notice. It lists all recipients except those with NEVER, and is a failure if one that
it lists was refused. It is owed if one of those it lists wants it.

Others who are to know of a fax (the policy's extra recipients, and whom the sender named) get its delivery
notice by the switches alone: NOTIFY is the sender's word about what the sender gets.

A mail with many recipients may have one summary instead of its delivery notices, by policy: it tells of the
same faxes that those would.

A job has more than one address if its number was named twice; then it is told what any of them wants.
"""

from collections.abc import Sequence
from enum import Enum

from config.notifications import NoticeSwitches
from store.job import FaxJob
from store.lifecycle import JobState
from store.mail import Envelope, NoticeRequest, NotifyOn

_NOTHING_SAID = NoticeRequest()
_NEVER = frozenset({NotifyOn.NEVER})


class Owed(Enum):
    """What a sender has to be told."""

    NOTHING = "nothing"
    SUCCESS = "success"
    FAILURE = "failure"


def request_for(envelope: Envelope, address: str) -> NoticeRequest:
    """What the sender asked for with one address of the envelope."""
    return envelope.notice_requests.get(address, _NOTHING_SAID)


def requests_for(envelope: Envelope, job: FaxJob) -> tuple[NoticeRequest, ...]:
    """What the sender asked for with the addresses of a job, at least one."""
    return tuple(request_for(envelope, address) for address in job.addresses) or (_NOTHING_SAID,)


def asks_to_be_told(request: NoticeRequest, *, success: bool, otherwise: bool) -> bool:
    """Whether the last word about a recipient is wanted; `otherwise` where the sender did not say."""
    if request.notify is None:
        return otherwise
    return (NotifyOn.SUCCESS if success else NotifyOn.FAILURE) in request.notify


def listed_jobs(jobs: Sequence[FaxJob], envelope: Envelope) -> tuple[FaxJob, ...]:
    """The jobs that the initial notice lists: all but those that are never to be told of."""
    return tuple(
        job for job in jobs if any(request.notify != _NEVER for request in requests_for(envelope, job))
    )


def initial_notice(jobs: Sequence[FaxJob], envelope: Envelope, switches: NoticeSwitches) -> Owed:
    """Which initial notice is owed of a mail whose jobs all have a document or were refused."""
    listed = listed_jobs(jobs, envelope)
    success = not any(_refused(job) for job in listed)
    if any(
        _wants_initial(request, switches, success=success, refused=_refused(job))
        for job in listed
        for request in requests_for(envelope, job)
    ):
        return Owed.SUCCESS if success else Owed.FAILURE
    return Owed.NOTHING


def delivery_notice(job: FaxJob, envelope: Envelope, switches: NoticeSwitches) -> Owed:
    """Which delivery notice is owed of a job in its final state."""
    success = job.state is JobState.SENT
    if delivery_is_told(job, envelope, switches, success=success):
        return Owed.SUCCESS if success else Owed.FAILURE
    return Owed.NOTHING


def delivery_is_told(job: FaxJob, envelope: Envelope, switches: NoticeSwitches, *, success: bool) -> bool:
    """Whether a delivery notice comes if the job ends so: also what an initial notice may promise."""
    otherwise = _switch(switches, success=success)
    return any(
        asks_to_be_told(request, success=success, otherwise=otherwise)
        for request in requests_for(envelope, job)
    )


def others_told(job: FaxJob, sender: str, switches: NoticeSwitches) -> tuple[str, ...]:
    """Who besides the sender gets the delivery notice of a job in its final state, each once."""
    if not _switch(switches, success=job.state is JobState.SENT):
        return ()
    told = {sender.casefold()}
    others = []
    for address in (*job.user.settings.notifications.extra_recipients, *job.wishes.notify):
        if address.casefold() not in told:
            told.add(address.casefold())
            others.append(address)
    return tuple(others)


def summed_up(
    jobs: Sequence[FaxJob], envelope: Envelope, switches: NoticeSwitches, *, sender: bool
) -> tuple[FaxJob, ...]:
    """The jobs that a summary tells of, to the sender or to others: those that a delivery notice would.

    Args:
        jobs: of the mail, each in its final state; those that were refused at once are told of already.
        envelope: what the sender asked for.
        switches: the policy's.
        sender: whether it is for the sender.
    """
    ended = (job for job in jobs if job.document and not job.resend_of)
    if sender:
        return tuple(job for job in ended if delivery_notice(job, envelope, switches) is not Owed.NOTHING)
    return tuple(job for job in ended if _switch(switches, success=job.state is JobState.SENT))


def _wants_initial(request: NoticeRequest, switches: NoticeSwitches, *, success: bool, refused: bool) -> bool:
    switched_on = _switch(switches, success=success)
    asked = asks_to_be_told(request, success=success, otherwise=switched_on)
    # Of an accepted recipient this is not the last word, so it does not come against the switch.
    return asked and (switched_on or refused)


def _switch(switches: NoticeSwitches, *, success: bool) -> bool:
    return switches.success if success else switches.failure


def _refused(job: FaxJob) -> bool:
    return job.state is JobState.FAILED
