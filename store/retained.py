"""What is still kept, and until when: summed up by the span for which it is kept. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.upkeep import LONGEST_DOCUMENTS
from store.retention import KeptMail


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRows:
    """Rows of one kind."""

    rows: int
    oldest: datetime | None
    """From when the oldest is."""


@dataclass(kw_only=True, slots=True)
class KeptSpan:
    """Mails and documents that are kept for the same span after their end."""

    kept: timedelta
    mails: int = 0
    documents: int = 0
    """Mails as received and documents whose octets are there."""
    octets: int = 0
    first_goes: datetime | None = None
    """When the first of them is over; None where all are under way."""
    last_goes: datetime | None = None
    unfinished: int = 0
    """Of the mails those with a fax that has not come to its end."""
    owing: int = 0
    """Those that are over and of which a notice or a copy is still to be delivered."""
    accounts: dict[str, int] = field(default_factory=dict)
    """Mails by account."""

    @property
    def longer(self) -> bool:
        """Whether that needs `allow_longer`."""
        return self.kept > LONGEST_DOCUMENTS

    def add(self, mail: KeptMail, documents: int, octets: int) -> None:
        """Count a mail with so many documents that have so many octets together."""
        self.mails += 1
        self.documents += documents
        self.octets += octets
        self.accounts[mail.user_email] = self.accounts.get(mail.user_email, 0) + 1
        if mail.ended_at is None:
            self.unfinished += 1
            return
        self.owing += mail.owes
        goes = mail.ended_at + self.kept
        self.first_goes = min(goes, self.first_goes or goes)
        self.last_goes = max(goes, self.last_goes or goes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Retained:
    """All that is kept."""

    documents: tuple[KeptSpan, ...]
    """The shortest span first."""
    unread: int
    """Mails that were not decided yet, or have faxes without a document."""
    records: int
    """Mails of which only what was recorded is left."""
    records_go: tuple[datetime, datetime] | None
    """When the first and the last of these are looked at next."""
    others: Mapping[str, KeptRows]
    """Audit, quarantine and refusals, by these names."""


def sum_up(
    spans: dict[timedelta, KeptSpan],
    page: Sequence[tuple[KeptMail, timedelta]],
    sizes: Mapping[str, tuple[int, int]],
) -> None:
    """Add a page of mails, each with the span for which it is kept.

    Args:
        spans: to be added to.
        page: the mails.
        sizes: how many documents of each mail are there, and their octets.
    """
    for mail, span in page:
        spans.setdefault(span, KeptSpan(kept=span)).add(mail, *sizes.get(mail.mail_id, (0, 0)))
