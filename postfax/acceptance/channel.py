"""What the service and its accept workers say to each other, over a socket pair.

The service sends a `Setup` first and a `NewPolicy` after each reload; a worker answers `Ready`, or `Failed`
with a sentence, and later `Accepted` when mails have come in. Objects are pickled: both ends are the same
program of the same user. The end of the channel is an order too: a worker whose parent is gone stops.
"""

import asyncio
import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Self

from config.mail import Listener
from config.policy import Policy
from config.server import ServerSettings

_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """All that a worker begins with."""

    number: int
    """Of the worker, from 0."""
    settings: ServerSettings
    policy: Policy
    sockets: tuple[tuple[Listener, int], ...]
    """Each listener with the descriptor of the worker's own socket, which it inherited."""
    counts: int
    """The descriptor of what all workers count together (`mta.smtp.shared_counts`), inherited too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPolicy:
    """The policy that holds from now on; also a moment to look for a renewed certificate."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker takes mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The worker cannot start."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Mails have come in since this was said last."""


Message = Setup | NewPolicy | Ready | Failed | Accepted


class Channel:
    """One end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def on(cls, end: socket.socket) -> Self:
        """A channel on one end of a socket pair, which belongs to it from here on."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: Message) -> None:
        """Say something; it is on its way, and lost if the other end is gone."""
        octets = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._writer.write(_LENGTH.pack(len(octets)) + octets)

    async def receive(self) -> Message | None:
        """The next message; None when the other end is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            message: Message = pickle.loads(await self._reader.readexactly(length))  # noqa: S301 - from ourselves
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return message

    def close(self) -> None:
        """Say nothing more."""
        self._writer.close()
