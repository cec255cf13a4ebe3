"""The settings that may stand at every level of the policy: company, department, user.

One model serves a level's partial settings and the effective ones: `model_fields_set` tells what a level says
itself, and everything it does not say has the built-in default.
"""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.values import Duration, EmailAddress, TimeZone, Toggle


class Section(BaseModel):
    """A group of settings. Unknown names are mistakes; values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


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
    default_region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    """The region in which numbers without a country code are read: two letters of ISO 3166."""
    resolution: Resolution = Resolution.FINE
    """standard (204×98), fine (204×196) or superfine (204×391)."""
    paper: Paper = Paper.LETTER
    """A4, Letter or Legal."""
    sender_number: str = ""
    """The number shown in the header line and given as caller id."""
    csid: Annotated[str, Field(max_length=20)] = ""
    """The station identity sent to the far end (TSI, T.30 §5.3.6.2.4); by default the sender number."""
    blocked_numbers: tuple[str, ...] = ()
    """Numbers that may not be faxed; a trailing * blocks a prefix. The lists of all levels add up."""
    premium_numbers: Toggle = False
    """Whether premium-rate numbers may be faxed."""
    allowed_countries: tuple[str, ...] = ()
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


class CoverpageSettings(Section):
    """Which cover page, and when."""

    template: str = "default"
    """The template's name; built in are default and healthcare."""
    mode: CoverpageMode = CoverpageMode.AUTOMATIC
    """When a cover page is made, and whether an attachment is needed."""
    restrict_to_assigned: Toggle = False
    """Whether a sender may name no other template."""


class NoticeSwitches(Section):
    """Which of two notices are sent."""

    success: Toggle = True
    failure: Toggle = True


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
    date_format: str = "YYYY-MM-DD"
    """Made of YYYY, YY, MMMM, MMM, MM, M, DD, D and any punctuation."""
    time_format: str = "HH:mm"
    """Made of HH, H, hh, h, mm, ss, a and any punctuation."""
    show_zone: Toggle = True
    """Whether the zone's abbreviation follows the time."""


class StatusRetry(Section):
    """How one status is retried, where it differs."""

    attempts: Annotated[int, Field(ge=1, le=50)] | None = None
    interval: Duration | None = None


class RetrySettings(Section):
    """How often a number is called."""

    attempts: Annotated[int, Field(ge=1, le=50)] = 4
    """Calls in all."""
    interval: Duration = timedelta(minutes=5)
    """From the end of a call to the next one."""
    statuses: dict[str, StatusRetry] = {}
    """By status, for example `BUSY: {interval: 3 min}`."""


class ContactSettings(Section):
    """What cover pages say of the sender."""

    title: str = ""
    phone: str = ""
    fax: str = ""
    address: str = ""


class SftpTarget(Section):
    """An SFTP server that keeps copies."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: str
    key_file: Path | None = None
    """A private key in OpenSSH form."""
    password_file: Path | None = None
    known_host: str
    """The server's public key as in known_hosts without the host: `ssh-ed25519 AAAA…`."""
    folder: str = "."
    """Where the file names of the archive begin."""


class EmailTarget(Section):
    """A mailbox that keeps copies."""

    to: EmailAddress


class ArchiveSettings(Section):
    """A place that receives a copy of every fax in its final state. One archive has one delivery method."""

    enabled: Toggle = False
    outbound: Toggle = True
    """Whether outbound faxes are filed."""
    email: EmailTarget | None = None
    sftp: SftpTarget | None = None
    file_name: str = "{date:%Y/%m}/{job_id}_{number}_{status}"
    """Path and name without ending; tokens: date, job_id, number, status, user, department, reference, pages."""
    document: Literal["tiff", "pdf"] = "tiff"
    metadata: tuple[Literal["xml", "json"], ...] = ()
    """Sidecar files with the facts of the fax, written after the document."""


class Settings(Section):
    """Everything that may stand at a level of the policy."""

    fax: FaxSettings = FaxSettings()
    coverpage: CoverpageSettings = CoverpageSettings()
    notifications: NotificationSettings = NotificationSettings()
    datetime: DatetimeSettings = DatetimeSettings()
    retry: RetrySettings = RetrySettings()
    contact: ContactSettings = ContactSettings()
    archive: ArchiveSettings = ArchiveSettings()
    """Archives add up: each enabled one from company to user receives its copy."""
    custom_fields: dict[str, str] = {}
    """Free facts, such as cost_center, carried into every record and cover page."""
    lines: tuple[str, ...] = ()
    """Names of the lines that may be used; empty for all."""


class UserPolicy(Section):
    """One user and everything that applies to them: what the stages decide by.

    Kept with each job as it was when the job was made.
    """

    name: str
    email: str
    """The account address."""
    company: str
    departments: tuple[str, ...] = ()
    """From the top down; empty for a user of the company itself."""
    settings: Settings
    """Effective: nearest wins."""
    archives: tuple[ArchiveSettings, ...] = ()
    """Every enabled archive from company to user."""
    blocked_numbers: tuple[str, ...] = ()
    """The union of all levels."""
