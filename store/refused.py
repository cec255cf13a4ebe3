"""A submission that was refused during SMTP, as `postfax refused` shows it."""

from dataclasses import dataclass
from datetime import datetime

from store.mail import Envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedSubmission:
    """What is kept of a mail that was not accepted: never its text."""

    at: datetime
    client_address: str
    """The peer's IP address."""
    helo: str
    envelope: Envelope
    header_from: str
    """The address of the From field; empty if the mail was refused before it was known."""
    reason: str
    """The reply that the client got."""
