"""Tokens in the paragraphs of a Word or OpenDocument template, made a template of XML that Jinja can fill in.

A word processor splits a paragraph's text into runs as it likes (`{{ recip` `ient.name }}`), writes “curly”
quotation marks, and knows nothing of statements. So, for each paragraph:

- what belongs to one token is gathered into the run that it begins in, and keeps that run's looks;
- a paragraph or table row of statements alone (`{% if sender.phone %}`) gives way to them, so that it leaves
  no empty line;
- a paragraph of the message alone becomes one paragraph for each line of the message's.

Jinja's delimiters are replaced by ones of private-use characters, so that nothing else in the file, such as
an identifier in braces, is ever taken for a statement.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from convert.cover_package import DocumentFormat, W
from convert.cover_spacing import without_room
from convert.cover_tokens import FIELD, field_expression

OPENING, CLOSING = "\ue0f0", "\ue0f1"
"""Around a kind of Jinja's: `{` for an expression, `%` for a statement, `#` for a comment."""
_KINDS = {"{": "}", "%": "%", "#": "#"}
DELIMITERS = {
    "variable_start_string": f"{OPENING}{{", "variable_end_string": f"}}{CLOSING}",
    "block_start_string": f"{OPENING}%", "block_end_string": f"%{CLOSING}",
    "comment_start_string": f"{OPENING}#", "comment_end_string": f"#{CLOSING}",
}  # fmt: skip
_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|" + FIELD.pattern, re.DOTALL | re.IGNORECASE)
_STATEMENTS = re.compile(rf"(?:\s*{OPENING}([%#])[^{CLOSING}]*\1{CLOSING})+\s*")
_MESSAGE = re.compile(rf"\s*{OPENING}\{{-?\s*(message|body_text)\s*-?\}}{CLOSING}\s*")
_MADE = re.compile(rf"{OPENING}[^{CLOSING}]*{CLOSING}")
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\xa0": " "})
_PRIVATE = str.maketrans({OPENING: None, CLOSING: None})
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_LINE = "message_line"
_TOLD = 80
"""Characters of a paragraph that are told."""


@dataclass(slots=True)
class _Piece:
    """A text within a paragraph: an element's own, or the one after it."""

    element: Any
    attribute: str

    @property
    def text(self) -> str:
        return getattr(self.element, self.attribute) or ""

    @text.setter
    def text(self, value: str) -> None:
        setattr(self.element, self.attribute, value)
        if self.element.tag == f"{W}t":
            self.element.set(_SPACE, "preserve")


def template_text(root: Any, form: DocumentFormat) -> str:
    """A part as a template: XML text with `DELIMITERS`, each paragraph on a line of its own."""
    paragraphs = list(root.iter(*form.paragraphs))
    for paragraph in paragraphs:
        _gather(list(_pieces(paragraph, form)))
    for row in list(root.iter(*form.rows)):
        _give_way(row, "".join(_all_text(row, form)))
    for paragraph in paragraphs:
        if paragraph.getparent() is not None and not _has_more(paragraph, form):
            _give_way(paragraph, "".join(_all_text(paragraph, form)))
            _repeat_for_message(paragraph, form)
    return _on_lines(
        _MADE.sub(lambda made: _unescaped(made[0]), etree.tostring(root, encoding="unicode")), form
    )


def _pieces(paragraph: Any, form: DocumentFormat) -> Iterator[_Piece]:
    """The texts of a paragraph in their order, without those of paragraphs within it (in text boxes)."""
    if paragraph.tag in form.texts:
        yield _Piece(paragraph, "text")
    for child in paragraph:
        if _is_inline(child, form):
            yield from _pieces(child, form)
        if form.mixed:
            yield _Piece(child, "tail")


def _is_inline(element: Any, form: DocumentFormat) -> bool:
    """Whether the text in an element is the paragraph's own."""
    if not isinstance(element.tag, str) or (form.mixed and element.tag not in form.texts):
        return False
    return next(element.iter(*form.paragraphs), None) is None


def _all_text(element: Any, form: DocumentFormat) -> Iterator[str]:
    for paragraph in [element] if element.tag in form.paragraphs else element.iter(*form.paragraphs):
        yield from (piece.text for piece in _pieces(paragraph, form))


