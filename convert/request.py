"""What conversion is asked for, what it answers, and the two ways in which it fails.

A mail's attachments are rendered once; each sheet, one per job, puts its own leading pages before them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert.layout import WIDTH, Turn
from convert.page_account import Step

if TYPE_CHECKING:  # pydantic behind them costs a one-shot conversion more time than a page does
    from config.fax import Paper, Resolution
    from store.job import FaxPage

_GIBIBYTE = 1 << 30


class InvalidDocument(Exception):  # noqa: N818 - named as what happened
    """A document that cannot be made into pages: the sender's to mend.

    `reason` completes the sentence “NAME cannot be faxed: …” and is meant for the sender. `name` is empty
    where the fax as a whole is at fault.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name or 'this fax'} cannot be faxed: {reason}")


class ConverterUnavailable(Exception):  # noqa: N818 - named as what happened
    """Something on our side is missing or broken, and the same document may go well later.

    The text is meant for the administrator and names the Debian package where one is missing.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One document to be made into pages."""

    name: str
    """As the sender knows it; only ever shown."""
    path: Path
    message: bool = False
    """Whether it is the page of a forwarded mail: text of the mail itself, whatever types are allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One fax of a mail: what stands before the shared pages."""

    key: str
    """Tells the faxes of one request apart, and names the file: letters, digits, hyphens."""
    cover: dict[str, Any] | None = None
    """The cover page: `CoverFacts.to_json()`. The converter fills in `pages_following`."""
    body: dict[str, Any] | None = None
    """The mail's body as pages of its own, for a fax without a cover: `BodyFacts.to_json()`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionLimits:
    """What a conversion may use."""

    pages: int = 500
    """The most pages of one fax, those before the attachments included."""
    seconds: float = 60.0
    """The most time for one document."""
    memory: int = _GIBIBYTE
    """The most address space for one document, in bytes."""
    largest: int | None = None
    """The most octets of a document; None for no limit."""
    largest_of: Mapping[str, int] = field(default_factory=dict)
    """The same for one type, by its name in `convert.formats.Kind`, where it differs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionRequest:
    """Everything that one mail's conversion depends on."""

    sources: tuple[Source, ...]
    sheets: tuple[Sheet, ...]
    resolution: "Resolution | str"
    paper: "Paper | str | None"
    """None: each page keeps its own length."""
    limits: ConversionLimits
    folder: Path
    """Empty and ours: everything is written here, the faxes too."""
    turn: Turn = "wide"
    """Which pages that are wider than high lie on their side, see `convert.layout.SheetGeometry`."""
    drop_blank_ends: bool = True
    """Whether blank pages at the end of a document are left out."""
    words: bool = False
    """Whether the words of the pages are wanted (`convert.text_layer`)."""
    allowed: Collection[str] | None = None
    """The types that may be faxed, by their names in `convert.formats.Kind`; None for all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadePage:
    """One page of a finished fax."""

    origin: str
    """`cover`, `body`, or the attachment's name."""
    rows: int
    octets: int
    """Size of the coded page."""
    steps: tuple[Step, ...] = ()
    """By which steps it was made, see `convert.page_account`; empty for covers and bodies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertedFax:
    """The document of one sheet: a TIFF-F file without header lines (see `convert.header`)."""

    key: str
    path: Path
    made: tuple[MadePage, ...]
    sha256: str
    cover_trouble: str = ""
    """What is wrong with the sender's own cover template, a sentence for the administrator; the fax is good
    all the same. Empty if nothing is."""

    @property
    def pages(self) -> "tuple[FaxPage, ...]":
        """The pages as the book keeps them."""
        from store.job import FaxPage  # noqa: PLC0415 - as above

        return tuple(
            FaxPage(width=WIDTH, height=page.rows, octets=page.octets, origin=page.origin)
            for page in self.made
        )
