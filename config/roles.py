"""The roles of a node: what of the service one process does."""

from enum import StrEnum


class Role(StrEnum):
    """A part of the service. Each may run on any number of hosts over one book."""

    MTA = "mta"
    """Takes mail in: SMTP, LMTP, shared mailboxes."""
    CONVERT = "convert"
    """Takes mails apart, decides on them, and makes pages of documents."""
    TRANSMIT = "transmit"
    """Places calls, and ends jobs whose time is over."""
    NOTIFY = "notify"
    """Sends notices."""
    ARCHIVE = "archive"
    """Files copies, and keeps house: retention, closed months."""


ALL_ROLES = frozenset(Role)
