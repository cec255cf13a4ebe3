"""Tables of values that are kept as text: which character stands between the values. Pure.

The values are handed on as they stand in the file, each in quotation marks, so that LibreOffice takes none
for a number or a date and writes it in another way: 0049 stays 0049, and 1,80 is no 180.
"""

import collections
import csv
import io
import itertools
import re
from collections.abc import Iterator

_SEPARATORS = ";\t,|"
"""Those that are used, the surer first: commas stand in sentences and in numbers too."""
_SAMPLE_ROWS = 50
_LONGEST_VALUE = 1 << 20
_LONGEST_PART, _MOST_LINES = 1200, 25
"""Characters and lines of a value that stand in one row: about half a page."""
_WORD = re.compile(r"\S{1,200}\s*|\s+")
_DECLARED = "sep="
"""Excel's own first line."""


def as_quoted(text: str) -> bytes:
    """The table for LibreOffice: UTF-8, commas, every value in quotation marks."""
    separator, text = _separated(text)
    csv.field_size_limit(_LONGEST_VALUE)
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    try:
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            writer.writerows(_continued(row))
    except csv.Error:  # it is no such table after all
        return text.encode()
    return written.getvalue().encode()


def _continued(row: list[str]) -> Iterator[list[str]]:
    """The row; as several where a value is so long that its row could be higher than a page, and be cut."""
    parts = [_parts(value) for value in row]
    for number in range(max(map(len, parts), default=1)):
        yield [each[number] if number < len(each) else "" for each in parts]


def _parts(value: str) -> list[str]:
    if len(value) <= _LONGEST_PART and value.count("\n") < _MOST_LINES:
        return [value]
    parts, part, lines = [], "", 0
    for word in _WORD.findall(value):
        if part and (len(part) + len(word) > _LONGEST_PART or lines >= _MOST_LINES):
            parts.append(part)
            part, lines = "", 0
        part += word
        lines += word.count("\n")
    return [*parts, part]


def _separated(text: str) -> tuple[str, str]:
    """The separator, and the text without a line that names it."""
    first, _, rest = text.partition("\n")
    declared = first.strip().strip('"')
    if declared.lower().startswith(_DECLARED) and len(declared) == len(_DECLARED) + 1:
        return declared[-1], rest
    return max(_SEPARATORS, key=lambda separator: _columns(text, separator)), text


def _columns(text: str, separator: str) -> tuple[bool, bool, int]:
    """Whether most rows have the same number of columns, more than one; whether all do; and that number.

    Tables begin with a title and end with a sum often enough; in sentences the number of commas varies.
    """
    try:
        rows = list(itertools.islice(csv.reader(io.StringIO(text), delimiter=separator), _SAMPLE_ROWS))
    except csv.Error:
        return False, False, 0
    counts = collections.Counter(len(row) for row in rows if any(row))
    columns, times = max(counts.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
    return columns > 1 and times > counts.total() / 2, columns > 1 and times == counts.total(), columns
