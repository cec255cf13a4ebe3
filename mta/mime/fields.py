"""Header fields of a mail or of one of its parts, as they were written (RFC 5322 §2.2, RFC 2045 §3).

A header ends with its empty line, or where a line stands that is no field: what follows is body, so that no
word is lost of a mail without the empty line. It goes on if the line is plainly one that was folded without a
blank, or if fields of MIME come before the empty line. Values keep what was written, with octets beyond ASCII
as surrogates (`errors="surrogateescape"`); `mta.mime.text` makes text of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mta.header_scan import HEADER_LIMIT

# RFC 5322 §4.5 lets old mails have blanks before the colon. A line that begins a boundary is no field.
_FIELD = re.compile(rb"(?!--)([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)\n?")
_PARAMETER_LINE = re.compile(rb"[\w*-]+=[^\n]*\n?")
_STRAY_LINE = re.compile(
    rb"((?!--)[^\r\n][^\n]*\n)(?:(?!--)[^\r\n][^\n]*\n){0,20}?"
    rb"(?:mime-version|content-type|content-transfer-encoding|content-disposition)[ \t]*:",
    re.IGNORECASE,
)
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
    while True:
        if field := _FIELD.match(mail, position, limit):
            written.append((field[1].decode("ascii").lower(), _value(field[2])))
            position = field.end()
        elif stray := _stray_line(mail, position, limit, written):
            if b":" not in stray:  # it goes on with the field above
                name, value = written[-1]
                written[-1] = (name, f"{value} {_value(stray)}")
            position += len(stray)
        else:
            break
    if position >= limit < stop:
        raise HeaderTooLong
    end = _EMPTY_LINE.match(mail, position, stop)
    return Fields(tuple(written)), end.end() if end else position


def _value(octets: bytes) -> str:
    unfolded = octets.replace(b"\r\n", b"").replace(b"\n", b"").strip()
    return unfolded.decode("ascii", errors="surrogateescape")


def _stray_line(mail: bytes, position: int, limit: int, above: list[tuple[str, str]]) -> bytes:
    """The line there if it is no field and yet within the header, with its end; or nothing."""
    if not above:
        return b""
    if above[-1][1].endswith(";") and (parameter := _PARAMETER_LINE.match(mail, position, limit)):
        return parameter[0]
    stray = _STRAY_LINE.match(mail, position, limit)
    return stray[1] if stray else b""
