"""The task that makes fax pages of one document. Runs confined (`sandbox`), in a folder of its own.

One call does a small document from sniffing to the finished file. What it leaves to its caller it says: an
office document needs LibreOffice first, and a PDF that takes long is drawn on by several tasks at once.
"""

import contextlib
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from convert import fax_tiff
from convert.formats import FORMATS, Kind, Route
from convert.layout import SheetGeometry, Turn
from convert.long_pages import sheets
from convert.page_account import Step
from convert.page_parts import share_of
from convert.pdf_pages import PdfDocument
from convert.pdf_paths import rasterised_pages
from convert.rasterise import RasterisedPage
from convert.sniff import sniff
from convert.wording import BLANK, not_allowed, too_large, too_many
from sandbox.failures import Refused

_TEXTS = (Kind.TEXT, Kind.CSV)
_BETWEEN_VALUES = ' \n\t,;|"'
_LONG = 0.03
"""Seconds; to begin another task, and to open the PDF in it, takes five to ten thousandths."""


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
    """Of a PDF with more the rest may be left to be drawn in parts."""
    turn: Turn = "wide"
    """See `SheetGeometry`."""
    from_office: bool = False
    """The source is LibreOffice's PDF, cut off after one page more than allowed."""
    part: tuple[int, int] | None = None
    """Draw a part of a PDF: the pages of this range, from 0."""
    share: tuple[int, int] | None = None
    """Draw a share of a PDF's pages: its number, from 0, and how many shares there are."""
    allowed: tuple[str, ...] | None = None
    """The kinds that the sender may fax; None for all."""
    largest: int | None = None
    """The most octets of the source; None for no limit."""
    largest_of: dict[str, int] | None = None
    """The same by kind, where it differs."""
    words: bool = False
    """Whether the pages' words are wanted as well (`convert.text_layer`)."""

    @property
    def geometry(self) -> SheetGeometry:
        """The raster to draw at."""
        return SheetGeometry(resolution=self.resolution, paper=self.paper, turn=self.turn)


def make_pages(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make fax pages of a document of any kind.

    Args:
        arguments: The fields of a `PageTask`.

    Returns:
        One of `{"pages": [ACCOUNT, …]}`: the target is written, and this is told of each of its pages
        (`PageAccount.to_json`);
        `{"office": KIND, "source": FILE}`: LibreOffice shall make a PDF of this file first;
        the first with `"rest": [K, N]`: of the PDF's N pages those from K on shall be drawn in parts.
        Of a share without a page no file is written.

    Raises:
        Refused: Why no pages can be made, as the end of the sentence “NAME cannot be faxed: …”.
    """
    task = PageTask(**arguments)
    if task.part is not None:
        return _written(task, _drawn(task, range(*task.part)))
    if task.share is not None:
        return _share(task, task.share)
    kind = sniff(Path(task.source), task.name)
    form = FORMATS[kind]
    match form.route:
        case Route.REFUSED:
            raise Refused(form.refusal)
        case _ if reason := _against_policy(task, kind):
            raise Refused(reason)
        case Route.WEB:
            return _web(task)
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
    if kind is Kind.RTF:
        return _without_mark(task)
    if kind is Kind.XLSX:
        from convert.kept_results import keep_results  # noqa: PLC0415 - as below

        return "workbook" if keep_results(Path(task.source), Path("workbook")) else task.source
    if kind not in _TEXTS:
        return task.source
    # Loaded only here: a PDF needs none of them.
    from convert.csv_text import as_quoted  # noqa: PLC0415
    from convert.plain_text import decoded  # noqa: PLC0415
    from convert.text_pages import as_rtf  # noqa: PLC0415

    text = decoded(Path(task.source).read_bytes()) or ""
    if kind is Kind.CSV and not text.strip(_BETWEEN_VALUES):
        raise Refused(BLANK)  # its page would not be blank: LibreOffice numbers it
    octets = as_rtf(text, paper=task.paper) if kind is Kind.TEXT else as_quoted(text)
    Path("text").write_bytes(octets)
    return "text"


def _without_mark(task: PageTask) -> str:
    """An RTF from its first brace on: LibreOffice reads nothing behind an editor's byte order mark."""
    octets = Path(task.source).read_bytes()
    begin = octets.find(b"{")
    if begin <= 0:
        return task.source
    Path("text").write_bytes(octets[begin:])
    return "text"


def _pdf(task: PageTask) -> dict[str, Any]:
    with PdfDocument(Path(task.source)) as document:
        count = _counted(task, document)
        pages = _begun(task, document) if count > task.pages_at_once else _all(task, document, range(count))
    answer = _written(task, pages)
    return answer if len(pages) == count else {**answer, "rest": [len(pages), count]}


def _counted(task: PageTask, document: PdfDocument) -> int:
    """How many pages it has; not too many."""
    count = document.page_count
    if count > task.most_pages:
        raise Refused(too_many(count, task.most_pages, exact=not task.from_office))
    return count


def _share(task: PageTask, share: tuple[int, int]) -> dict[str, Any]:
    with PdfDocument(Path(task.source)) as document:
        pages = _all(task, document, share_of(_counted(task, document), share))
    return _written(task, pages) if pages else {"pages": []}


def _begun(task: PageTask, document: PdfDocument) -> list[RasterisedPage]:
    """The first pages, until it shows that the rest takes long; all of them if it does not."""
    pages: list[RasterisedPage] = []
    began, count = time.process_time(), document.page_count
    with contextlib.closing(_pages(task, document, range(count))) as drawn:
        for page in drawn:
            pages.append(page)
            left = count - len(pages)
            rest = (time.process_time() - began) / len(pages) * left
            if left > 1 and rest > _LONG:
                break
    return pages


def _drawn(task: PageTask, numbers: range) -> list[RasterisedPage]:
    with PdfDocument(Path(task.source)) as document:
        return _all(task, document, numbers)


def _all(task: PageTask, document: PdfDocument, numbers: range) -> list[RasterisedPage]:
    return list(_pages(task, document, numbers))


def _pages(task: PageTask, document: PdfDocument, numbers: range) -> Generator[RasterisedPage, None, None]:
    return rasterised_pages(Path(task.source), document, numbers, task.geometry, words=task.words)


def _web(task: PageTask) -> dict[str, Any]:
    from convert.web_page import web_pages  # noqa: PLC0415 - takes a second to load, which no PDF shall wait for

    Path("web.pdf").write_bytes(web_pages(Path(task.source).read_bytes(), paper=task.paper))
    answer = _pdf(replace(task, source="web.pdf", pages_at_once=task.most_pages))
    return {"pages": [{**page, "steps": [Step.WEB, *page["steps"]]} for page in answer["pages"]]}


def _pictures(task: PageTask, kind: Kind) -> list[RasterisedPage]:
    from convert.picture_file import picture_pages  # noqa: PLC0415 - a PDF needs no Pillow, which takes long to load

    return list(picture_pages(Path(task.source), kind, task.geometry, most=task.most_pages))


def _written(task: PageTask, drawn: list[RasterisedPage]) -> dict[str, Any]:
    pages = [sheet for page in drawn for sheet in sheets(page, task.geometry)]
    fax_tiff.write(Path(task.target), [page.coded for page in pages], resolution=task.resolution)
    return {"pages": [page.account.to_json() for page in pages]}