def _gather(pieces: list[_Piece]) -> None:
    """Put every token whole into the piece that it begins in, as Jinja with our delimiters."""
    for piece in pieces:
        if not piece.text.isascii():
            piece.text = piece.text.translate(_PRIVATE)
    whole = "".join(piece.text for piece in pieces)
    for mark in reversed(list(_MARK.finditer(whole))):
        made = _made(mark)
        if made is not None:
            _replace(pieces, mark.start(), mark.end(), made)


def _made(mark: re.Match[str]) -> str | None:
    text = mark[0]
    if text[0] == "~":
        expression = field_expression(mark)
        return f"{OPENING}{{ {expression} }}{CLOSING}" if expression else None
    kind = text[1]
    inner = text[2:-2] if kind == "#" else text[2:-2].translate(_STRAIGHT)
    return f"{OPENING}{kind}{inner.translate(_PRIVATE)}{_KINDS[kind]}{CLOSING}"


def _replace(pieces: list[_Piece], start: int, end: int, made: str) -> None:
    """Put `made` in the place of what stands from `start` to `end` of all pieces together."""
    at, written = 0, False
    for piece in pieces:
        text = piece.text
        begin, stop = max(start - at, 0), min(end - at, len(text))
        if begin < stop:
            piece.text = text[:begin] + ("" if written else made) + text[stop:]
            written = True
        at += len(text)


def _has_more(paragraph: Any, form: DocumentFormat) -> bool:
    """Whether a paragraph has pictures, text boxes or the end of a section, which must stay."""
    return any(
        isinstance(inner.tag, str)
        and (
            inner.tag in form.paragraphs
            or etree.QName(inner).localname in {"drawing", "pict", "frame", "sectPr"}
        )
        for inner in paragraph.iterdescendants()
    )


def _give_way(element: Any, text: str) -> None:
    """Put statements in the place of an element that has nothing else."""
    if _STATEMENTS.fullmatch(text):
        _put_before(element, text.strip())
        _remove(element)


def _repeat_for_message(paragraph: Any, form: DocumentFormat) -> None:
    """A paragraph of the message alone stands for as many paragraphs as the message has, at least for one."""
    pieces = list(_pieces(paragraph, form))
    if paragraph.getparent() is None or not _MESSAGE.fullmatch("".join(piece.text for piece in pieces)):
        return
    without_room(paragraph, form)
    empty = copy.deepcopy(paragraph)
    empty.tail = None
    for piece in _pieces(empty, form):
        piece.text = ""
    for piece in pieces:
        piece.text = _MESSAGE.sub(f"{OPENING}{{ {_LINE} }}{CLOSING}", piece.text)
    _put_before(paragraph, f"{OPENING}% for {_LINE} in message_lines %{CLOSING}")
    paragraph.addnext(empty)
    empty.tail = f"{OPENING}% endfor %{CLOSING}{empty.tail or ''}"
    paragraph.tail = f"{OPENING}% else %{CLOSING}"


def _put_before(element: Any, text: str) -> None:
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + text
    else:
        parent = element.getparent()
        parent.text = (parent.text or "") + text


def _remove(element: Any) -> None:
    if element.tail:
        _put_before(element, element.tail)
        element.tail = None
    element.getparent().remove(element)


_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def _unescaped(text: str) -> str:
    for escaped, plain in _ESCAPES:
        text = text.replace(escaped, plain)
    return text


def _on_lines(text: str, form: DocumentFormat) -> str:
    """A line end before and after each paragraph, where blanks do not count: line numbers tell paragraphs."""
    prefixes = "text:[ph]" if form.mixed else "w:p"
    return re.sub(rf"(?=<{prefixes}[ />])|(?<=</{prefixes}>)", "\n", text.replace("\n", " "))


def paragraph_at(text: str, line: int) -> str:
    """What a person reads in the paragraph on a line of `template_text`."""
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return ""
    kept = _MADE.sub(lambda made: made[0].replace("<", "&lt;").replace(">", "&gt;"), lines[line - 1])
    shown = re.sub(r"<[^>]*>", "", kept).replace(OPENING, "{").replace(CLOSING, "}")
    shown = " ".join(_unescaped(shown).split())
    return shown if len(shown) <= _TOLD else f"{shown[: _TOLD - 1]}…"
