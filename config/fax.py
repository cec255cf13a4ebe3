"""How faxes are addressed and made."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from config.call_window import ALWAYS, CallHours
from config.fax_values import (
    DIRECTIVES,
    DirectiveName,
    HeaderLine,
    NumberPattern,
    Region,
    StationIdentity,
    StationNumber,
)
from config.mail_values import Domain
from config.section import Inheritance, Section
from config.values import SAID_ONCE, Toggle


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
    header_line: HeaderLine = "{date} {time} {zone}|{company}  {number}|{page}/{pages}"
    """What stands at the top of every page, at the left, in the middle and at the right, with a | between.
    The tokens are date, time, zone, company, department, name, number, job_id, reference, page and pages.
    Date and time, the company or the name, and the number must be there (47 CFR 68.318(d))."""
    blocked_numbers: Annotated[tuple[NumberPattern, ...], Inheritance.ADDS_UP] = ()
    """Numbers that may not be faxed, each with + and country code; a trailing * blocks a prefix, a ?
    stands for any one digit. The lists of all levels add up."""
    call_window: CallHours = ALWAYS
    """The hours in which numbers are called, by the clock of the place that is called: 08:00-20:00,
    Mon-Fri 08:00-20:00, Sat 09:00-13:00, or always. A fax that comes outside them waits."""
    call_windows: Annotated[dict[NumberPattern, CallHours], SAID_ONCE] = {}
    """Other hours for some numbers: patterns as in blocked_numbers, each with its hours. The most exact one
    that fits a number counts."""
    urgent_at_any_time: Toggle = False
    """Whether faxes of high priority are called outside these hours too."""
    batch_pages: Annotated[int, Field(ge=0)] = 0
    """The most pages that go in one call where several faxes to the same number are due: one fax after the
    other, each with its own cover page and header lines. 0 for a call for each fax."""
    premium_numbers: Toggle = False
    """Whether premium-rate numbers may be faxed."""
    allowed_countries: tuple[Region, ...] = ()
    """Regions that may be faxed, two letters each; empty for all."""
    pages_per_fax: Annotated[int, Field(ge=1)] = 500
    """The most pages of one fax, the cover page included."""
    recipients_per_mail: Annotated[int, Field(ge=1)] = 100
    """The most recipients of one mail."""
    pages_per_day: Annotated[int, Field(ge=0)] = 0
    """The most pages that the user may fax from one midnight of the policy's time zone to the next; 0 for no
    limit."""
    mails_per_hour: Annotated[int, Field(ge=0)] = 0
    """The most mails that are taken from the user within an hour; 0 for no limit."""
    directives: tuple[DirectiveName, ...] = DIRECTIVES
    """What a sender may ask for in a mail; a mail that asks for anything else is refused with this list."""
