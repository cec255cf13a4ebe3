"""A received mail: its envelope, what is proven of its sender, and the parts it was taken apart into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from store.incoming import IncomingBody


class NotifyOn(StrEnum):
    """When the sender wants to be told of a recipient (NOTIFY, RFC 3461 §4.1)."""

    NEVER = "never"
    SUCCESS = "success"
    FAILURE = "failure"
    DELAY = "delay"


class ReturnContent(StrEnum):
    """How much of the mail a failure notice should carry (RET, RFC 3461 §4.3)."""

    FULL = "full"
    HEADERS = "hdrs"


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeRequest:
    """What the sender asked for with one recipient (RFC 3461 §4.1, §4.2)."""

    notify: frozenset[NotifyOn] | None = None
    """None where nothing was said; NEVER stands alone."""
    original_recipient: str = ""
    """ORCPT with its xtext decoded, as `rfc822;+12065551234@fax.example.com`; empty if not given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """The SMTP envelope (RFC 5321 §2.3.1)."""

    return_path: str
    """The reverse-path without its angle brackets; empty for the null path."""
    recipients: tuple[str, ...]
    """The forward-paths as they were given, without angle brackets, each once, in order."""
    envelope_id: str = ""
    """ENVID with its xtext decoded (RFC 3461 §4.4); empty where it was not given."""
    return_content: ReturnContent | None = None
    """None where nothing was said."""
    notice_requests: Mapping[str, NoticeRequest] = field(default_factory=dict)
    """By recipient; only of those with which something was asked for."""


class ProofMethod(StrEnum):
    """How it was established that a mail comes from its From address."""

    AUTH = "auth"
    """The session was logged in as the user."""
    SPF = "spf"
    DKIM = "dkim"
    ARC = "arc"
    """A trusted forwarder sealed that it was proven before it changed the mail."""
    MAILBOX = "mailbox"
    """The trusted server of a shared mailbox says that it was proven."""
    RELEASED = "released"
    """An administrator, named in `SenderProof.detail`, released it from quarantine."""
    UNPROVEN = "unproven"
    """Accepted without proof because the policy says `require_spf: false`."""
    LOCAL = "local"
    """Submitted on this host with the `postfax` command."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderProof:
    """What is known of a mail's origin, kept with the mail and shown by `postfax show`."""

    method: ProofMethod
    client_address: str
    """The peer's IP address, or an empty text for a local submission."""
    helo: str
    spf_result: str
    """One of RFC 7208 §2.6 in lower case, or an empty text where it was not asked."""
    spf_domain: str
    """The domain whose record was evaluated."""
    aligned: bool
    """Whether that domain is in line with the From domain (RFC 7489 §3.1.2, relaxed)."""
    detail: str = ""
    results: str = ""
    """The value of the Authentication-Results field (RFC 8601) that says all that was found out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMail:
    """A mail as intake hands it to the book."""

    envelope: Envelope
    header_from: str
    """The one address of the From field, lower case domain."""
    user_email: str
    """The account of the user that the policy maps the sender to."""
    proof: SenderProof
    message_id: str
    """The Message-ID field with its angle brackets, or an empty text."""
    dedupe_key: str
    """Equal for a mail and its re-delivery: intake makes it of Message-ID, envelope and body digest."""
    body: bytes | IncomingBody
    """The message as received, CRLF line ends. A file is the book's from here on."""

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.body) if isinstance(self.body, bytes) else self.body.size


class MailState(StrEnum):
    """Where a mail is."""

    RECEIVED = "received"
    """Durable; not looked at yet."""
    SUBMITTED = "submitted"
    """Its jobs are recorded; some still have no document."""
    ANSWERED = "answered"
    """Every job has its document or was refused, and the initial notice is in the outbox."""
    PURGED = "purged"
    """As before, and its octets and documents were kept long enough and are gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMail:
    """A mail in the book."""

    id: str
    state: MailState
    received_at: datetime
    envelope: Envelope
    header_from: str
    user_email: str
    proof: SenderProof
    message_id: str
    subject: str
    """Decoded; empty until the mail was taken apart."""
    references: tuple[str, ...]
    """What an answer names in its References field: the sender's thread."""
    size: int
    """Octets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPart:
    """A leaf of the MIME tree that is meant to be seen as a document."""

    name: str
    """The file name as decoded, or one made of the position and the type; never empty, never a path."""
    media_type: str
    """As declared, lower case, without parameters; what the bytes are is decided by convert."""
    path: str
    """Where the decoded octets are, in the folder that the mail was taken apart into."""
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MailContent:
    """A mail taken apart."""

    subject: str
    message_id: str
    references: tuple[str, ...]
    from_name: str
    to_names: dict[str, str]
    """Display names of To and Cc by address in lower case."""
    fields: dict[str, str]
    """The `X-Fax-…` header fields, names in lower case, decoded; a line for each of the same name."""
    text: str
    """The body as plain text; empty if there is none."""
    html: str
    """The body as HTML; empty if there is none."""
    attachments: tuple[MailPart, ...] = field(default_factory=tuple)
