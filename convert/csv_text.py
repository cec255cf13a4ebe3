"""Tables of values that are kept as text: which character stands between the values. Pure.

The values are handed on as they stand in the file, each in quotation marks, so that LibreOffice takes none
for a number or a date and writes it in another way: 0049 stays 0049, and 1,80 is no 180.
"""

import csv
import io
import itertools

_SEPARATORS = ";\t,|"
"""Those that are used, the surer first: commas stand in sentences and in numbers too."""
_SAMPLE_ROWS = 50
_LONGEST_VALUE = 1 << 20
_DECLARED = "sep="
"""Excel's own first line."""


def as_quoted(text: str) -> bytes:
    """The table for LibreOffice: UTF-8, commas, every value in quotation marks."""
    separator, text = _separated(text)
    csv.field_size_limit(_LONGEST_VALUE)
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    try:
        writer.writerows(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:  # it is no such table after all
        return text.encode()
    return written.getvalue().encode()


def _separated(text: str) -> tuple[str, str]:
    """The separator, and the text without a line that names it."""
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"')
    if declared.lower().startswith(_DECLARED) and len(declared) == len(_DECLARED) + 1:
        return declared[-1], rest
    return max(_SEPARATORS, key=lambda separator: _columns(text, separator)), text


def _columns(text: str, separator: str) -> tuple[bool, int]:
    """Whether all rows have the same number of columns, more than one; and the least number of them."""
    try:
        rows = list(itertools.islice(csv.reader(io.StringIO(text), delimiter=separator), _SAMPLE_ROWS))
    except csv.Error:
        return False, 0
    counts = {len(row) for row in rows if row}
    return len(counts) == 1 and counts != {1}, min(counts, default=0)
