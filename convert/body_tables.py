"""How a table of a mail's HTML is best put on paper: as a table, as records, or as its parts. Pure."""

import re
from collections.abc import Iterator
from enum import Enum

from lxml import etree

from convert.page_text import LONGEST_CELL_WORD

_MOST_COLUMNS = 16
"""A table of more becomes records, a line for each cell."""
_ROOM = 78
"""Characters of a line that cells can share, about as many as the page is wide in the size of a table."""
_ROOM_SMALL = 92
"""The same in the smallest size that a coarse raster leaves legible."""
_BESIDE = 3
"""Characters that a column's borders and its room beside them take."""
_LONGEST_CELL = 300
"""Characters in a cell of a table with data."""
_LONGEST_ROW = 90
"""Characters of a layout's row that stay on one line."""
_BLOCKS = frozenset({
    "p", "div", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "br", "hr",
})  # fmt: skip


class Form(Enum):
    """What becomes of a table."""

    TABLE = "table"
    SMALL = "small table"
    RECORDS = "records"
    PARTS = "parts"


def form_of(table: etree._Element) -> Form:
    """The form in which a table is read best and nothing of it is cut off."""
    if (
        table.get("role") in ("presentation", "none")
        or next(table.iterdescendants("table"), None) is not None
    ):
        return Form.PARTS
    rows = [list(cells_of(row)) for row in table.iterdescendants("tr")]
    if not _holds_data(rows):
        return Form.PARTS
    columns = max(map(len, rows))
    needed = sum(_widest(rows)) + _BESIDE * columns
    if columns <= _MOST_COLUMNS and needed <= _ROOM:
        return Form.TABLE
    return Form.SMALL if columns <= _MOST_COLUMNS and needed <= _ROOM_SMALL else Form.RECORDS


def cells_of(row: etree._Element) -> Iterator[etree._Element]:
    """A row's cells in their order."""
    return (cell for cell in row if cell.tag in ("td", "th"))


def _holds_data(rows: list[list[etree._Element]]) -> bool:
    """Whether there are columns and rows to be read across."""
    lengths = [[len(text_of(cell, _LONGEST_CELL + 1)) for cell in row] for row in rows]
    filled = [sum(length > 0 for length in row) for row in lengths]
    longest = max(map(max, filter(None, lengths)), default=0)
    return longest <= _LONGEST_CELL and sum(count > 1 for count in filled) > 1


def _widest(rows: list[list[etree._Element]]) -> list[int]:
    """For each column the length of the word that it must have room for."""
    widths: list[int] = []
    for row in rows:
        for column, cell in enumerate(row):
            words = text_of(cell, _LONGEST_CELL).split()
            widest = min(max(map(len, words), default=0), LONGEST_CELL_WORD)
            if column == len(widths):
                widths.append(widest)
            widths[column] = max(widths[column], widest)
    return widths


def headings_of(table: etree._Element) -> list[str]:
    """What the columns are called, if a row of header cells says so at the table's beginning."""
    first = next(table.iterdescendants("tr"), None)
    cells = list(cells_of(first)) if first is not None else []
    named = bool(cells) and all(cell.tag == "th" or cell.find(".//b") is not None for cell in cells)
    return [text_of(cell, _LONGEST_CELL) for cell in cells] if named else []


def fits_one_line(row: etree._Element) -> bool:
    """Whether the cells of a layout's row are words that can stand beside one another."""
    if any(inner.tag in _BLOCKS for cell in cells_of(row) for inner in cell.iterdescendants()):
        return False
    return len(text_of(row, _LONGEST_ROW + 1)) <= _LONGEST_ROW


def text_of(element: etree._Element, length: int) -> str:
    """The first characters of an element's text, blanks as one."""
    return re.sub(r"\s+", " ", head_of(element, length)).strip()


def head_of(element: etree._Element, length: int) -> str:
    """The first characters of an element's text."""
    head = ""
    for text in element.itertext():
        head += text[: length - len(head)]
        if len(head) >= length:
            break
    return head
