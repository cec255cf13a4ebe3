"""The message of a mail as HTML that is safe to lay out: the mail's text, or its HTML where it has no text.

The text goes first because it is what the sender's program meant for places without HTML, and fax is one. Its
line ends are kept; quoted lines (`>`) become nested quotations.
"""

import itertools
import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from convert.body_html import simplified_html
from convert.page_text import direction, printable
from sandbox import Refused

_LONGEST = 1_000_000
"""Characters, about 300 pages: more could not be laid out in the time that a task has."""
_QUOTE, _END_OF_QUOTE = Markup("<blockquote>"), Markup("</blockquote>")
_DEEPEST_QUOTE = 6
"""Levels of quotation that are drawn; the marks of deeper ones stay in the text."""
# A mark is followed by a blank, another mark, or nothing (RFC 3676 §4.5): ">5 mg" is a statement.
_QUOTE_MARKS = re.compile(rf"(?:>(?:[ \t]|(?=>)|$)){{1,{_DEEPEST_QUOTE}}}")
_QUANTITY = re.compile(r"[\s=]*[-+.]?\d")


def message_markup(*, text: str, html: str) -> Markup:
    """The message; empty if the mail says nothing.

    Raises:
        Refused: It is longer than can be laid out, or its HTML cannot be read.
    """
    message = text_markup(text) if text.strip() else simplified_html(html)
    if len(message) > _LONGEST and len(message.striptags()) > _LONGEST:
        raise Refused("its text is longer than 1 million characters, too long for a fax")
    return message


def text_markup(text: str) -> Markup:
    """Plain text as paragraphs and quotations."""
    parts: list[Markup] = []
    depth = 0
    for level, lines in _by_quotation(printable(text).split("\n")):
        paragraphs = list(_paragraphs(lines))
        if paragraphs:
            parts.append((_QUOTE if level > depth else _END_OF_QUOTE) * abs(level - depth))
            parts.extend(paragraphs)
            depth = level
    parts.append(_END_OF_QUOTE * depth)
    return Markup("").join(parts)


def _by_quotation(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that are quoted equally deep, without their marks."""
    for level, run in itertools.groupby(lines, key=_quotation_level):
        marked = list(run)
        unmarked = [_QUOTE_MARKS.sub("", line, count=1) for line in marked] if level else marked
        if level and all(_QUANTITY.match(line) for line in unmarked):
            yield 0, marked  # "> 5 mg": dropping the mark would change what it says
        else:
            yield level, unmarked


def _quotation_level(line: str) -> int:
    marks = _QUOTE_MARKS.match(line)
    return marks[0].count(">") if marks else 0


def _paragraphs(lines: list[str]) -> Iterator[Markup]:
    """Paragraphs end at a blank line, and where the writing changes its direction."""
    for blank, paragraph in itertools.groupby(lines, key=lambda line: not line.strip()):
        if blank:
            continue
        for way, together in itertools.groupby(paragraph, key=direction):
            content = "\n".join(line.rstrip() for line in together)
            yield Markup('<p class="lines" dir="{}">{}</p>').format(way, escape(content))
