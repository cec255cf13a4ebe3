"""The octets between DATA and its end (RFC 5321 §4.1.1.4), read in chunks instead of lines.

Only CRLF.CRLF ends a message. A CR or LF on its own is never taken for a line end and makes the message
faulty (RFC 5321 §2.3.8): where two servers differ on what a line end is, a second mail can be smuggled in.
Whatever is wrong with a message, it is read to its end first, so that the dialogue stays in step; past
`DISCARD_FACTOR` times the allowed size it is not worth reading on, and the connection has to be closed.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, Self

IN_MEMORY = 1 << 20
"""Octets of a message that stay in memory while it arrives; a larger one goes to a temporary file."""

DISCARD_FACTOR = 2

_END = b"\r\n.\r\n"


class DataFault(StrEnum):
    """Why a message that arrived cannot be taken."""

    TOO_BIG = "too big"
    ENDLESS = "endless"
    """Far beyond the limit and still coming: the connection cannot be used any more."""
    BARE_LINE_END = "bare CR or LF"
    STORAGE = "no room for it"


@dataclass(frozen=True, slots=True)
class Faulty:
    """A message that was read and thrown away."""

    fault: DataFault
    cause: str = ""
    """For the log."""


def open_spool() -> IO[bytes]:
    """A place for one message: memory at first, a nameless temporary file from `IN_MEMORY` on."""
    return SpooledTemporaryFile(max_size=IN_MEMORY)


@dataclass(frozen=True, slots=True)
class SpooledMessage:
    """A message that arrived: CRLF line ends, dots unstuffed (§4.5.2). To be closed."""

    size: int
    """Octets as they came, stuffed dots included: what the limit is on."""
    place: IO[bytes]

    def octets(self) -> bytes:
        """The whole message, in memory from here on."""
        self.place.seek(0)
        return self.place.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.place.close()


async def read_message(
    reader: asyncio.StreamReader, *, limit: int, spool: Callable[[], IO[bytes]] = open_spool
) -> SpooledMessage | Faulty:
    """Read one message and its end; the next command stays in `reader`.

    Args:
        reader: positioned behind the CRLF of the DATA command.
        limit: octets that a message may have.
        spool: makes the place where it is kept while it arrives.

    Returns:
        The message, or why there is none.
    """
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(spool())
        arriving = _Arriving(place, limit)
        _unread(reader, b"\r\n")
        ended = False
        while not ended and not arriving.endless:
            chunk, ended = await _next_chunk(reader)
            arriving.add(chunk, last=ended)
        if fault := arriving.fault():
            return fault
        stack.pop_all()
        return SpooledMessage(arriving.size, place)


async def _next_chunk(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """Octets up to and with the end of the message, or a buffer full of octets before it."""
    try:
        return await reader.readuntil(_END), True
    except asyncio.LimitOverrunError as overrun:
        # What could be the beginning of the end is not in `consumed`, so the end is never cut in two.
        return await reader.read(overrun.consumed), False


def _unread(reader: asyncio.StreamReader, octets: bytes) -> None:
    """Put octets back: the CRLF that ended DATA is also the one that may stand before the final dot."""
    reader._buffer[:0] = octets  # type: ignore[attr-defined]  # noqa: SLF001 - StreamReader has no public way


class _Arriving:
    """A message while it arrives: checked, unstuffed and kept, chunk by chunk."""

    def __init__(self, place: IO[bytes], limit: int) -> None:
        self._place = place
        self._limit = limit
        self.size = -len(b"\r\n")  # the CRLF of DATA is in the first chunk and no part of the message
        self._held_back = b""
        self._at_start = True
        self._faulty: Faulty | None = None

    @property
    def endless(self) -> bool:
        return self.size > self._limit * DISCARD_FACTOR + len(_END)

    def add(self, chunk: bytes, *, last: bool) -> None:
        self.size += len(chunk) - (len(b".\r\n") if last else 0)
        if self.size > self._limit:
            self._faulty = self._faulty or Faulty(DataFault.TOO_BIG)
        if self._faulty:
            return
        octets = self._held_back + chunk
        if last:
            octets, self._held_back = octets[: -len(b".\r\n")], b""
        else:
            octets, self._held_back = _split_before_line_end(octets)
        self._keep(octets)

    def _keep(self, octets: bytes) -> None:
        line_ends = octets.count(b"\r\n")
        if octets.count(b"\n") != line_ends or octets.count(b"\r") != line_ends:
            self._faulty = Faulty(DataFault.BARE_LINE_END)
            return
        octets = octets.replace(b"\r\n.", b"\r\n")
        if self._at_start and octets:
            octets, self._at_start = octets[len(b"\r\n") :], False
        try:
            # Into memory or the page cache: a wait for the disk would be shorter than a change of threads.
            self._place.write(octets)
        except OSError as error:
            self._faulty = Faulty(DataFault.STORAGE, str(error))

    def fault(self) -> Faulty | None:
        return Faulty(DataFault.ENDLESS) if self.endless else self._faulty


def _split_before_line_end(octets: bytes) -> tuple[bytes, bytes]:
    """Octets that can be judged now, and a line end at their end that belongs to what follows."""
    for unfinished in (b"\r\n", b"\r"):
        if octets.endswith(unfinished):
            return octets[: -len(unfinished)], unfinished
    return octets, b""
