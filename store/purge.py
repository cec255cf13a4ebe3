"""What was removed, when, and by which rule: written by the transaction that removes, kept like the audit.

One entry sums up what one run removed by one rule and one span; nothing in it tells of a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PurgeRule(StrEnum):
    """By which rule something was removed."""

    DOCUMENTS = "retention.documents"
    """Mails as received and their documents, so long after the last fax of the mail had come to its end."""
    METADATA = "retention.metadata"
    """All that was recorded of them, likewise."""
    UNFINISHED = "never finished"
    """Faxes that waited too long beyond their time were cancelled; their documents go by the first rule."""
    AUDIT = "retention.audit"
    """Who did what, and entries of this kind."""
    ALERTS = "alerts"
    """Alerts about no fax, as long as the company's metadata."""
    QUARANTINE = "mail.quarantine"
    """Automatic mail that nobody released."""
    REFUSALS = "refused"
    """What was refused during SMTP."""
    ERASURE = "on request"
    """Somebody asked that what is kept of a sender or a number be erased."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PurgeEntry:
    """What one run removed by one rule and span."""

    at: datetime
    """When the run began."""
    rule: PurgeRule
    kept: timedelta | None
    """For how long it was to be kept; None for what was erased on request."""
    mails: int = 0
    """Mails of which something went."""
    documents: int = 0
    """Mails as received and documents whose octets went."""
    octets: int = 0
    records: int = 0
    """Rows of other kinds."""
    longest: timedelta = timedelta(0)
    """For how long the oldest of it had been kept."""
    wiped: bool = False
    """Whether the octets are known to be gone from the database's log as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PurgeRun:
    """Under which an entry is written: the run, the rule, and the span."""

    at: datetime
    rule: PurgeRule
    kept: timedelta | None
