"""What the lines of an IMAP server say, as aioimaplib hands them on. Pure.

aioimaplib takes the leading `* ` away and gives a literal as a `bytearray` of its own between two lines.
Lines that nobody asked for may stand among the others (RFC 3501 §7), so each is looked at for what it says.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Line = bytes | bytearray

_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY ([0-9]{1,10})\]", re.IGNORECASE)
_UIDS = re.compile(rb"(?:SEARCH )?([0-9]+(?: [0-9]+)*) ?")
_UID = re.compile(rb"\bUID ([0-9]{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE ([0-9]{1,12})\b", re.IGNORECASE)
_INTERNAL_DATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"', re.IGNORECASE)
_BODY = re.compile(rb"\bBODY\[\] \{[0-9]+\}$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """What the server says of a message before it is fetched."""

    size: int
    """Octets; not always exact."""
    arrived: str
    """INTERNALDATE as the server writes it; it stays the same when UIDVALIDITY changes."""


def uidvalidity(lines: Iterable[Line]) -> int | None:
    """What a SELECT says of the validity of UIDs (RFC 3501 §2.3.1.1)."""
    found = [match for line in lines if (match := _UIDVALIDITY.search(line))]
    return int(found[-1][1]) if found else None


def is_read_only(lines: Sequence[Line]) -> bool:
    """Whether a SELECT gave no right to change anything."""
    return any(b"[READ-ONLY]" in line.upper() for line in lines[-1:])


def uids(lines: Iterable[Line]) -> tuple[int, ...]:
    """The UIDs of a UID SEARCH, each once, in ascending order."""
    found = (_UIDS.fullmatch(line) for line in lines)
    return tuple(sorted({int(number) for match in found if match for number in match[1].split()}))


def announced(lines: Iterable[Line]) -> dict[int, Announced]:
    """The messages of a `UID FETCH … (UID RFC822.SIZE INTERNALDATE)` by UID."""
    messages = {}
    for line in lines:
        uid, size, date = _UID.search(line), _SIZE.search(line), _INTERNAL_DATE.search(line)
        if uid and size:
            arrived = date[1].decode("ascii", errors="replace").strip() if date else ""
            messages[int(uid[1])] = Announced(size=int(size[1]), arrived=arrived)
    return messages


def message(lines: Sequence[Line], uid: int) -> bytearray | None:
    """The message of a `UID FETCH uid (UID BODY.PEEK[])`; None if the server did not give it."""
    for before, literal, after in _literals(lines):
        found = _UID.search(before) or _UID.search(after)
        if _BODY.search(before) and found and int(found[1]) == uid:
            return literal
    return None


def _literals(lines: Sequence[Line]) -> Iterator[tuple[Line, bytearray, Line]]:
    """Every literal with the line that announces it and the one that follows."""
    for number, line in enumerate(lines):
        if isinstance(line, bytearray) and number:
            yield lines[number - 1], line, lines[number + 1] if number + 1 < len(lines) else b""
