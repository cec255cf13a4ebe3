"""What is left out of a mail's body by policy: the quoted mail at its end, and the sender's signature.

Only what stands at the end goes. A quotation with an answer below it is what that answer is about, and what
is forwarded is what the mail is about: both stay. So does a body of which nothing would be left. Pure, and
linear in the length of the body.
"""

import bisect
import re
from collections.abc import Callable, Iterator, Sequence

from submission.mail_lines import VOID, Line, Tag, html_lines, text_lines
from submission.quotation import begins_original, introduction_length, is_forwarding

_DELIMITER = "--"
"""The line before a signature, `-- ` (RFC 3676 §4.3); its space is often lost on the way."""
_MOST_SIGNATURE_LINES = 40
"""More lines after a delimiter are no signature."""
_MOST_BLANKS = 2
"""Blank lines between a quotation and its introduction."""
_QUOTE_MARK = re.compile(r">(?:[ \t]|>|$)")
_QUANTITY = re.compile(r">[>\s=]*[-+.]?\d")
_RULE = re.compile(r"[-–—_]{3,}")


def trimmed(text: str, html: str, *, quotes: bool, signature: bool) -> tuple[str, str]:
    """A mail's text and HTML without what is to be left out.

    Args:
        text: The plain text; empty if there is none.
        html: The HTML; empty if there is none.
        quotes: Whether the quotation at the end goes, with its introduction.
        signature: Whether the signature goes: from a line `-- ` on, and what mail programs mark as one.

    Returns:
        Lines of the text in their order, and the HTML with its other lines and whole elements taken out. Each
        of the two is as it was if nothing but a signature would be left of it. Trimming again changes
        nothing.
    """
    if not (quotes or signature):
        return text, html
    return (
        _trimmed_text(text, quotes=quotes, signature=signature),
        _trimmed_html(html, quotes=quotes, signature=signature),
    )


def _trimmed_text(text: str, *, quotes: bool, signature: bool) -> str:
    lines = text_lines(text)
    kept = _kept(lines, quotes=quotes, signature=signature)
    return "".join(text[line.start : line.end] for line, keep in zip(lines, kept, strict=True) if keep)


def _trimmed_html(html: str, *, quotes: bool, signature: bool) -> str:
    lines, tags = html_lines(html)
    kept = _kept(lines, quotes=quotes, signature=signature)
    for start, end in _gaps(lines, kept, len(html)):
        html, tags = _without(html, tags, start, end)
    return html


def _gaps(lines: Sequence[Line], kept: Sequence[bool], length: int) -> list[tuple[int, int]]:
    """The stretches of the source from one kept line to the next between which lines go, the last first."""
    gaps = []
    after, going = 0, False
    for line, keep in zip(lines, kept, strict=True):
        if keep:
            if going:
                gaps.append((after, line.start))
            after, going = line.end, False
        else:
            going = True
    if going:
        gaps.append((after, length))
    return gaps[::-1]


def _without(html: str, tags: list[Tag], start: int, end: int) -> tuple[str, list[Tag]]:
    """The HTML without that stretch, but with the tags in it whose counterparts stand outside.

    A mark that what follows is the original stays as well where that stays.
    """
    first = bisect.bisect_left(tags, start, key=lambda tag: tag.start)
    last = bisect.bisect_left(tags, end, key=lambda tag: tag.start)
    lone = [html[tag.start : tag.end] for tag in _unpaired(tags[first:last], marks=end < len(html))]
    return html[:start] + "".join(lone) + html[end:], tags[:first]


def _unpaired(tags: Sequence[Tag], *, marks: bool) -> list[Tag]:
    """The tags of elements whose other tag is not among them; with `marks`, also marks of an original."""
    lone: dict[int, Tag] = {}
    opened: dict[str, list[int]] = {}
    for number, tag in enumerate(tags):
        if not tag.name or tag.name in VOID:
            continue
        if not tag.closing:
            opened.setdefault(tag.name, []).append(number)
            lone[number] = tag
        elif opened.get(tag.name):
            other = opened[tag.name].pop()
            if marks and tags[other].original:
                lone[number] = tag
            else:
                del lone[other]
        else:
            lone[number] = tag
    return list(lone.values())


