"""The settings that may stand at every level of the policy: company, department, user.

One model serves a level's partial settings and the effective ones: `model_fields_set` tells what a level says
itself, and everything it does not say has the built-in default. `config.inheritance` brings levels together.
"""

from typing import Annotated

from config.archive import ArchiveSettings
from config.attachments import AttachmentSettings
from config.coverpage import CoverpageSettings
from config.fax import FaxSettings
from config.fax_values import LineName
from config.notifications import NotificationSettings
from config.retry import RetrySettings
from config.section import Inheritance, Section
from config.upkeep import AlertSettings, RetentionSettings
from config.values import DateFormat, TimeFormat, TimeZone, Toggle


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


class Settings(Section):
    """Everything that may stand at a level of the policy."""

    fax: FaxSettings = FaxSettings()
    """How faxes are addressed and made."""
    coverpage: CoverpageSettings = CoverpageSettings()
    """Which cover page, and when."""
    attachments: AttachmentSettings = AttachmentSettings()
    """Which attachments may be faxed."""
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
    retention: RetentionSettings = RetentionSettings()
    """How long things are kept after a fax has come to its end."""
    alerts: AlertSettings = AlertSettings()
    """Who is told when something needs an administrator."""
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
