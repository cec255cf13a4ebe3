"""A look at a mail's MIME structure before it is parsed: whether that is going to be affordable.

The standard library's parser takes 6 s for 100,000 parts and gives up with a RecursionError at some hundred
nested multiparts. This pass follows the boundaries (RFC 2046 §5.1) without building anything.
"""

import re

from mta.header_scan import HEADER_LIMIT
from sandbox import Refused

MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_ENCODED_WORDS = 5000
"""In the mail's own header."""

_TOO_LONG_A_HEADER = "A header in this mail is too long to be read."
_TOO_MANY_WORDS = "The header of this mail is too complicated to be read."
_TOO_MANY_PARTS = f"This mail has more than {MAX_PARTS} parts."
_TOO_DEEP = f"The parts of this mail are nested more than {MAX_DEPTH} deep."

# A boundary ends a header too, where the empty line is missing.
_END_OF_HEADER = re.compile(rb"^(?:\r?\n|(?=--))", re.MULTILINE)
_DELIMITER = re.compile(rb"^--([^\r\n]*)\r?\n?", re.MULTILINE)
_CONTENT_TYPE = re.compile(
    rb"^content-type[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_BOUNDARY = re.compile(rb'boundary[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)


def check_structure(mail: bytes) -> None:
    """Pass a mail that is affordable.

    Raises:
        Refused: it has too long a header, too many encoded words, too many parts, or too deep a structure.
    """
    if mail.count(b"=?", 0, _header_end(mail, 0)) > MAX_ENCODED_WORDS:
        raise Refused(_TOO_MANY_WORDS)
    _Outline(mail).follow()


class _Outline:
    """The multiparts that are open at one place of a mail."""

    def __init__(self, mail: bytes) -> None:
        self._mail = mail
        self._open: list[bytes | None] = []
        """Boundaries from the outside in; None is an embedded message, which has none of its own."""
        self._parts = 0

    def follow(self) -> None:
        self._enter(0)
        for delimiter in _DELIMITER.finditer(self._mail):
            if not any(self._open):
                return  # no boundary is awaited any more
            level, closing = self._level(delimiter[1].rstrip())
            if level is None:
                continue
            del self._open[level + (not closing) :]
            if not closing:
                self._enter(delimiter.end())

    def _level(self, text: bytes) -> tuple[int | None, bool]:
        """Which open multipart a delimiter line belongs to, the innermost first, and whether it ends it."""
        for level in range(len(self._open) - 1, -1, -1):
            boundary = self._open[level]
            if boundary is not None and text in {boundary, boundary + b"--"}:
                return level, text != boundary
        return None, False

    def _enter(self, position: int) -> None:
        """Read the header of a part, and those of the messages embedded in it."""
        while True:
            self._parts += 1
            if self._parts > MAX_PARTS:
                raise Refused(_TOO_MANY_PARTS)
            end = _header_end(self._mail, position)
            kind = _content_type(self._mail, position, end)
            if kind.startswith(b"multipart/"):
                self._open.append(_boundary(kind))
            elif kind.startswith(b"message/"):
                self._open.append(None)
            if len(self._open) > MAX_DEPTH:
                raise Refused(_TOO_DEEP)
            if not kind.startswith(b"message/") or end >= len(self._mail):
                return
            position = end


def _header_end(mail: bytes, position: int) -> int:
    """Where the body begins that belongs to the header at `position`."""
    limit = position + HEADER_LIMIT
    end = _END_OF_HEADER.search(mail, position, limit + 2)
    if end is None and len(mail) > limit:
        raise Refused(_TOO_LONG_A_HEADER)
    return end.end() if end else len(mail)


def _content_type(mail: bytes, position: int, end: int) -> bytes:
    found = _CONTENT_TYPE.search(mail, position, end)
    return found[1].strip() if found else b""


def _boundary(content_type: bytes) -> bytes | None:
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2] or b"").rstrip() or None if found else None
