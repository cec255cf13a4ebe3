"""All that a notice can say, gathered from the book before anything is composed.

The same facts always make the same mail, octet for octet: a notice that is sent again after a crash is the
same mail with the same Message-ID.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.settings import UserPolicy
from notify.content import Attachment
from store.job import FaxJob
from store.mail import ReceivedMail
from store.outbox import Notice


@dataclass(frozen=True, kw_only=True, slots=True)
class InitialFacts:
    """What became of a mail once all its recipients were accepted or refused."""

    notice: Notice
    mail: ReceivedMail
    jobs: tuple[FaxJob, ...]
    """One for each recipient that is told of, in the mail's order; at least one."""
    user: UserPolicy
    original: bytes = b""
    """The mail as received, or as much of its beginning as `returned_mail.octets_needed` says."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Own templates by the names of `notify.rendering`, as Jinja."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxedPages:
    """The pages of a fax as a file."""

    name: str
    """The file's."""
    media_type: str
    octets: bytes
    """Empty where they are left out."""
    left_out: str = ""
    """Why, in words that follow a colon: `they have 12 MB, and …`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstPage:
    """A small picture of a fax's first page."""

    png: bytes
    width: int
    """Pixels, twice as many as it is shown with: screens of telephones show them all."""
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SentDocument:
    """The pages of a fax with the header line of the last call."""

    sha256: str
    """Of the TIFF, in hexadecimal."""
    octets: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryFacts:
    """What became of one fax."""

    notice: Notice
    mail: ReceivedMail
    job: FaxJob
    """In its final state, with its attempts."""
    user: UserPolicy
    original: bytes = b""
    """As in `InitialFacts`."""
    pages: FaxedPages | None = None
    """What goes with the notice to the sender where the policy wants it."""
    first_page: FirstPage | None = None
    """Likewise."""
    report: Attachment | None = None
    """Likewise: the transmission report."""
    report_failed: bool = False
    """Whether a report is wanted and could not be made."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """As in `InitialFacts`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryFacts:
    """What became of the faxes of a mail to many."""

    notice: Notice
    mail: ReceivedMail
    jobs: tuple[FaxJob, ...]
    """Those that are told of, in their final states, in the mail's order; at least one."""
    user: UserPolicy
    original: bytes = b""
    """As in `InitialFacts`."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """As in `InitialFacts`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertFacts:
    """What needs an administrator: the notice says it all."""

    notice: Notice


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginDoor:
    """Where users log in to send mail."""

    host: str
    port: int
    implicit_tls: bool
    """TLS from the first octet; otherwise STARTTLS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WelcomeFacts:
    """What a user has to know before the first fax."""

    notice: Notice
    user: UserPolicy
    domain: str
    """Whose addresses are fax numbers."""
    addresses: tuple[str, ...]
    """Those that the user may send from; none for a user who has to log in."""
    ask: str = ""
    """Whom to ask: an address, or words."""
    login: LoginDoor | None = None
    """None where nobody can log in."""
    code: str = ""
    """With which a password is set up; empty without credentials."""
    code_good_until: datetime | None = None
    templates: Mapping[str, str] = field(default_factory=dict)
    """As in `InitialFacts`."""
