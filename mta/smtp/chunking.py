"""BDAT (RFC 3030): a message in chunks whose length is told beforehand."""

import asyncio
import re
from dataclasses import dataclass

from mta.reply import Reply
from mta.smtp.data import ArrivingMessage

_ARGUMENT = re.compile(r"(?P<size>[0-9]{1,19})(?P<last> +LAST)?", re.IGNORECASE)
_AT_ONCE = 1 << 16

BAD_CHUNK = Reply(501, "5.5.4", "BDAT has a number of octets, and LAST with the last; closing the connection")
"""Where the next command begins cannot be known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """What BDAT announces."""

    size: int
    """Octets that follow the command."""
    last: bool


def parse_chunk(argument: str) -> Chunk | None:
    """What the argument of BDAT announces, or None if it is malformed."""
    found = _ARGUMENT.fullmatch(argument)
    return Chunk(size=int(found["size"]), last=bool(found["last"])) if found else None


async def read_chunk(reader: asyncio.StreamReader, size: int, arriving: ArrivingMessage | None) -> None:
    """Read a chunk into a message; into nothing where there is none.

    Raises:
        IncompleteReadError: the client left before the end.
    """
    left = size
    while left:
        octets = await reader.read(min(left, _AT_ONCE))
        if not octets:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(octets)
        if arriving:
            arriving.add(octets)
