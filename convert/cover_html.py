"""Own cover templates in HTML and CSS, in the task that draws them: confined, in a folder of its own.

What a template shows beside its text are pictures: in it as `data:`, or files that lie beside it, which were
put into the task's folder before (`convert.cover_files`). All else that it asks for is refused and named:
nothing is fetched, neither from the network nor from the file system.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from markupsafe import Markup, escape
from weasyprint import CSS
from weasyprint.urls import URLFetcher, URLFetcherResponse

from convert.cover_facts import CoverFacts
from convert.cover_language import CoverSource, FieldTokens, TemplateFault, make_environment
from convert.cover_mistake import TemplateMistake
from convert.cover_names import PICTURES
from convert.cover_values import page_values, token_values
from convert.message import message_markup
from convert.templates import shared_rules
from convert.typesetting import UnsettledLayoutError, style_sheet_of, typeset

_BASE = "file:///template/"
_DATA_PICTURE = re.compile(r"data:image/[a-z0-9.+-]+[;,]", re.IGNORECASE)
_TOLD = 120
"""Characters of an address or a complaint that are told."""
_MARGINS = "0.6in 0.75in"
_BLANKS = re.compile(r"[\s\u200b]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnCover:
    """A cover of an own template."""

    pdf: bytes
    pages: int
    refused: tuple[str, ...]
    """What it asked for and did not get."""
    complaints: tuple[str, ...]
    """What was not understood of its style."""
    says_message: bool
    """Whether all of the mail's text stands on it."""
    custom_fields: tuple[str, ...]
    """The custom fields that it asks for."""


def printed_in_html(value: Any) -> Any:
    """How a value is printed: its line ends stay line ends."""
    if isinstance(value, str) and not isinstance(value, Markup) and "\n" in value:
        return escape(value).replace("\n", Markup("<br>"))
    return value


@cache
def html_environment() -> Any:
    """The language of templates in HTML."""
    return make_environment(printed_in_html, extensions=[FieldTokens], trim_blocks=True, lstrip_blocks=True)


def html_source(octets: bytes) -> CoverSource:
    """A template, read and checked.

    Raises:
        TemplateFault: It is no text, or has mistakes.
    """
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = octets.count(b"\n", 0, problem.start) + 1
        fault = TemplateMistake(problem="it is not UTF-8 text; save it with that encoding", line=line)
        raise TemplateFault(fault) from problem
    return CoverSource(text, html_environment())


def draw_html_cover(source: CoverSource, facts: CoverFacts, folder: Path) -> DrawnCover:
    """The pages of a cover; `folder` has the pictures.

    Raises:
        TemplateFault: A statement of the template fails.
        Refused: The message cannot be laid out.
    """
    message = message_markup(text=facts.body_text, html=facts.body_html)
    laid_out = Markup('<div class="message">{}</div>').format(message) if message else Markup()
    values = token_values(facts, laid_out)
    written = ""

    def compose(own_pages: int) -> str:
        nonlocal written
        written = source.filled_in({**values, **page_values(facts, own_pages)})
        return written

    beside = _Beside(folder / PICTURES, source.says)
    with _complaints() as complaints:
        try:
            pages = typeset(compose, *_sheets(str(facts.paper)), fetcher=beside, base_url=_BASE)
        except UnsettledLayoutError as problem:
            fault = TemplateMistake(problem="its pages differ in number each time their number is on them")
            raise TemplateFault(fault) from problem
    return DrawnCover(
        pdf=pages.pdf,
        pages=pages.pages,
        refused=tuple(dict.fromkeys(beside.refused)),
        complaints=tuple(dict.fromkeys(complaints)),
        custom_fields=tuple(sorted(source.custom_fields)),
        says_message=_bare(message) in _bare(Markup(written)),  # noqa: S704 - only to be read
    )


def _bare(markup: Markup) -> str:
    return _BLANKS.sub("", markup.striptags())


@cache
def _sheets(paper: str) -> tuple[CSS, ...]:
    """What holds where the template says nothing: the fax's paper, fonts, and a message's looks."""
    own = f"@page {{ size: {paper}; margin: {_MARGINS} }} html {{ overflow-wrap: break-word }}"
    return (style_sheet_of(f"{shared_rules()}\n{own}"),)


class _Beside(URLFetcher):  # type: ignore[misc]
    """Gives pictures that came with the template, and notes all else that is asked for."""

    def __init__(self, folder: Path, may_be_told: Callable[[str], bool]) -> None:
        super().__init__(allowed_protocols=("data",))
        self._may_be_told = may_be_told
        self._files = {
            file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()
        }
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Fetch as WeasyPrint asks; what is refused is a ValueError, which it makes a gap."""
        if _DATA_PICTURE.match(url):
            return super().fetch(url, headers)
        if url.startswith(_BASE):
            name = unquote(url.removeprefix(_BASE).split("?")[0].split("#")[0])
            if name in self._files:
                return URLFetcherResponse(url, self._files[name].read_bytes())
            self.refused.append(f"{self._shown(name)} is not there, or is no picture beside the template")
            raise ValueError("not there")
        self.refused.append(
            f"{self._shown(url)} is not fetched; use pictures beside the template, or data:image"
        )
        raise ValueError("a template fetches nothing")

    def _shown(self, url: str) -> str:
        if not (self._may_be_told(url) or self._may_be_told(quote(url))):
            return "an address that is put together of values"
        return url if len(url) <= _TOLD else f"{url[:_TOLD]}…"


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What WeasyPrint says of the style meanwhile."""
    told: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text.startswith(("Ignored", "Invalid", "Unknown", "Unsupported", "Parse error")):
                told.append(text[:_TOLD])

    log, listener = logging.getLogger("weasyprint"), Listener(logging.WARNING)
    log.addHandler(listener)
    try:
        yield told
    finally:
        log.removeHandler(listener)
