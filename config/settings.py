"""The settings that may stand at every level of the policy: company, department, user.

One model serves a level's partial settings and the effective ones: `model_fields_set` tells what a level says
itself, and everything it does not say has the built-in default. `config.inheritance` brings levels together.
"""

from datetime import timedelta
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.fax_values import (
    FileName,
    KnownHost,
    LineName,
    NumberPattern,
    Region,
    StationIdentity,
    StationNumber,
)
from config.values import (
    DateFormat,
    Domain,
    Duration,
    EmailAddress,
    Name,
    ReadableFile,
    TimeFormat,
    TimeZone,
    Toggle,
    did_you_mean,
    expected,
    incomplete,
)


class Inheritance(Enum):
    """How a setting that does not follow nearest-wins comes down the levels: written into its annotation."""

    ADDS_UP = "the union of all levels"
    STAYS = "belongs to its level alone"


class Section(BaseModel):
    """A group of settings. Unknown names are mistakes; values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_below_a_heading(cls, data: Any) -> Any:
        """A group, a list or a table with nothing behind its name says nothing."""
        if data is None:
            return {}
        if isinstance(data, dict) and None in data.values():
            return {
                name: value for name, value in data.items() if value is not None or name not in _groups(cls)
            }
        return data


@cache
def _groups(section: type[Section]) -> frozenset[str]:
    """Names of the fields that hold groups, lists or tables."""
    fields = section.model_fields.items()
    return frozenset(name for name, field in fields if isinstance(field.default, Section | tuple | dict))


class Resolution(StrEnum):
    """Vertical density of a fax page; the horizontal one is always 204 dpi (T.4 §2)."""

    STANDARD = "standard"
    FINE = "fine"
    SUPERFINE = "superfine"

    @property
    def dpi(self) -> int:
        """Rows an inch: 98, 196 or 391."""
        return {"standard": 98, "fine": 196, "superfine": 391}[self.value]


class Paper(StrEnum):
    """The sheet that pages are laid out for."""

    A4 = "A4"
    LETTER = "Letter"
    LEGAL = "Legal"


class FaxSettings(Section):
    """How faxes are addressed and made."""

    require_spf: Toggle = True
    """Whether a mail must be proven to come from its From address."""
    trusted_sealers: tuple[Domain, ...] = ()
    """Domains whose ARC seals are believed: forwarders that changed a mail and tell what was proven
    before."""
    default_region: Region = "US"
    """The region in which numbers without a country code are read: two letters of ISO 3166."""
    resolution: Resolution = Resolution.FINE
    """standard (204×98), fine (204×196) or superfine (204×391)."""
    paper: Paper = Paper.LETTER
    """A4, Letter or Legal."""
    sender_number: StationNumber = ""
    """The number shown in the header line and given as caller id."""
    csid: StationIdentity = ""
    """The station identity sent to the far end (TSI, T.30 §5.3.6.2.4); by default the sender number."""
    blocked_numbers: Annotated[tuple[NumberPattern, ...], Inheritance.ADDS_UP] = ()
    """Numbers that may not be faxed, each with + and country code; a trailing * blocks a prefix. The lists of
    all levels add up."""
    premium_numbers: Toggle = False
    """Whether premium-rate numbers may be faxed."""
    allowed_countries: tuple[Region, ...] = ()
    """Regions that may be faxed, two letters each; empty for all."""
    pages_per_fax: Annotated[int, Field(ge=1)] = 500
    """The most pages of one fax, the cover page included."""
    recipients_per_mail: Annotated[int, Field(ge=1)] = 100
    """The most recipients of one mail."""


class CoverpageMode(StrEnum):
    """When a fax gets a cover page, and whether it needs an attachment."""

    AUTOMATIC = "automatic"
    NONE = "none"
    ON_DEMAND = "on_demand"
    WITH_BODY_TEXT = "with_body_text"
    ON_DEMAND_REQUIRES_ATTACHMENT = "on_demand_requires_attachment"
    WITH_BODY_TEXT_REQUIRES_ATTACHMENT = "with_body_text_requires_attachment"
    AUTOMATIC_REQUIRES_ATTACHMENT = "automatic_requires_attachment"

    @property
    def requires_attachment(self) -> bool:
        """Whether a mail without an attachment is refused."""
        return self.value.endswith("_requires_attachment")


BUILT_IN_TEMPLATES = ("default", "healthcare")


def _template(value: Any) -> str:
    if value in BUILT_IN_TEMPLATES:
        return str(value)
    listed = ", ".join(BUILT_IN_TEMPLATES)
    raise expected(f"one of the cover pages {listed}", did_you_mean(str(value), list(BUILT_IN_TEMPLATES)))


class CoverpageSettings(Section):
    """Which cover page, and when."""

    template: Annotated[str, BeforeValidator(_template)] = "default"
    """The template's name; built in are default and healthcare."""
    mode: CoverpageMode = CoverpageMode.AUTOMATIC
    """When a cover page is made, and whether an attachment is needed."""
    restrict_to_assigned: Toggle = False
    """Whether a sender may name no other template."""


class NoticeSwitches(Section):
    """Which of two notices are sent."""

    success: Toggle = True
    """Whether a success is told."""
    failure: Toggle = True
    """Whether a failure is told. With it off a sender does not learn that a fax did not arrive."""


class NotificationSettings(Section):
    """What a sender is told by mail."""

    initial: NoticeSwitches = NoticeSwitches()
    """When a mail was taken on, or refused."""
    delivery: NoticeSwitches = NoticeSwitches()
    """When a fax reached its final state."""
    phi_free: Toggle = False
    """Leaves out subject, names and pictures."""


