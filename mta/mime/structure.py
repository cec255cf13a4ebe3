"""The parts of a mail (RFC 2046 §5.1), found in one pass that builds nothing but them.

Bodies stay where they are in the mail until somebody wants one, so a mail takes little more memory than it
has octets, whatever its lines look like. (The standard library's parser makes an object of every line: a mail
of 50 MB in short lines took more than 1 GB, 3,000 nested multiparts ended in a RecursionError.) Time is
bounded by limits on parts, depth and headers. A message inside the mail is one part; what is in it is the
business of whoever reads that message.
"""

import re

from mta.mime.fields import HeaderTooLong, read_fields
from mta.mime.part import MESSAGE, TEXT, Part
from sandbox import Refused

MAX_PARTS = 1000
MAX_DEPTH = 50
MAX_HEADERS = 4 * 1024 * 1024
"""Octets of the headers of all parts together."""

MAX_LOOKED_AT = 1_000_000
"""Lines that begin like a boundary and may be none."""

_TOO_LONG_A_HEADER = "A header in this mail is too long to be read."
_TOO_MANY_PARTS = f"This mail has more than {MAX_PARTS} parts."
_TOO_DEEP = f"The parts of this mail are nested more than {MAX_DEPTH} deep."

_TOO_COMPLICATED = "This mail is too complicated to be read."

_PREAMBLE = 4096
"""Octets within which a boundary is looked for that the header does not tell."""
_FIRST_BOUNDARY = re.compile(
    rb"\n--([^\s][^\r\n]{0,199}?)[ \t]*\r?\nContent-[A-Za-z-]+[ \t]*:", re.IGNORECASE
)
_MAILBOX_LINE = re.compile(rb">?From [^\n]*\n")  # what Unix mailboxes put before a mail


def read_structure(mail: bytes) -> Part:
    """The mail as a tree of parts.

    Raises:
        Refused: it has too long a header, too many parts, or too deep a structure.
    """
    return _Reader(mail).read()


class _Reader:
    """Follows the boundaries from the mail's beginning to its end."""

    def __init__(self, mail: bytes) -> None:
        self._mail = mail
        self._open: list[Part] = []
        """Multiparts whose last boundary has not come, from the outside in."""
        self._await_boundaries()
        self._parts = 0
        self._headers = 0
        self._looked_at = 0

    def read(self) -> Part:
        mailbox_line = _MAILBOX_LINE.match(self._mail)
        root = latest = self._begin(mailbox_line.end() if mailbox_line else 0, TEXT)
        position = root.start
        # A boundary begins with the end of the line before it; the first may stand right behind a header.
        while self._open and (delimiter := self._delimiter.search(self._mail, max(position - 1, 0))):
            position = delimiter.end() + 1
            self._look_at_one_more()
            level, closing = self._level(delimiter[1].rstrip())
            if level is None:
                continue
            for part in (latest, *self._open[level + (not closing) :]):
                part.end(self._without_line_end(delimiter.start()))
            del self._open[level + (not closing) :]
            self._await_boundaries()
            if not closing:
                parent = self._open[level]
                latest = self._begin(self._next_line(position - 1), _default_type(parent))
                parent.inner.append(latest)
                position = latest.start
        return root

    def _await_boundaries(self) -> None:
        self._awaited = {part.boundary: level for level, part in enumerate(self._open)}
        """Where in `_open` each boundary belongs; of equal ones the innermost."""
        first = b"".join(re.escape(boundary[:1]) for boundary in self._awaited) or b"-"
        self._delimiter = re.compile(rb"\n--([" + first + rb"][^\n]{0,1000})")

    def _look_at_one_more(self) -> None:
        self._looked_at += 1
        if self._looked_at > MAX_LOOKED_AT:
            raise Refused(_TOO_COMPLICATED)

    def _level(self, text: bytes) -> tuple[int | None, bool]:
        """Which open multipart a delimiter line belongs to, and whether it is its last."""
        opening = self._awaited.get(text, -1)
        closing = self._awaited.get(text[:-2], -1) if text.endswith(b"--") else -1
        level = max(opening, closing)
        return (level if level >= 0 else None), closing > opening

    def _begin(self, position: int, default_type: str) -> Part:
        """Read the header of a part."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Refused(_TOO_MANY_PARTS)
        try:
            fields, start = read_fields(self._mail, position, len(self._mail))
        except HeaderTooLong as problem:
            raise Refused(_TOO_LONG_A_HEADER) from problem
        self._headers += start - position
        if self._headers > MAX_HEADERS:
            raise Refused(_TOO_LONG_A_HEADER)
        part = Part(self._mail, fields, start=start, default_type=default_type)
        if part.media_type.startswith("multipart/") and not self._is_divided_as_said(part):
            part.assumed_boundary = self._boundary_seen(start)
        if part.boundary:
            self._open.append(part)
            self._await_boundaries()
        if len(self._open) > MAX_DEPTH:
            raise Refused(_TOO_DEEP)
        return part

    def _is_divided_as_said(self, part: Part) -> bool:
        """Whether the boundary is named, and that of the whole mail comes; of inner ones it is believed."""
        boundary = part.boundary
        return bool(boundary) and (self._parts > 1 or self._mail.find(b"--" + boundary, part.start) >= 0)

    def _boundary_seen(self, start: int) -> bytes:
        """What the body that begins there is divided by, if its first line that looks like it shows that."""
        found = _FIRST_BOUNDARY.search(self._mail, max(start - 1, 0), start + _PREAMBLE)
        return found[1] if found else b""

    def _next_line(self, position: int) -> int:
        """Where the line behind the one at `position` begins."""
        end = self._mail.find(b"\n", position)
        return len(self._mail) if end < 0 else end + 1

    def _without_line_end(self, position: int) -> int:
        """The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1)."""
        return position - self._mail.startswith(b"\r", position - 1) if position else 0


def _default_type(multipart: Part) -> str:
    return MESSAGE if multipart.media_type == "multipart/digest" else TEXT  # RFC 2046 §5.1.5
