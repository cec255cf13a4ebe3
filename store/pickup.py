"""A mail in a mailbox on an IMAP server, as it is told from every other."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PickupKey:
    """Names one message for as long as its mailbox keeps its UIDVALIDITY (RFC 3501 §2.3.1.1)."""

    account: str
    """Server and user."""
    mailbox: str
    uidvalidity: int
    uid: int