def _kept(lines: Sequence[Line], *, quotes: bool, signature: bool) -> list[bool]:
    """For each line whether it stays; all do if nothing but signatures would."""
    ends = _Ends(lines)
    kept = [True] * len(lines)
    end = ends.without_blanks(len(lines))
    while end:
        quotation = ends.before_quotation(end)
        before = quotation if quotation < end else ends.before_signature(end)
        if before == end or not (quotation < end or signature or ends.is_quotation_before(before)):
            break
        if quotes if quotation < end else signature:
            kept[before:end] = [False] * (end - before)
        end = ends.without_blanks(before)
    return kept if end else [True] * len(lines)


class _Ends:
    """Where what stands at the end of some lines begins: that line's number, or the end itself."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._texts = [line.text for line in lines]
        self._originals = [
            at for at, line in enumerate(lines) if line.original or begins_original(self._texts, at)
        ]
        self._answers = list(self._lines_below_quoted())

    def _lines_below_quoted(self) -> Iterator[int]:
        """The lines that answer a quoted one above them."""
        quoted = False
        for at, line in enumerate(self._lines):
            if line.text:
                if quoted and not line.quoted:
                    yield at
                quoted = line.quoted

    def without_blanks(self, end: int) -> int:
        while end and not self._texts[end - 1]:
            end -= 1
        return end

    def is_quotation_before(self, end: int) -> bool:
        end = self.without_blanks(end)
        return self.before_quotation(end) < end

    def before_quotation(self, end: int) -> int:
        return min(self._before_original(end), self._before_quoted(end))

    def _before_original(self, end: int) -> int:
        """The first mark below which nothing is answered: answers without marks could not be told."""
        answers = bisect.bisect_left(self._answers, end)
        answered = self._answers[answers - 1] if answers else 0
        first = bisect.bisect_left(self._originals, answered)
        if first == len(self._originals) or self._originals[first] >= end:
            return end
        return self._without_rule(self._originals[first])

    def _without_rule(self, at: int) -> int:
        above = self.without_blanks(at)
        return above - 1 if above and _RULE.fullmatch(self._texts[above - 1]) else at

    def _before_quoted(self, end: int) -> int:
        start = self._back_while(end, lambda line: line.quoted)
        if start == end:
            return end
        above = self.without_blanks(start)
        introduction = introduction_length(self._texts, above) if start - above <= _MOST_BLANKS else 0
        if introduction:
            return above - introduction
        if is_forwarding(self._texts[start]):
            return end
        start = self._back_while(end, _is_marked)
        quantities = all(_QUANTITY.match(text) for text in self._texts[start:end] if text)
        return end if quantities else start

    def before_signature(self, end: int) -> int:
        start = self._back_while(end, lambda line: line.signed)
        above = self.without_blanks(start)
        if start < end and not (above and self._texts[above - 1] == _DELIMITER):
            return start
        for at in range(start - 1, max(-1, end - 2 - _MOST_SIGNATURE_LINES), -1):
            if self._lines[at].quoted:
                break
            if self._texts[at] == _DELIMITER:
                return at
        return start

    def _back_while(self, end: int, belongs: Callable[[Line], bool]) -> int:
        """The first of the lines before `end` that belong, blank ones between them."""
        start = at = end
        while at and (not self._texts[at - 1] or belongs(self._lines[at - 1])):
            at -= 1
            start = at if self._texts[at] else start
        return start


def _is_marked(line: Line) -> bool:
    """Whether a line is quoted for certain: `>5 mg` without a blank is a statement."""
    return line.quoted and (line.text[0] != ">" or bool(_QUOTE_MARK.match(line.text)))
