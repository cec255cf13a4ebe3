"""The blank lines of a mail's HTML, of which a fax needs one where there are many. Pure.

Mail programs make them of empty paragraphs, of line breaks, and of both; each costs its sender paper and time
on the line. Works on what `convert.body_html` wrote, in which `<` and `>` stand in tags alone.
"""

import re

_GAP = '<div class="gap"></div>'
_BLOCKS = r"p|div|h[1-6]|li|blockquote|pre|ul|ol|td|th|caption"
_SPACED = r"p|div|h[1-6]|blockquote|pre|ul|ol|table"
_INLINE = frozenset({"b", "strong", "i", "em", "u", "s", "sub", "sup", "code"})
_EMPTY = re.compile(
    rf"<(?P<name>p|div|h[1-6]|li|blockquote|pre|ul|ol|{'|'.join(_INLINE)})(?! class=\"gap\")(?: [^<>]*)?>"
    rf"(?P<blanks>\s*)(?P<gap>{_GAP}\s*)?</(?P=name)>"
)
_GAPS = re.compile(rf"(?:{_GAP}\s*){{2,}}")
_GAP_AT_EDGE = re.compile(
    rf"(<(?:{_BLOCKS})(?: (?!class=\"gap\")[^<>]*)?>)\s*{_GAP}|{_GAP}\s*(?=</(?:{_BLOCKS})>)"
)
_LINES = re.compile(r"(?:[ \u00a0]*\n){3,}")
_LINES_AT_START = re.compile(rf"(<(?:{_BLOCKS})(?: [^<>]*)?>)(?:[ \u00a0]*\n)+")
_LINES_AT_END = re.compile(rf"\s+(?=</(?:{_BLOCKS})>)")
_LINE_BEFORE_BLOCK = re.compile(r"[ \u00a0]*\n(?=\s*<(?:p|div|h[1-6]|blockquote|pre|ul|ol|table|hr)\b)")
# A line end between two blocks is a blank line, at the end of a text only its end.
_LINE_BETWEEN_BLOCKS = re.compile(rf"(</(?:{_SPACED})>)[ \u00a0]*\n\s*(?=<(?:{_SPACED})\b)")
_AT_EDGES = re.compile(rf"^(?:\s|{_GAP})+|(?:\s|{_GAP})+$")
_MOST_PASSES = 100
"""As deep as elements are kept."""


def without_needless_blanks(content: str) -> str:
    """The same with one blank line instead of several, none at an edge, and no empty elements but cells."""
    text = content
    for _ in range(_MOST_PASSES):
        text, emptied = _EMPTY.subn(_emptied, text)
        if not emptied:
            break
    text = _LINES.sub("\n\n", text)
    text = _LINES_AT_START.sub(r"\1", text)
    text = _LINES_AT_END.sub("", text)
    text = _LINE_BETWEEN_BLOCKS.sub(rf"\1{_GAP}", text)
    text = _LINE_BEFORE_BLOCK.sub("", text)
    text = _GAPS.sub(_GAP, text)
    text = _GAP_AT_EDGE.sub(lambda found: found[1] or "", text)
    return _AT_EDGES.sub("", text)


def _emptied(element: re.Match[str]) -> str:
    """What remains of an empty element: of a paragraph with a line end or a blank in it, a blank line."""
    blanks = element["blanks"]
    if element["name"] in _INLINE:
        return blanks
    is_line = element["name"] in ("p", "div") and ("\n" in blanks or "\u00a0" in blanks)
    return _GAP if is_line or element["gap"] else ""
