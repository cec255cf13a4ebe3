"""The task that makes fax pages of one document. Runs confined (`sandbox`), in a folder of its own.

One call does a small document from sniffing to the finished file. What it leaves to its caller it says:
an office document needs LibreOffice first, and the pages of a long PDF are better drawn by two tasks at once.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert import fax_tiff
from convert.formats import FORMATS, Kind, Route
from convert.layout import SheetGeometry
from convert.pdf_pages import PdfDocument
from convert.plain_text import decoded
from convert.rasterise import RasterisedPage, rasterise
from convert.sniff import sniff
from convert.text_pages import as_rtf
from convert.wording import not_allowed, too_large, too_many
from sandbox.failures import Refused

_TEXTS = (Kind.TEXT, Kind.CSV)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageTask:
    """What `make_pages` is asked. Files are names in the working folder."""

    source: str
    target: str
    """The TIFF to write."""
    name: str
    """As the sender knows the document."""
    resolution: str
    paper: str | None
    most_pages: int
    """A document with more is refused."""
    pages_at_once: int
    """A PDF with more is left to be drawn in parts."""
    from_office: bool = False
    """The source is LibreOffice's PDF, cut off after one page more than allowed."""
    first: int | None = None
    """Draw a part of a PDF: from this page, 0-based, …"""
    last: int | None = None
    """… to this page, inclusive."""
    allowed: tuple[str, ...] | None = None
    """The kinds that the sender may fax; None for all."""
    largest: int | None = None
    """The most octets of the source; None for no limit."""
    largest_of: dict[str, int] | None = None
    """The same by kind, where it differs."""

    @property
    def geometry(self) -> SheetGeometry:
        """The raster to draw at."""
        return SheetGeometry(resolution=self.resolution, paper=self.paper)


def make_pages(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make fax pages of a document of any kind.

    Args:
        arguments: The fields of a `PageTask`.

    Returns:
        One of `{"pages": [ACCOUNT, …]}`: the target is written, and this is told of each of its pages
        (`PageAccount.to_json`);
        `{"office": KIND, "source": FILE}`: LibreOffice shall make a PDF of this file first;
        `{"count": N}`: a PDF of so many pages shall be drawn in parts.

    Raises:
        Refused: Why no pages can be made, as the end of the sentence “NAME cannot be faxed: …”.
    """
    task = PageTask(**arguments)
    if task.first is not None and task.last is not None:
        with PdfDocument(Path(task.source)) as document:
            return _drawn(task, document, task.first, task.last)
    kind = sniff(Path(task.source), task.name)
    form = FORMATS[kind]
    match form.route:
        case Route.REFUSED:
            raise Refused(form.refusal)
        case _ if reason := _against_policy(task, kind):
            raise Refused(reason)
        case Route.OFFICE:
            return {"office": kind, "source": _for_office(task, kind)}
        case Route.PDF:
            return _pdf(task)
        case Route.PICTURE:
            return _written(task, _pictures(task, kind))


def _against_policy(task: PageTask, kind: Kind) -> str:
    """Why the sender may not fax a document of this kind and size; empty if they may."""
    if task.from_office:  # it was asked before LibreOffice was
        return ""
    if task.allowed is not None and kind not in task.allowed:
        return not_allowed(FORMATS[kind].words, kind, task.allowed)
    most = (task.largest_of or {}).get(kind, task.largest)
    size = Path(task.source).stat().st_size
    return too_large(FORMATS[kind].words, size, most) if most is not None and size > most else ""


def _for_office(task: PageTask, kind: Kind) -> str:
    """The file for LibreOffice: texts as it is told that they are, all else as it is."""
    if kind not in _TEXTS:
        return task.source
    text = decoded(Path(task.source).read_bytes()) or ""
    octets = as_rtf(text, paper=task.paper) if kind is Kind.TEXT else text.encode()
    Path("text").write_bytes(octets)
    return "text"


def _pdf(task: PageTask) -> dict[str, Any]:
    with PdfDocument(Path(task.source)) as document:
        count = document.page_count
        if count > task.most_pages:
            raise Refused(too_many(count, task.most_pages, exact=not task.from_office))
        if count > task.pages_at_once:
            return {"count": count}
        return _drawn(task, document, 0, count - 1)


def _drawn(task: PageTask, document: PdfDocument, first: int, last: int) -> dict[str, Any]:
    return _written(task, [rasterise(page, task.geometry) for page in document.pages(first, last)])


def _pictures(task: PageTask, kind: Kind) -> list[RasterisedPage]:
    from convert.picture_file import picture_pages  # noqa: PLC0415 - a PDF needs no Pillow, which takes long to load

    return list(picture_pages(Path(task.source), kind, task.geometry, most=task.most_pages))


def _written(task: PageTask, pages: list[RasterisedPage]) -> dict[str, Any]:
    fax_tiff.write(Path(task.target), [page.coded for page in pages], resolution=task.resolution)
    return {"pages": [page.account.to_json() for page in pages]}
