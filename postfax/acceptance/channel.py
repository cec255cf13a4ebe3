"""What the service and its accept workers say to each other, over a socket pair.

The service sends a `Setup` first, a `NewPolicy` after each change of it, and a `Renew` when somebody asks
for a reload; a worker answers `Ready`, or `Failed` with a sentence, and later `Accepted` when mails have come
in. Objects are pickled: both ends are the same program of the same user. The end of the channel is an order
too: a worker whose parent is gone stops.

A policy of 50,000 users takes a second to pickle and more than half a second to read. Both are done in a
thread, in portions: between two of them Python lets the event loop go on.
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
from postfax.collector import collector_paused

_LENGTH = struct.Struct("!I")
_PORTION = 64 * 1024
"""Octets that pickle handles at one go."""


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
    """The policy that holds from now on."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class Renew:
    """A moment to look for a renewed certificate."""


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


Message = Setup | NewPolicy | Renew | Ready | Failed | Accepted


class _Portions:
    """A file of what is pickled: at each of pickle's calls of it, other threads have their turn."""

    def __init__(self, octets: bytes = b"") -> None:
        self._written: list[bytes] = []
        self._unread = memoryview(octets)

    def write(self, octets: bytes | memoryview) -> int:
        self._written.append(bytes(octets))
        return len(octets)

    def read(self, count: int) -> bytes:
        portion, self._unread = self._unread[:count], self._unread[count:]
        return bytes(portion)

    def readline(self) -> bytes:
        raise AssertionError("only text pickles are read by the line")

    @property
    def octets(self) -> bytes:
        return b"".join(self._written)


def pack(message: Message) -> bytes:
    """A message as octets; in a thread where it has a policy in it."""
    portions = _Portions()
    pickle.Pickler(portions, pickle.HIGHEST_PROTOCOL).dump(message)
    return portions.octets


def unpack(octets: bytes) -> Message:
    """The message that was packed."""
    message: Message = pickle.Unpickler(_Portions(octets)).load()  # noqa: S301 - from ourselves
    return message


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
        """Say something short; it is on its way, and lost if the other end is gone."""
        self.send_packed(pack(message))

    def send_packed(self, octets: bytes) -> None:
        """Say what was packed before, once for several channels."""
        self._writer.writelines((_LENGTH.pack(len(octets)), octets))

    async def receive(self) -> Message | None:
        """The next message; None when the other end is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            octets = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        if length <= _PORTION:
            return unpack(octets)
        with collector_paused():
            return await asyncio.to_thread(unpack, octets)

    def close(self) -> None:
        """Say nothing more."""
        self._writer.close()
