"""A mail's body as the lines that people see, each with its place in the source: of plain text, and of HTML.

One pass of a scanner over the HTML, no parser: what comes from outside is parsed in a sandbox alone, and this
runs where decisions are made. What it does not understand it takes for text, so it loses nothing.
"""

import html as entities
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
# Each alternative runs to the end of the document where it is not closed, so that one pass is all it takes.
_TOKEN = re.compile(
    r"""<!--.*?(?:-->|\Z)
    |   <(?P<unseen>script|style|title)\b.*?(?:</(?P=unseen)[^>]*>?|\Z)
    |   <(?P<slash>/?)(?P<name>[a-z][a-z0-9:]*)(?P<attributes>[^>]*)(?:>|\Z)
    |   <[/?!][^>]*(?:>|\Z)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Editors leave byte order marks and zero-width spaces; what stands behind one is still at the beginning.
_UNSEEN_START = re.compile(r"\A[\s\u200b\u2060\ufeff]+")
_ATTRIBUTE = re.compile(r"""\b(class|id|type)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_KEEPS_LINES = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
_PRESERVED = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)  # CSS Text 3 §3
_LINE_END = re.compile(r"\r\n?|\n")
_STARTS_LINE = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
    "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
})  # fmt: skip
"""Elements without an end (HTML §13.1.2)."""


class Part(Enum):
    """What a mail program marks an element as."""

    QUOTATION = auto()
    SIGNATURE = auto()
    ORIGINAL = auto()
    """Where the mail that is answered begins; it goes on to the end."""


_QUOTATIONS = frozenset({
    "gmail_quote", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "tutanota_quote",
    "mail-editor-reference-message-container",
})  # fmt: skip
_SIGNATURES = frozenset({
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block",
    "applemailsignature", "ms-outlook-mobile-signature", "tutanota_signature",
})  # fmt: skip
_ORIGINALS = frozenset({"divrplyfwdmsg", "appendonsend", "outlookmessageheader"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line with something to see, or a blank one."""

    text: str
    """As it reads, without blanks around it."""
    start: int
    end: int
    """Its place in the source."""
    quoted: bool = False
    signed: bool = False
    """Whether its mail program marks it as part of a signature."""
    original: bool = False
    """Whether its mail program marks it as the first of the mail that is answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """An element's beginning or end in the source."""

    name: str
    closing: bool
    start: int
    end: int
    original: bool = False
    """Whether its mail program marks the beginning of the mail that is answered with it."""


def text_lines(text: str) -> list[Line]:
    """The lines of plain text, blank ones too; quoted are those that begin with `>`."""
    return [
        Line(text=_read(found[0]), start=found.start(), end=found.end(), quoted=found[0].startswith(">"))
        for found in _LINE.finditer(text)
    ]


def _read(line: str) -> str:
    return _UNSEEN_START.sub("", line).strip() if is_visible(line) else ""


def html_lines(html: str) -> tuple[list[Line], list[Tag]]:
    """The lines of HTML that hold text, and all its tags, comments and style sheets in their order."""
    scan = _Scan()
    tags = list(scan.tags(html))
    return scan.lines, tags


class _Scan:
    """One pass over HTML."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._pieces: list[tuple[str, int, int]] = []
        """The texts of the line so far, with their places."""
        self._open: dict[str, list[tuple[Part | None, bool]]] = {}
        """For each name of an element, what the open ones of that name are marked as, and whether they keep
        the line ends of their text."""
        self._keeping = 0
        """How many of the open ones keep line ends."""
        self._marked = Counter[str]()
        """For each name, how many of the open ones are marked."""
        self._within = dict.fromkeys(Part, 0)
        self._original = False

    def tags(self, html: str) -> Iterator[Tag]:
        at = 0
        for found in _TOKEN.finditer(html):
            self._take(html, at, found.start())
            at = found.end()
            name, closing = (found["name"] or "").lower(), bool(found["slash"])
            part = _part(name, found["attributes"]) if name and not closing else None
            yield Tag(name=name, closing=closing, start=found.start(), end=at, original=part is Part.ORIGINAL)
            if name:
                keeps = not closing and (name in _KEEPS_LINES or bool(_PRESERVED.search(found["attributes"])))
                self._pass(name, part, closing=closing, keeps_lines=keeps)
        self._take(html, at, len(html))
        self._end_line()

    def _take(self, html: str, start: int, end: int) -> None:
        if self._keeping:
            for line_end in _LINE_END.finditer(html, start, end):
                self._take_piece(html, start, line_end.start())
                self._end_line()
                start = line_end.end()
        self._take_piece(html, start, end)

    def _take_piece(self, html: str, start: int, end: int) -> None:
        text = html[start:end]
        if text and not text.isspace():
            self._pieces.append((text, start, end))

    def _pass(self, name: str, part: Part | None, *, closing: bool, keeps_lines: bool) -> None:
        if name in _STARTS_LINE or part or self._marked[name]:
            self._end_line()
        if name in VOID:
            return
        if closing:
            self._leave(name)
            return
        self._open.setdefault(name, []).append((part, keeps_lines))
        self._keeping += keeps_lines
        if part:
            self._within[part] += 1
            self._marked[name] += 1
            self._original = self._original or part is Part.ORIGINAL

    def _leave(self, name: str) -> None:
        left, kept_lines = self._open[name].pop() if self._open.get(name) else (None, False)
        self._keeping -= kept_lines
        if left:
            self._within[left] -= 1
            self._marked[name] -= 1

    def _end_line(self) -> None:
        if not self._pieces:
            return
        text = _read(" ".join(entities.unescape("".join(text for text, _, _ in self._pieces)).split()))
        if text:
            self.lines.append(
                Line(
                    text=text,
                    start=self._pieces[0][1],
                    end=self._pieces[-1][2],
                    quoted=self._within[Part.QUOTATION] > 0,
                    signed=self._within[Part.SIGNATURE] > 0,
                    original=self._original,
                )
            )
            self._original = False
        self._pieces = []


def _part(name: str, attributes: str) -> Part | None:
    if not attributes:
        return None
    marks: set[str] = set()
    for attribute, *values in _ATTRIBUTE.findall(attributes):
        value = "".join(values).lower()
        if attribute.lower() == "type":
            if name == "blockquote" and value == "cite":
                return Part.QUOTATION
        else:
            marks.update(mark.removeprefix("x_") for mark in value.split())
    if marks & _QUOTATIONS:
        return Part.QUOTATION
    if marks & _SIGNATURES:
        return Part.SIGNATURE
    return Part.ORIGINAL if marks & _ORIGINALS else None


def is_visible(text: str) -> bool:
    """Whether there is a character that a person would see."""
    # Spaces of every kind and zero-width characters are not printable to Python, but for the space itself.
    return any(character.isprintable() and character != " " for character in text)
