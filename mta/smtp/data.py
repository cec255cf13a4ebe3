"""A message while it arrives: by DATA (RFC 5321 §4.1.1.4) in chunks instead of lines, or by BDAT (RFC 3030).

Only CRLF.CRLF ends a message of DATA. A CR or LF on its own is never taken for a line end and makes the
message faulty (RFC 5321 §2.3.8): where two servers differ on what a line end is, a second mail can be
smuggled in. Whatever is wrong with a message, it is read to its end first, to keep the dialogue in step; past
`DISCARD_FACTOR` times the allowed size it is not worth reading on, and the connection has to be closed.

A message of up to `IN_MEMORY` octets stays in memory; a larger one goes on to the file that it is kept in.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from mta.dedupe import ContentDigest
from mta.header_scan import HEADER_LIMIT
from store.bodies import ROW_LIMIT
from store.incoming import IncomingBody, OpenBody

IN_MEMORY = ROW_LIMIT
"""Octets: what the book keeps in a row."""

DISCARD_FACTOR = 2

_END = b"\r\n.\r\n"
_PIECE = 1 << 16


class DataFault(StrEnum):
    """Why a message that arrived cannot be taken."""

    TOO_BIG = "too big"
    ENDLESS = "endless"
    """Far beyond the limit and still coming: the connection cannot be used any more."""
    BARE_LINE_END = "bare CR or LF"
    STORAGE = "no room for it"
    CROWDED = "too much is arriving at this time"


@dataclass(frozen=True, slots=True)
class Faulty:
    """A message that was read and thrown away."""

    fault: DataFault
    cause: str = ""
    """For the log."""


class SpooledMessage:
    """A message that arrived: CRLF line ends, dots unstuffed (RFC 5321 §4.5.2).

    To be closed, or handed over.
    """

    def __init__(self, body: bytes | IncomingBody, content: ContentDigest) -> None:
        self.content = content
        """Made on the way."""
        self._body = body
        self._ours = True

    @property
    def size(self) -> int:
        """Octets."""
        return len(self._body) if isinstance(self._body, bytes) else self._body.size

    def head(self) -> bytes:
        """The beginning, which has the header block or shows that it is too large."""
        if isinstance(self._body, bytes):
            return self._body
        return self._body.read(0, HEADER_LIMIT + 4)

    def read(self, offset: int, count: int) -> bytes:
        """At most so many octets from there on."""
        if isinstance(self._body, bytes):
            return self._body[offset : offset + count]
        return self._body.read(offset, count)

    def octets(self) -> bytes:
        """The whole message, in memory from here on."""
        return self._body if isinstance(self._body, bytes) else self._body.octets()

    def hand_over(self) -> bytes | IncomingBody:
        """The body, which is the caller's to keep or to discard from here on."""
        self._ours = False
        return self._body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours and not isinstance(self._body, bytes):
            self._body.discard()


