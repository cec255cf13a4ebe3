"""What is asked to be erased, what is found of it, and what became of it.

Erasing leaves what must be kept, without the person: the rows of faxes with their times, pages, statuses and
billing codes, for counting and accounting, and who did what. In place of the address or number stands a
pseudonym that was drawn by lot: nobody can find out by trying whom it stands for.
"""

from dataclasses import dataclass

from store.mail import Envelope


def is_erased(envelope: Envelope) -> bool:
    """Whether a mail was erased: every other one has a recipient."""
    return not envelope.recipients


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasureWish:
    """Whose faxes are meant: a sender's, or those to a number. One of the two is empty."""

    sender: str = ""
    """An account's address, or one that mails came from, in lower case."""
    number: str = ""
    """E.164 with its plus sign."""

    @property
    def subject(self) -> str:
        """The address or the number."""
        return self.sender or self.number


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasurePlan:
    """What is kept of a sender or a number."""

    mails: tuple[str, ...]
    """Ids of those of which something is kept."""
    faxes: int
    """Jobs of the sender, or to the number."""
    documents: int
    """Mails as received and documents whose octets are there."""
    octets: int
    unfinished: tuple[str, ...]
    """Ids of jobs that have not come to their end."""
    unread: int
    """Mails that were not decided yet, or have jobs without a document."""
    owing: tuple[str, ...]
    """Ids of mails of which a notice or a copy is still to be delivered."""
    copies: tuple[str, ...]
    """Where copies were filed; they are not ours to remove."""
    refusals: int
    """Entries of the log of refusals."""
    quarantined: int
    """Mails in quarantine."""
    audited: int
    """Entries of who did what that name it."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not (self.mails or self.refusals or self.quarantined or self.audited)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What became of it."""

    pseudonym: str
    mails: int
    faxes: int
    documents: int
    octets: int
    refusals: int
    quarantined: int
    audited: int
    left: tuple[tuple[str, str], ...]
    """Ids of mails that stay for now, and why, in words."""
    wiped: bool
    """Whether the octets are gone from the database's log as well."""
