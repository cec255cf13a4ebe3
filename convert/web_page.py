"""An HTML document as the pages of a PDF: laid out as a browser prints it, and nothing is fetched.

Pictures show where they are in the document itself (`data:`); whatever is elsewhere is left out, as its owner
would learn that the document was faxed. A page that is wider than paper is laid out on wider paper, which the
fax then shows smaller: nothing is cut off at the right. Runs confined (`sandbox`).
"""

import re
from collections.abc import Iterator
from typing import Any

from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

from convert.layout import PAPER_MM
from convert.plain_text import decoded, is_utf_8
from convert.typesetting import laid_out, style_sheet_of

_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp)[;,]", re.IGNORECASE)
_PIXELS_PER_MM = 96 / 25.4
_MARGIN_MM = 10.0
_WIDEST = 3.0
"""Times the paper's width: letters of 16 pixels are then as large as 4 points, and smaller helps nobody."""
_TOLERATED = 1.01
_PAPER = "Letter"
_ENCODING = re.compile(rb"charset\s*=", re.IGNORECASE)
_HEAD = 4096
_UNSEEN = "input[type=hidden], input[type=password] { display: none !important }"
"""What no browser shows to be read."""
_BREAK_LINES = (
    ":not(pre, pre *) { white-space: normal !important } pre, pre * { white-space: pre-wrap !important }"
    "* { overflow-wrap: break-word !important }"
)
_BREAK_WORDS = "* { overflow-wrap: anywhere !important }"
"""Words of a table's cells too: its columns become as narrow as need be."""
_FACES = "html { font-family: 'Liberation Serif', 'Noto Serif', serif }"


def web_pages(source: bytes, *, paper: str | None) -> bytes:
    """The PDF of an HTML document, whose pages have the proportions of the paper.

    Args:
        source: As it came.
        paper: By its name; Letter without one.
    """
    pdf: bytes = _document(_text(source), paper).write_pdf()
    return pdf


def _document(text: str | bytes, paper: str | None) -> Any:
    """Laid out on paper that is as wide as it needs; with its lines broken where none is wide enough."""
    for breaking in ("", _BREAK_LINES):
        document = _rendered(text, 1.0, paper, breaking)
        needed = _needed(document, paper)
        if needed <= _TOLERATED:
            return document
        if needed <= _WIDEST:
            return _rendered(text, needed, paper, breaking)
    return _rendered(text, _WIDEST, paper, _BREAK_LINES + _BREAK_WORDS)


def _needed(document: Any, paper: str | None) -> float:
    """How many times the paper's width it takes."""
    widest = max(map(_right_edge, document.pages), default=0.0)
    return float(widest / (PAPER_MM[paper or _PAPER][0] * _PIXELS_PER_MM))


def _text(source: bytes) -> str | bytes:
    """The document's text; its octets where only what it says itself can tell their encoding."""
    if _ENCODING.search(source[:_HEAD]) and not is_utf_8(source):
        return source
    return decoded(source) or ""


def _rendered(text: str | bytes, times: float, paper: str | None, breaking: str) -> Any:
    width, height = (f"{side * times:.1f}mm" for side in PAPER_MM[paper or _PAPER])
    page = f"@page {{ size: {width} {height} !important; margin: {_MARGIN_MM}mm }}"
    return laid_out(
        HTML(string=text, url_fetcher=_OwnPictures()), style_sheet_of(f"{page} {_FACES} {_UNSEEN} {breaking}")
    )


def _right_edge(page: Any) -> float:
    """Pixels from the left edge of the paper to the right end of what stands on it, and the margin there."""
    edges = (box.position_x + box.margin_width() for box in _boxes(page._page_box))  # noqa: SLF001 - it has no other
    return max(edges, default=0.0) + _MARGIN_MM * _PIXELS_PER_MM


def _boxes(page: Any) -> Iterator[Any]:
    for root in page.children:
        for box in (root, *root.descendants()):
            if isinstance(getattr(box, "width", None), int | float):
                yield box


class _OwnPictures(URLFetcher):  # type: ignore[misc] # weasyprint has no types
    def __init__(self) -> None:
        super().__init__(allowed_protocols=("data",))

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """A picture that is in the document; WeasyPrint leaves out everything else."""
        if _PICTURE.match(url):
            return super().fetch(url, headers)
        raise ValueError("a web page fetches nothing")
