"""What a transition causes outside: notices to people and copies to archives, each once.

They are written in the transaction of the transition that causes them and delivered afterwards, again and
again until it succeeds or is given up.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.archive import ArchiveSettings

LOOP_FIELD = "X-Postfax-Loop"
"""The header field that marks every mail of ours: intake neither faxes nor answers a mail that carries it."""

FAILURE_NOTICES_AN_HOUR = 30
"""So many notices of a mail that was refused go to one address within an hour; further ones are withheld.

RFC 3834 §2: where a program at the other end answers each notice with another faulty mail, unmarked as
automatic, it must end somewhere. A person who sends mails and reads what comes back does not get there; a
program that sends hundreds with the same fault is told thirty times, and all of them are in the book. Notices
of a success and of faxes that were dialled are not counted: they are no more than there were faxes."""


class NoticeKind(StrEnum):
    """Which of the mails to a sender this is."""

    INITIAL = "initial"
    DELIVERY = "delivery"


class DeliveryState(StrEnum):
    """Where a notice or a copy is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    WITHHELD = "withheld"
    """Never to be sent: see `FAILURE_NOTICES_AN_HOUR`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A mail that is owed to a sender."""

    id: str
    """`initial:MAIL` or `delivery:JOB`: unique, and the base of its Message-ID, so that a repetition after a
    crash is recognised by the receiving side."""
    kind: NoticeKind
    success: bool
    mail_id: str
    job_id: str
    """Empty for an initial notice."""
    address: str
    """The sending address that it goes to."""
    state: DeliveryState
    tries: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None = None
    last_error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A copy of a finished fax that is owed to an archive."""

    id: str
    """`JOB:N`, N the archive's place among those that apply to the sender."""
    job_id: str
    archive: ArchiveSettings
    state: DeliveryState
    tries: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None = None
    place: str = ""
    """Where the copy went: a path or an address."""
    last_error: str = ""
