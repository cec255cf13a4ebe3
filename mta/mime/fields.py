"""Header fields of a mail or of one of its parts, as they were written (RFC 5322 §2.2, RFC 2045 §3).

A header ends with its empty line, or where a line stands that is no field: what follows is body, so that no
word is lost of a mail without the empty line. Values keep what was written, with octets beyond ASCII as
surrogates (`errors="surrogateescape"`); `mta.mime.text` makes text of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mta.header_scan import HEADER_LIMIT

# RFC 5322 §4.5 lets old mails have blanks before the colon. A line that begins a boundary is no field.
_FIELD = re.compile(rb"(?!--)([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)\n?")
_EMPTY_LINE = re.compile(rb"\r?\n")


class HeaderTooLong(Exception):  # noqa: N818 - named as what is wrong
    """The header has more than `mta.header_scan.HEADER_LIMIT` octets."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one header, in their order: names in lower case and values."""

    written: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str:
        """The value of the first field of that name (in lower case), or an empty text."""
        return next(self.all(name), "")

    def all(self, name: str) -> Iterator[str]:
        """The values of the fields of that name (in lower case)."""
        return (value for written, value in self.written if written == name)


def read_fields(mail: bytes, start: int, stop: int) -> tuple[Fields, int]:
    """The header that begins at `start`, and where its body begins.

    Raises:
        HeaderTooLong: it does not end in time.
    """
    limit = min(stop, start + HEADER_LIMIT)
    written: list[tuple[str, str]] = []
    position = start
    while field := _FIELD.match(mail, position, limit):
        value = field[2].replace(b"\r\n", b"").replace(b"\n", b"").strip()
        written.append((field[1].decode("ascii").lower(), value.decode("ascii", errors="surrogateescape")))
        position = field.end()
    if position >= limit < stop:
        raise HeaderTooLong
    end = _EMPTY_LINE.match(mail, position, stop)
    return Fields(tuple(written)), end.end() if end else position
