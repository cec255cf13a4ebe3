"""When what is kept of a fax has been kept long enough. Pure.

Two spans begin when the last job of a mail has come to its end: after `documents` the mail and its pages go,
after `metadata` all that is recorded of it, and never before its documents. A fax is kept as the policy said
when its mail was decided. Where the policy in force says less, that counts: it shortens what is kept already,
and never lengthens it.

Nothing goes while a job of the mail has not ended, or a notice or a copy is still to be delivered. A job does
not stay for ever, though: one that could have been called or released all that time, and was not, is ended
after `documents`, and never before a week.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.upkeep import LONGEST_DOCUMENTS, RetentionSettings
from store.mail import MailState

LOOK_AGAIN = timedelta(hours=1)
"""When to look again at a mail whose time is over and of which something is still to be delivered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMail:
    """A mail that was answered, as far as its retention is concerned."""

    mail_id: str
    state: MailState
    """Answered or purged."""
    user_email: str
    due_at: datetime
    """When it is to be looked at."""
    ended_at: datetime | None
    """When its last job came to its end; None while one has not."""
    owes: bool
    """Whether a notice or a copy is still to be delivered."""
    kept: tuple[RetentionSettings, ...]
    """Of the policies of its jobs."""
    waits_since: datetime | None = None
    """Since when its last unfinished job has waited: it was due, or was held. None while one is in a call,
    and where all have ended."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.ended_at is not None and not self.owes


def next_look(mail: KeptMail, in_force: RetentionSettings | None, now: datetime) -> datetime:
    """When the next part of a mail goes: now or earlier means at once.

    Args:
        mail: what is known of it.
        in_force: what the policy says now; None for a user who is no longer in it.
        now: the time.
    """
    span = span_of(mail, in_force)
    if mail.ended_at is None:
        ends_at = _ends_at(mail, span)
        # One whose jobs are ended just now has its whole time before it.
        return min(now + span, ends_at) if ends_at and ends_at > now else now + span
    over_at = mail.ended_at + span
    return over_at if over_at > now or mail.is_over else now + LOOK_AGAIN


def never_finished(mail: KeptMail, in_force: RetentionSettings | None, now: datetime) -> bool:
    """Whether its jobs have waited so long beyond their time that they are to be ended."""
    ends_at = _ends_at(mail, span_of(mail, in_force))
    return ends_at is not None and ends_at <= now


def _ends_at(mail: KeptMail, span: timedelta) -> datetime | None:
    """When jobs that wait are ended, if none of them is called or released before."""
    return mail.waits_since + max(span, LONGEST_DOCUMENTS) if mail.waits_since else None


def span_of(mail: KeptMail, in_force: RetentionSettings | None) -> timedelta:
    """For how long the next part of a mail is kept."""
    said = (*mail.kept, *([in_force] if in_force else []))
    documents = min(retention.documents for retention in said)
    if mail.state is MailState.ANSWERED:
        return documents
    return max(documents, min(retention.metadata for retention in said))
