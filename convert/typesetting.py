"""Laying out HTML as the pages of a PDF: WeasyPrint, shut off from everything but the system's fonts.

Importing this module takes about a second, so tasks are forked from a parent that has done it (`sandbox`).
Nothing is fetched: neither network nor files. No character is lost: what no font can draw is written by its
name.
"""

import contextlib
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from weasyprint import CSS, HTML
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from convert import computed_styles  # noqa: F401 - makes styles begin with what is known
from convert.page_source import PageSource

_HERE = Path(__file__).parent
_MOST_LAYOUTS = 5
"""A layout is repeated because it says how many pages it has; the second nearly always agrees with itself."""
_LENGTH = re.compile(r"\[\d+\]$")

# WeasyPrint prints its warnings on its own if nobody listens.
_log = logging.getLogger("weasyprint")
_log.addHandler(logging.NullHandler())
_log.propagate = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TypesetPages:
    """A finished PDF."""

    pdf: bytes
    pages: int


class UnsettledLayoutError(Exception):
    """The pages differ in number each time their number is written on them."""


class _ArraysOfAnyLength:
    """cffi as WeasyPrint uses it to write fonts, which asks for arrays of so and so many glyphs.

    cffi reads each such type with a parser for C, and a page has one length or another every time: that was a
    tenth of a cover's work. An array that is given its values needs no length, and so it is one type.
    """

    def __init__(self, ffi: Any) -> None:
        self._ffi = ffi

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ffi, name)

    def new(self, kind: str, values: Any = None) -> Any:
        return self._ffi.new(kind if values is None else _LENGTH.sub("[]", kind), values)


pdf_fonts.ffi = _ArraysOfAnyLength(pdf_fonts.ffi)


def _fonts_without_colour() -> FontConfiguration:
    """The fonts that `fonts.conf` beside this file allows."""
    with _environment("FONTCONFIG_FILE", str(_HERE / "fonts.conf")):
        return FontConfiguration()


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


_FONTS = _fonts_without_colour()
"""Shared by all layouts of this process and its children: what was looked up stays known."""


def _fetch_nothing(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"pages fetch nothing, so not this either: {url[:200]}")


def style_sheet(*names: str) -> CSS:
    """Style sheets in `convert/templates` as one; a later one goes before an earlier one."""
    return style_sheet_of(
        "\n".join((_HERE / "templates" / name).read_text(encoding="utf-8") for name in names)
    )


def style_sheet_of(text: str) -> CSS:
    """A style sheet of our own making."""
    return CSS(string=text, font_config=_FONTS, url_fetcher=_fetch_nothing)


def typeset(
    compose: Callable[[int], str],
    *sheets: CSS,
    fetcher: URLFetcher | Callable[..., NoReturn] = _fetch_nothing,
    base_url: str | None = None,
    ours: bool = False,
) -> TypesetPages:
    """Lay out what `compose` gives: HTML, made for the number of pages that it will have.

    Args:
        compose: Called several times.
        sheets: What the HTML says itself goes before them.
        fetcher: Gives what the HTML asks for; by default nothing.
        base_url: Where relative addresses begin; without it they are none.
        ours: Whether what `compose` gives is of our own making; see `PageSource`.

    Raises:
        UnsettledLayoutError: The number of pages does not settle.
    """
    names: dict[int, str] = {}

    def source(pages: int) -> PageSource:
        text = compose(pages).translate(names)
        return PageSource(text, ours=ours, fetcher=fetcher, base_url=base_url)

    while True:
        document = _settled(source, sheets)
        with _undrawable_characters() as undrawable:
            pdf: bytes = document.write_pdf()
        if undrawable <= names.keys():
            return TypesetPages(pdf=pdf, pages=len(document.pages))
        names |= {code: f"[{_name(code)}]" for code in undrawable}


def laid_out(html: HTML, *sheets: CSS) -> Any:
    """A document of somebody else's as WeasyPrint lays it out once: its `pages`, and `write_pdf`."""
    return html.render(stylesheets=list(sheets), font_config=_FONTS, presentational_hints=True)


def _settled(source: Callable[[int], PageSource], sheets: Sequence[CSS]) -> Any:
    pages = 1
    for _ in range(_MOST_LAYOUTS):
        document = source(pages).render(stylesheets=list(sheets), font_config=_FONTS)
        if len(document.pages) == pages:
            return document
        pages = len(document.pages)
    raise UnsettledLayoutError(f"after {_MOST_LAYOUTS} layouts the number of pages still changes")


@contextlib.contextmanager
def _undrawable_characters() -> Iterator[set[int]]:
    """The code points that no font could draw in what is drawn meanwhile: WeasyPrint only logs them."""
    collected = _UndrawableCharacters()
    _log.addHandler(collected)
    try:
        yield collected.codes
    finally:
        _log.removeHandler(collected)


class _UndrawableCharacters(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.codes: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(".notdef glyph") and isinstance(record.args, tuple):
            self.codes.update(value for value in record.args if isinstance(value, int))


def _name(code: int) -> str:
    """`melting face`, or `U+E000` for a character without a name."""
    return unicodedata.name(chr(code), "").lower() or f"U+{code:04X}"
