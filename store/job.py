"""A fax job, its document, its attempts and their outcomes.

One job is one document to one number. A mail to three numbers makes three jobs, a group with the mail's id.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from config.fax import Resolution
from config.settings import UserPolicy
from store.lifecycle import JobState
from store.status import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whom a fax is for."""

    number: str
    """E.164 with its plus sign; for a refused recipient the text that the sender wrote."""
    subaddress: str = ""
    """T.33 subaddress digits, or empty."""
    name: str = ""
    company: str = ""
    title: str = ""


class Priority(IntEnum):
    """What goes first among the calls that are due; a lower number is called sooner."""

    HIGH = 0
    NORMAL = 1
    LOW = 2
    BULK = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What the sender of a mail asked for of one fax, beyond what its policy then says for it."""

    sender_name: str = ""
    """Stands on the cover page in place of the user's name."""
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    """The first call is not placed before."""
    expires_at: datetime | None = None
    """From this time on no call is begun: the job ends as cancelled."""
    notify: tuple[str, ...] = ()
    """Who gets the delivery notice besides the sender."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxPage:
    """One page of a fax document."""

    width: int
    """Pixels."""
    height: int
    """Rows."""
    octets: int
    """Size of the coded page."""
    origin: str
    """`cover`, `body`, or the attachment's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxDocument:
    """The pages of a job as a TIFF (T.6 coded, one strip a page), without the header line.

    The header line carries the time of the call (47 CFR 68.318(d)), so it is drawn anew for each attempt,
    into the band at the top of each page that conversion keeps blank; `Attempt.header` holds its text.
    """

    body: str
    """Where the octets are: a reference that `Book.body` resolves."""
    sha256: str
    resolution: Resolution
    pages: tuple[FaxPage, ...]

    @property
    def octets(self) -> int:
        """Coded size of all pages together."""
        return sum(page.octets for page in self.pages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a recipient of an accepted mail gets no fax."""

    status: Status
    explanation: str
    """A sentence for the sender that names what is wrong: the number, the file, the directive."""
    advice: str = ""
    """What to do next, where it is more exact than the status's own advice."""
    quotes_nothing: bool = False
    """Whether both hold nothing of the mail, so that a notice without names may say them too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """One recipient of a submission: a fax to be made, or a refusal that is told."""

    recipient: Recipient
    addresses: tuple[str, ...] = ()
    """The forward-paths of the envelope that name the recipient, in order: more than one where a number was
    written in two ways."""
    cover_template: str = ""
    """The name of the cover page's template; empty for none."""
    reference: str = ""
    billing: str = ""
    wishes: Wishes = Wishes()
    user: UserPolicy | None = None
    """The policy with what the sender asked for laid over it, where that differs from the mail's."""
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one call came to. Line-neutral: every kind of line fills in what it knows."""

    status: Status
    cause: str
    """For the log and the administrator: the code or event behind the status."""
    ended_at: datetime
    answered_at: datetime | None = None
    pages_confirmed: int = 0
    """Pages of this call for which the far end sent MCF or its like (T.30 §5.3.6.1.7)."""
    sip_code: int | None = None
    q850_cause: int | None = None
    t30_code: int | None = None
    """libspandsp's completion code; 0 is OK."""
    t30_result: str = ""
    transport: str = ""
    """`T.38`, `G.711` or `modem`; empty if the call was not answered, or it is not known."""
    bit_rate: int | None = None
    """bit/s of the image data."""
    ecm: bool | None = None
    compression: str = ""
    """`MH`, `MR`, `MMR`; empty if unknown."""
    remote_csid: str = ""
    remote_finest: str = ""
    """The finest resolution that the far end takes: `standard`, `fine` or `superfine`; empty if unknown."""
    bad_rows: int = 0
    retransmissions: int = 0
    transcript: str = ""
    """The T.30 control frames, one a line: seconds of media since the call began, `<` received or `>` sent,
    and the frame's name, as in `7.42 < DIS`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One call for a job. Open while `outcome` is None."""

    id: str
    """The job's id and the call's number: `K7Q2-M9#1`."""
    job_id: str
    number: int
    """1 for the first call."""
    line: str
    called: str
    """The number as dialled."""
    header: str
    """The text of the header line that was drawn on its pages, without the page count."""
    started_at: datetime
    first_page: int = 0
    """0-based; above 0 where earlier calls had the pages before it confirmed."""
    shares_call_of: str = ""
    """The attempt whose call it shares, its pages behind those of that one; empty for a call of its own."""
    outcome: Outcome | None = None
    interrupted: bool = False
    """Cut off by the end of the service; does not count against the allowed attempts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaxJob:
    """A fax job as it stands in the book."""

    id: str
    mail_id: str
    position: int
    """0-based place among the mail's recipients."""
    state: JobState
    status: Status | None
    """Set with the final state; while the job waits, the status of its last attempt."""
    explanation: str
    """What the sender is told beyond the status: names the file or number at fault. May be empty."""
    advice: str = ""
    """What to do next, where it is more exact than the status's own advice."""
    quotes_nothing: bool = False
    """As of its refusal."""
    recipient: Recipient
    addresses: tuple[str, ...] = ()
    """The forward-paths of the envelope that name the recipient; empty for a job of an older book."""
    user: UserPolicy
    """The sender and the policy as they applied when the mail was decided, and what the sender asked for laid
    over it: resolution, paper, retries, lines."""
    cover_template: str
    reference: str
    billing: str
    wishes: Wishes = Wishes()
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    tries: int
    """Attempts that count: made, and not interrupted by the end of the service."""
    pages_confirmed: int
    """Pages from the first on that are over, all calls together."""
    document: FaxDocument | None
    resend_of: str = ""
    """The job that this one is sent again for; empty for a sender's own."""
    cancel_requested_by: str
    """Who asked to cancel while a call was in progress; empty for nobody."""
    attempts: tuple[Attempt, ...] = field(default_factory=tuple)
    """Filled by look-ups of one job, left empty in lists."""

    @property
    def pages(self) -> int:
        """Pages of the document, the cover page included; 0 while there is none."""
        return len(self.document.pages) if self.document else 0
