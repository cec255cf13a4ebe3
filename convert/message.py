"""The message of a mail as HTML that is safe to lay out: from the mail's HTML, from its text, or from both.

The two are meant to say the same (RFC 2046 §5.1.4), and of what programs write as text the tables, lists and
long lines are broken. So the HTML is printed where it says all that the text says, else the text where it
says all that the HTML says. Where neither does both are printed: nothing that was sent is dropped.

Of a text line ends are kept, quoted lines (`>`) become nested quotations, and columns stay below one another.
"""

import itertools
import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from convert.body_html import TooDeep, simplified_html
from convert.body_words import says_all_of, words_of_html, words_of_markup
from convert.page_text import direction, printable
from sandbox import Refused

_LONGEST = 1_000_000
"""Characters, about 300 pages: more could not be laid out in the time that a task has."""
_QUOTE, _END_OF_QUOTE = Markup("<blockquote>"), Markup("</blockquote>")
_DEEPEST_QUOTE = 6
"""Levels of quotation that are drawn; the marks of deeper ones stay in the text."""
# A mark is followed by a blank, another mark, or nothing (RFC 3676 §4.5): ">5 mg" is a statement.
_QUOTE_MARKS = re.compile(rf"(?:>(?:[ \t]|(?=>)|$)){{1,{_DEEPEST_QUOTE}}}")
_WIDEST_COLUMNS = 84
"""Characters of a line that has room in letters of one width."""
# Three blanks after a word, a tab, bars with blanks beside them, or the lines of a drawn table.
_COLUMN = re.compile(r"\S(?: {3,}|[ ]*\t\s*)\S|\S\s+\|\s+\S|[-=+]{3,}[ |+][-=+]{3,}|[\u2500-\u257f]{2}")
_QUANTITY = re.compile(r"[\s=]*[-+.]?\d")


def message_markup(*, text: str, html: str) -> Markup:
    """The message; empty if the mail says nothing.

    Raises:
        Refused: It is longer than can be laid out.
    """
    message = _of_both(text, html) if text.strip() and html.strip() else _of_one(text, html)
    if len(message) > _LONGEST and len(message.striptags()) > _LONGEST:
        raise Refused("its text is longer than 1 million characters, too long for a fax")
    return message


def _of_one(text: str, html: str) -> Markup:
    if text.strip():
        return text_markup(text)
    try:
        return simplified_html(html)
    except TooDeep:
        return text_markup(words_of_html(html))


def _of_both(text: str, html: str) -> Markup:
    try:
        of_html = simplified_html(html)
    except Refused:
        return text_markup(text)
    of_text = text_markup(text)
    said = words_of_markup(of_html)
    if says_all_of(said, text):
        return of_html
    if says_all_of(text, said):
        return of_text
    return of_text + Markup("<hr>") + of_html


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
            part = [line.rstrip() for line in together]
            kind = "lines columns" if _has_columns(part) else "lines"
            yield Markup('<p class="{}" dir="{}">{}</p>').format(kind, way, escape("\n".join(part)))


def _has_columns(lines: list[str]) -> bool:
    """Whether things stand below one another by blanks or bars, as only letters of one width show."""
    if max(map(len, lines)) > _WIDEST_COLUMNS:
        return False
    return sum(bool(_COLUMN.search(line)) for line in lines) > 1