class ArrivingMessage:
    """What has come of a message: checked, unstuffed, digested and kept, piece by piece."""

    def __init__(self, *, limit: int, open_body: OpenBody) -> None:
        """Nothing has come.

        Args:
            limit: octets that the message may have.
            open_body: makes the file of a large one.
        """
        self._limit = limit
        self._open_body = open_body
        self._size = 0
        self._seen = 0
        self._held_back = b""
        self._at_start = True
        self._fault: Faulty | None = None
        self._content = ContentDigest()
        self._memory = bytearray()
        self._file: IncomingBody | None = None

    @property
    def fault(self) -> Faulty | None:
        """Why it cannot be taken, as far as that is known."""
        return self._fault

    @property
    def endless(self) -> bool:
        """Whether it is not worth reading on."""
        return self._seen > self._limit * DISCARD_FACTOR + len(_END)

    def add_stuffed(self, octets: bytes, *, last: bool) -> None:
        """The next octets of DATA, from the CRLF of the command on to the final dot's."""
        self._seen += len(octets)
        if self._fault:
            return
        octets = self._held_back + octets
        if last:
            octets, self._held_back = octets[: -len(b".\r\n")], b""
        else:
            octets, self._held_back = _split_before_line_end(octets)
        if not octets or not self._lines_are_whole(octets):
            return
        octets = octets.replace(b"\r\n.", b"\r\n")
        if self._at_start:
            octets, self._at_start = octets[len(b"\r\n") :], False
        self._keep(octets)

    def add(self, octets: bytes) -> None:
        """The next octets of BDAT."""
        self._seen += len(octets)
        if self._fault:
            return
        octets = self._held_back + octets
        octets, self._held_back = (octets[:-1], b"\r") if octets.endswith(b"\r") else (octets, b"")
        if self._lines_are_whole(octets):
            self._keep(octets)

    def fail(self, fault: DataFault, cause: str = "") -> None:
        """Take note that it cannot be taken, whatever comes; what came is given up."""
        self._fault = self._fault or Faulty(fault, cause)
        self.discard()

    def finish(self) -> SpooledMessage | Faulty:
        """The message, or why there is none. Nothing may be added any more."""
        if self._held_back:
            self.fail(DataFault.BARE_LINE_END)
        if self.endless:
            self._fault = Faulty(DataFault.ENDLESS)
        if self._fault:
            self.discard()
            return self._fault
        file, self._file = self._file, None
        return SpooledMessage(file or bytes(self._memory), self._content)

    def discard(self) -> None:
        """Give it up."""
        self._memory.clear()
        if self._file:
            self._file.discard()

    def _lines_are_whole(self, octets: bytes) -> bool:
        rest = octets.replace(b"\r\n", b"")
        if b"\r" in rest or b"\n" in rest:
            self.fail(DataFault.BARE_LINE_END)
        return self._fault is None

    def _keep(self, octets: bytes) -> None:
        self._size += len(octets)
        if self._size > self._limit:
            self.fail(DataFault.TOO_BIG)
            return
        self._content.add(octets)
        try:
            self._write(octets)
        except OSError as error:
            self.fail(DataFault.STORAGE, str(error))

    def _write(self, octets: bytes) -> None:
        # Into memory or the page cache: a wait for the disk would be shorter than a change of threads.
        if self._file is None and len(self._memory) + len(octets) <= IN_MEMORY:
            self._memory += octets
            return
        if self._file is None:
            self._file = self._open_body()
            self._file.write(bytes(self._memory))
            self._memory.clear()
        self._file.write(octets)


class DataFeed:
    """What comes behind DATA, handed on in pieces of some size up to the end of the message.

    It is fed by the connection itself: a task that woke up for each packet would cost more than the packet.
    """

    def __init__(self, arriving: ArrivingMessage, *, piece: int = _PIECE) -> None:
        """Nothing has come. `piece`: octets that are handed on at one time, at least."""
        self.arriving = arriving
        self._piece = piece
        # The CRLF of the command is also the one that may stand before the final dot.
        self._buffer = bytearray(b"\r\n")
        self._searched = 0

    def feed(self, octets: bytes) -> bytes | None:
        """Take octets in; those that follow the message once it has ended, before that None.

        A message that is not worth reading on has ended too.
        """
        self._buffer += octets
        end = self._buffer.find(_END, self._searched)
        if end >= 0:
            end += len(_END)
            self.arriving.add_stuffed(bytes(self._buffer[:end]), last=True)
            return bytes(self._buffer[end:])
        # What could be the beginning of the end stays, so that the end is never cut in two.
        self._searched = max(0, len(self._buffer) - len(_END) + 1)
        if self._searched >= self._piece:
            self.arriving.add_stuffed(bytes(self._buffer[: self._searched]), last=False)
            del self._buffer[: self._searched]
            self._searched = 0
        return b"" if self.arriving.endless else None


def _split_before_line_end(octets: bytes) -> tuple[bytes, bytes]:
    """Octets that can be judged now, and a line end at their end that belongs to what follows."""
    for unfinished in (b"\r\n", b"\r"):
        if octets.endswith(unfinished):
            return octets[: -len(unfinished)], unfinished
    return octets, b""
