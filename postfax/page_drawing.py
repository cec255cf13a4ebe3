"""A page drawn with letters, for a terminal: Braille patterns, eight dots each.

Unicode 15.0, Braille Patterns (U+2800 to U+28FF): the bits of the first six dots go down the left column and
then down the right one; the seventh and eighth are the row below.
"""

from io import BytesIO

from PIL import Image

_BLANK = 0x2800
_DOTS = (((0, 0), 0x01), ((0, 1), 0x02), ((0, 2), 0x04), ((1, 0), 0x08), ((1, 1), 0x10), ((1, 2), 0x20),
         ((0, 3), 0x40), ((1, 3), 0x80))  # fmt: skip
_ACROSS, _DOWN = 2, 4
_INK = 200
"""Of 255: darker than that is a dot. Thin strokes are grey where a page is made small."""
_LARGEST = 4_000_000
"""Pixels of a picture that is taken; ours have a fifth of it."""


def drawn(png: bytes, columns: int) -> list[str]:
    """Lines of so many columns at most.

    Args:
        png: The page.
        columns: At least one.

    Raises:
        ValueError: The picture is too large to be a page.
        OSError: It is none.
    """
    with Image.open(BytesIO(png), formats=("PNG",)) as picture:
        if picture.width * picture.height > _LARGEST:
            raise ValueError("too large for a page")
        width = columns * _ACROSS
        height = max(1, round(picture.height * width / picture.width))
        small = picture.convert("L").resize((width, height), Image.Resampling.BOX)
    ink = small.point([255 if tone < _INK else 0 for tone in range(256)])
    return [_line(ink, row) for row in range(0, height, _DOWN)]


def _line(ink: Image.Image, row: int) -> str:
    cells = (_cell(ink, column, row) for column in range(0, ink.width, _ACROSS))
    return "".join(cells).rstrip(chr(_BLANK))


def _cell(ink: Image.Image, column: int, row: int) -> str:
    bits = 0
    for (across, down), bit in _DOTS:
        if row + down < ink.height and ink.getpixel((column + across, row + down)):
            bits |= bit
    return chr(_BLANK + bits)