class DatetimeSettings(Section):
    """How times are written for people."""

    time_zone: TimeZone = "UTC"
    """A name of the IANA time zone database, such as America/Los_Angeles."""
    date_format: DateFormat = "YYYY-MM-DD"
    """Made of YYYY, YY, MMMM, MMM, MM, M, DD, D and any punctuation."""
    time_format: TimeFormat = "HH:mm"
    """Made of HH, H, hh, h, mm, ss, a and any punctuation."""
    show_zone: Toggle = True
    """Whether the zone's abbreviation follows the time."""


RETRYABLE_STATUSES = (
    "BUSY",
    "Fast Busy",
    "No Answer",
    "Voice Answer",
    "Not a Fax Machine",
    "Negotiation Failed",
    "Exceeded ECM Retransmit",
    "Transmission Failed",
    "General Error",
)
"""The words of `store.status` after which a number is called again; the others are final at once."""


def _retryable_status(value: Any) -> str:
    words = {status.casefold(): status for status in RETRYABLE_STATUSES}
    word = str(value).casefold()
    if word in words:
        return words[word]
    listed = ", ".join(RETRYABLE_STATUSES)
    raise expected(f"one of the statuses {listed}", did_you_mean(word, list(RETRYABLE_STATUSES)))


RetryableStatus = Annotated[str, BeforeValidator(_retryable_status)]


class StatusRetry(Section):
    """How one status is retried, where it differs."""

    attempts: Annotated[int, Field(ge=1, le=50)] | None = None
    """Calls in all, where the last one ended so."""
    interval: Duration | None = None
    """From the end of such a call to the next one."""


class RetrySettings(Section):
    """How often a number is called."""

    attempts: Annotated[int, Field(ge=1, le=50)] = 4
    """Calls in all."""
    interval: Duration = timedelta(minutes=5)
    """From the end of a call to the next one."""
    statuses: dict[RetryableStatus, StatusRetry] = {}
    """By status, for example `BUSY: {interval: 3 min}`."""


class ContactSettings(Section):
    """What cover pages say of the sender."""

    title: str = ""
    """The sender's position, such as Radiographer."""
    phone: str = ""
    """A number to call back."""
    fax: str = ""
    """A number to fax back."""
    address: str = ""
    """The postal address."""


class SftpTarget(Section):
    """An SFTP server that keeps copies."""

    host: Name
    """Its name or IP address."""
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    """Its port."""
    user: Name
    """Who logs in."""
    key_file: ReadableFile | None = None
    """A private key in OpenSSH form. A key file or a password file is needed."""
    password_file: ReadableFile | None = None
    """A file whose first line is the password."""
    known_host: KnownHost
    """The server's public key as in known_hosts without the host: `ssh-ed25519 AAAA…`."""
    folder: str = "."
    """Where the file names of the archive begin."""

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if not self.key_file and not self.password_file:
            raise incomplete("has neither a key_file nor a password_file; one of them is needed")
        return self


class EmailTarget(Section):
    """A mailbox that keeps copies."""

    to: EmailAddress
    """Its address."""


class ArchiveSettings(Section):
    """A place that receives a copy of every fax in its final state. One archive has one delivery method."""

    enabled: Toggle = False
    """Whether copies are made."""
    outbound: Toggle = True
    """Whether outbound faxes are filed."""
    email: EmailTarget | None = None
    """Delivery by mail."""
    sftp: SftpTarget | None = None
    """Delivery by SFTP."""
    file_name: FileName = "{date:%Y/%m}/{job_id}_{number}_{status}"
    """Path and name without ending. The tokens are date (with a format), job_id, number, status, user,
    department, reference and pages."""
    document: Literal["tiff", "pdf"] = "tiff"
    """What the copy is: tiff (the pages as they were sent) or pdf."""
    metadata: tuple[Literal["xml", "json"], ...] = ()
    """Sidecar files with the facts of the fax, written after the document."""

    @model_validator(mode="after")
    def _one_delivery_method(self) -> Self:
        if self.email and self.sftp:
            raise incomplete("has two delivery methods; either email or sftp must go")
        if self.enabled and not self.email and not self.sftp:
            raise incomplete("is enabled without a delivery method; email or sftp is needed")
        return self


class Settings(Section):
    """Everything that may stand at a level of the policy."""

    fax: FaxSettings = FaxSettings()
    """How faxes are addressed and made."""
    coverpage: CoverpageSettings = CoverpageSettings()
    """Which cover page, and when."""
    notifications: NotificationSettings = NotificationSettings()
    """What a sender is told by mail."""
    datetime: DatetimeSettings = DatetimeSettings()
    """How times are written for people."""
    retry: RetrySettings = RetrySettings()
    """How often a number is called."""
    contact: ContactSettings = ContactSettings()
    """What cover pages say of the sender."""
    archive: Annotated[ArchiveSettings, Inheritance.STAYS] = ArchiveSettings()
    """A place that receives a copy of every fax. Archives add up: each enabled one from company to user gets
    its copy, and a level's archive takes nothing from the ones above."""
    custom_fields: dict[str, str] = {}
    """Free facts, such as cost_center, carried into every record and cover page."""
    lines: tuple[LineName, ...] = ()
    """Names of the lines that may be used; empty for all."""


class UserPolicy(Section):
    """One user and everything that applies to them: what the stages decide by.

    Kept with each job as it was when the job was made.
    """

    name: str
    """As on cover pages and in header lines."""
    email: str
    """The account address."""
    company: str
    """The company's name."""
    departments: tuple[str, ...] = ()
    """From the top down; empty for a user of the company itself."""
    settings: Settings
    """Effective: nearest wins. `settings.archive` is not filled: `archives` has them all."""
    archives: tuple[ArchiveSettings, ...] = ()
    """Every enabled archive from company to user."""
    blocked_numbers: tuple[str, ...] = ()
    """The union of all levels."""
