"""Automatic mail in quarantine: neither faxed nor answered, but kept for an administrator (RFC 3834 §2)."""

from dataclasses import dataclass
from datetime import datetime

from store.incoming import IncomingBody
from store.mail import Envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class NewQuarantined:
    """A mail as intake hands it over to be kept."""

    client_address: str
    """The peer's IP address, or the IMAP server that it was fetched from."""
    helo: str
    envelope: Envelope
    header_from: str
    """Empty where there is not exactly one author."""
    message_id: str
    """With its angle brackets, or an empty text."""
    mark: str
    """What shows that it is automatic, as `List-Id`."""
    dedupe_key: str
    """Equal for a mail and its re-delivery, as of a mail that is taken on."""
    body: bytes | IncomingBody
    """The message as received, CRLF line ends. A file is the book's from here on."""
    user_email: str = ""
    """The account of the user with that From address; empty if there is none."""
    subject: str = ""
    """As far as it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarantined:
    """A mail in quarantine."""

    id: str
    """Such as mails have; the mail keeps it when it is released."""
    at: datetime
    client_address: str
    helo: str
    envelope: Envelope
    header_from: str
    user_email: str
    message_id: str
    subject: str
    mark: str
    size: int
    """Octets."""
    body: str
    """Reference of the message as received."""
