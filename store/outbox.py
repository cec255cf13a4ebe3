"""What a transition causes outside: notices to people and copies to archives, each once.

They are written in the transaction of the transition that causes them and delivered afterwards, again and
again until it succeeds or is given up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from config.archive import ArchiveSettings

LOOP_FIELD = "X-Postfax-Loop"
"""The header field that marks every mail of ours: intake neither faxes nor answers a mail that carries it."""

SUMMED_UP_ABOVE = 10
"""Recipients of a mail; above them a policy may have one summary instead of a delivery notice for each."""

ALERTS_APART = timedelta(hours=1)
"""So long nobody is told of the same cause again; what happens meanwhile is counted, for the next mail."""


class NoticeKind(StrEnum):
    """Which of our mails this is."""

    INITIAL = "initial"
    DELIVERY = "delivery"
    SUMMARY = "summary"
    """In place of the delivery notices of a mail with many recipients."""
    ALERT = "alert"
    """Something needs an administrator: goes to the emergency contacts, and is about no mail in particular
    or about one."""
    WELCOME = "welcome"
    """Tells a user how to fax; is about no mail."""


class DeliveryState(StrEnum):
    """Where a notice or a copy is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    WITHHELD = "withheld"
    """Never to be sent: one address had too many within an hour (`notifications.failures_an_hour`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A mail that is owed to somebody."""

    id: str
    """`initial:MAIL`, `delivery:JOB` or `summary:MAIL` for the sender, with `:N` for the others from 2 on,
    `alert:…`, `welcome:…`: unique, and the base of its Message-ID, so that a repetition after a crash is
    recognised by the receiving side."""
    kind: NoticeKind
    success: bool
    mail_id: str
    """Empty for an alert that is about no mail."""
    job_id: str
    """Empty for an initial notice and a summary."""
    address: str
    """Whom it goes to."""
    state: DeliveryState
    tries: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None = None
    last_error: str = ""
    topic: str = ""
    """What an alert is about, in a few words; of a welcome message, the account."""
    remark: str = ""
    """What an alert says; of a welcome message that is still owed, the code that it tells."""
    repeats: int = 0
    """How often the same happened after an alert and was not told."""

    @property
    def to_sender(self) -> bool:
        """Whether it tells the sender of the mail, and not somebody else who is to know."""
        of_faxes = {NoticeKind.INITIAL, NoticeKind.DELIVERY, NoticeKind.SUMMARY}
        return self.kind in of_faxes and self.id.count(":") == 1


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
