"""The words of a fax's pages as invisible text in its PDF, so that it can be searched and copied from.

They are written in rendering mode 3 (ISO 32000-1 §9.3.6), neither filled nor stroked, each over its own
picture. Their font has one glyph, which covers nothing and is half as wide as it is high: viewers need
nothing of it but its size, and the standard asks that it is embedded. A character's code is its UTF-16 unit,
and the font says that (ToUnicode), so any script can be written.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from store.page_word import PageWord

NAME = pikepdf.Name("/Words")
"""Of the font in a page's resources."""
_FONT = "PostfaxWords"
_EM = 1000
_WIDTH = 500
_DIRECTIONS = ((1, 0), (0, -1), (-1, 0), (0, 1))
"""By quarter turns clockwise, in a space whose vertical axis points upwards."""
_UNITS = 0x10000


def drawing(words: Iterable[PageWord], *, height: int, across: float, down: float) -> bytes:
    """The content that writes the words of a page of so many rows.

    Args:
        words: in pixels and rows.
        height: rows of the page.
        across: points of a pixel.
        down: points of a row.
    """
    written = [_word(word, height, across, down) for word in words]
    return ("\nBT 3 Tr\n" + "".join(written) + "ET").encode("ascii") if written else b""


def _word(word: PageWord, height: int, across: float, down: float) -> str:
    left, right = word.left * across, word.right * across
    bottom, top = (height - word.bottom) * down, (height - word.top) * down
    ahead, aside = _DIRECTIONS[word.turn % len(_DIRECTIONS)]
    length, size = (right - left, top - bottom) if ahead else (top - bottom, right - left)
    # Where the line of text begins: a corner of the box, by the direction.
    x, y = ((left, bottom), (left, top), (right, top), (right, bottom))[word.turn % len(_DIRECTIONS)]
    units = _in_order_of_place(word.text).encode("utf-16-be")
    natural = len(units) // 2 * size * _WIDTH / _EM
    stretch = 100 * length / natural if natural else 100
    # The space behind it lets viewers see where the next word begins.
    return (
        f"{NAME} {size:.2f} Tf {stretch:.2f} Tz {ahead} {aside} {-aside} {ahead} {x:.2f} {y:.2f} Tm "
        f"<{units.hex()}0020> Tj\n"
    )


def _in_order_of_place(text: str) -> str:
    """From left to right, as readers of PDF expect it also of scripts that run to the left."""
    to_the_left = any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)
    return text[::-1] if to_the_left else text


def font(pdf: pikepdf.Pdf) -> Any:
    """The font, in a PDF."""
    program: Any = pikepdf.Stream(pdf, _program(), Length1=len(_program()))
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor, FontName=pikepdf.Name(f"/{_FONT}"), FontFile2=program,
        Flags=5, FontBBox=[0, 0, _WIDTH, _EM], ItalicAngle=0, Ascent=_EM, Descent=0, CapHeight=_EM, StemV=80,
    )  # fmt: skip
    # Every character has the one glyph, number 1.
    glyphs: Any = pikepdf.Stream(pdf, b"\x00\x01" * _UNITS)
    descendant = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.CIDFontType2, BaseFont=pikepdf.Name(f"/{_FONT}"),
        CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor), DW=_WIDTH, CIDToGIDMap=pdf.make_indirect(glyphs),
    )  # fmt: skip
    unicode: Any = pikepdf.Stream(pdf, _to_unicode())
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, BaseFont=pikepdf.Name(f"/{_FONT}"),
            Encoding=pikepdf.Name("/Identity-H"), DescendantFonts=[pdf.make_indirect(descendant)],
            ToUnicode=pdf.make_indirect(unicode),
        )
    )  # fmt: skip


@cache
def _program() -> bytes:
    """A TrueType font of two glyphs without outlines; the same octets every time."""
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "word"])
    builder.setupCharacterMap({0x20: "word"})
    builder.setupGlyf({".notdef": Glyph(), "word": _glyph()})
    builder.setupHorizontalMetrics({".notdef": (_WIDTH, 0), "word": (_WIDTH, 0)})
    builder.setupHorizontalHeader(ascent=_EM, descent=0)
    builder.setupNameTable({"familyName": _FONT, "styleName": "Regular", "psName": _FONT})
    builder.setupOS2(sTypoAscender=_EM, sTypoDescender=0, usWinAscent=_EM, usWinDescent=0)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    written = BytesIO()
    builder.save(written)
    return written.getvalue()


def _glyph() -> Glyph:
    """There and back along a line: as large as a character, which readers look at, and without an area."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((_WIDTH, _EM))
    pen.closePath()
    return pen.glyph()


@cache
def _to_unicode() -> bytes:
    """A CMap in which each code is its own UTF-16 unit (ISO 32000-1 §9.10.3)."""
    # A range stays within one first octet, and a block has at most a hundred of them.
    ranges = [f"<{first:02x}00> <{first:02x}ff> <{first:02x}00>" for first in range(256)]
    blocks = [ranges[begin : begin + 100] for begin in range(0, len(ranges), 100)]
    written = "\n".join(
        f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /PostfaxWords def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{written}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
