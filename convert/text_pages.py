"""Plain text as RTF, laid out as a printer of text would: letters of one width, so that columns line up.

LibreOffice's own import of plain text knows neither paper nor size nor direction. Here the letters become
smaller where lines are longer than usual, tabs are eight columns, a form feed begins a page, and a line of
Hebrew or Arabic begins at the right. Pure.
"""

import re

from convert.layout import PAPER_MM
from convert.page_text import direction

_FACE = "DejaVu Sans Mono"
_USUAL_POINTS, _SMALLEST_POINTS = 10.0, 6.5
"""Below this letters do not survive standard resolution."""
_EM = 0.602
"""The width of a letter in points, to the point of size."""
_LINE_HEIGHT = 1.17
_MARGIN_MM, _NARROW_MARGIN_MM = 18.0, 12.0
_TWIPS_PER_MM = 1440 / 25.4
_TAB = 8
_PAPER = "Letter"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ESCAPED = re.compile(r"[\\{}]|[^\x20-\x7e]|(?:^| ) +")
"""Blanks too where several stand together: LibreOffice 7.4 makes such a run up to twice as wide."""
_UTF_16_UNIT = 0x8000


def as_rtf(text: str, *, paper: str | None) -> bytes:
    """The text for LibreOffice, on this paper or Letter."""
    width, height = PAPER_MM[paper or _PAPER]
    pages = [_lines(page) for page in text.split("\f")]
    longest = max(len(line) for page in pages for line in page)
    points, margin = _fitting(longest, width)
    margins = "".join(rf"\marg{side}{_twips(margin)}" for side in "lrtb")
    size = round(points * 2)
    head = (
        rf"{{\rtf1\ansi\uc0{{\fonttbl{{\f0\fmodern\fprq1 {_FACE};}}}}"
        rf"\paperw{_twips(width)}\paperh{_twips(height)}{margins}"
        rf"\pard\plain\sl-{round(points * _LINE_HEIGHT * 20)}\slmult0"
        rf"\rtlch\fcs1\af0\afs{size}\ltrch\fcs0\f0\fs{size} "
    )
    body = r"\page ".join("".join(map(_paragraph, page)) for page in pages)
    return f"{head}{body}}}".encode("ascii")


def _lines(page: str) -> list[str]:
    return [_CONTROL.sub("", line).expandtabs(_TAB).rstrip() for line in page.split("\n")]


def _fitting(columns: int, width: float) -> tuple[float, float]:
    """Size in points and margin in millimetres: as usual if the longest line fits, or can be wrapped only."""
    if _columns(_USUAL_POINTS, _MARGIN_MM, width) >= columns:
        return _USUAL_POINTS, _MARGIN_MM
    half_points = range(int(_USUAL_POINTS * 2), int(_SMALLEST_POINTS * 2) - 1, -1)
    fitting = (size / 2 for size in half_points if _columns(size / 2, _NARROW_MARGIN_MM, width) >= columns)
    points = next(fitting, None)
    return (points, _NARROW_MARGIN_MM) if points else (_USUAL_POINTS, _MARGIN_MM)


def _columns(points: float, margin: float, width: float) -> int:
    return int((width - 2 * margin) / 25.4 * 72 / (points * _EM))


def _twips(millimetres: float) -> int:
    return round(millimetres * _TWIPS_PER_MM)


def _paragraph(line: str) -> str:
    way = r"\rtlpar\qr " if direction(line) == "rtl" else r"\ltrpar\ql "
    return f"{way}{_ESCAPED.sub(_escape, line)}\\par\n"


def _escape(character: re.Match[str]) -> str:
    if character[0].isspace():
        return r"\~" * len(character[0])
    if character[0] in r"\{}":
        return f"\\{character[0]}"
    units = character[0].encode("utf-16-le", "replace")
    codes = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
    # RTF 1.9.1, \uN: signed, 16 bits.
    return "".join(f"\\u{code - 2 * _UTF_16_UNIT if code >= _UTF_16_UNIT else code} " for code in codes)
