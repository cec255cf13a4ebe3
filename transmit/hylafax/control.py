"""A connection to hfaxd: commands, replies, and data over a second connection, much as FTP does (RFC 959).

connection = await ControlConnection.open(HostPort("fax.example.net", 4559))  # OSError
await connection.ask("TYPE I")                                                # HylafaxRefusal, ConnectionLost
octets = await connection.fetch("RETR sendq/q17")
connection.close()
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Self, TypeVar

from config.values import HostPort

ANSWER = 30.0
"""Seconds that the server may take for one reply."""
LARGEST_DATA = 16 * 1024 * 1024
"""Octets of a listing or a file that are read."""
_LONGEST_LINE = 64 * 1024
_MOST_LINES = 1000
T = TypeVar("T")
_FIRST = re.compile(r"(\d{3})([ -])(.*)")


class ConnectionLost(OSError):  # noqa: N818 - named as what happened
    """The server went away, or said what no server says: whether it did what was asked is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the server said to a command."""

    code: int
    """RFC 959 §4.2: 1xx begun, 2xx done, 3xx more is needed, 4xx not now, 5xx no."""
    text: str


class HylafaxRefusal(Exception):  # noqa: N818 - named as what happened
    """The server does not do what was asked."""

    def __init__(self, command: str, reply: Reply) -> None:
        """Keeps the command's first word: parameters may be secrets."""
        super().__init__(f"{command.split(maxsplit=1)[0]}: {reply.code} {reply.text}")
        self.reply = reply


class ControlConnection:
    """One logged-out connection; one command at a time."""

    def __init__(self, address: HostPort, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = address.host
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, address: HostPort) -> Self:
        """Connects and waits for the greeting.

        Raises:
            OSError: nobody is there, or it is no server of this protocol.
            HylafaxRefusal: it takes nobody just now.
        """
        reader, writer = await _connected(address.host, address.port)
        connection = cls(address, reader, writer)
        try:
            await connection._greeting()
        except BaseException:
            connection.close()
            raise
        return connection

    async def _greeting(self) -> None:
        greeting = await self._reply()
        while greeting.code // 100 == 1:  # "expect a delay" (RFC 959 §5.4)
            greeting = await self._reply()
        if greeting.code // 100 != 2:  # noqa: PLR2004 - done
            raise HylafaxRefusal("connect", greeting)

    def close(self) -> None:
        """Ends it at once; hfaxd takes away what was not submitted."""
        self._writer.close()

    async def ask(self, command: str, *, wanted: tuple[int, ...] = (2,)) -> Reply:
        """Gives a command and reads its reply.

        Args:
            command: one line.
            wanted: the first digits of replies that are no refusal.

        Raises:
            HylafaxRefusal: the reply is another.
            ConnectionLost: there is none.
        """
        if "\r" in command or "\n" in command:
            raise ValueError("a command is one line")
        try:
            self._writer.write(f"{command}\r\n".encode())
            await self._writer.drain()
        except OSError as problem:
            raise ConnectionLost(str(problem)) from problem
        reply = await self._reply()
        if reply.code // 100 not in wanted:
            raise HylafaxRefusal(command, reply)
        return reply

    async def fetch(self, command: str) -> bytes:
        """The data that a command sends; raises as `ask`."""
        async with self._data(command) as (reader, _, _):
            data = bytearray()
            while piece := await _in_time(reader.read(64 * 1024)):
                data += piece
                if len(data) > LARGEST_DATA:
                    raise ConnectionLost(f"more than {LARGEST_DATA} octets of data")
        return bytes(data)

    async def store(self, command: str, data: bytes) -> Reply:
        """Gives a command its data; the reply that names the file. Raises as `ask`."""
        async with self._data(command) as (_, writer, reply):
            writer.write(data)
            await _in_time(writer.drain())
        return reply

    @contextlib.asynccontextmanager
    async def _data(
        self, command: str
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Reply]]:
        port = await self._data_port()
        reader, writer = await _connected(self._host, port)
        try:
            reply = await self.ask(command, wanted=(1,))
            yield reader, writer, reply
        finally:
            writer.close()
        ended = await self._reply()
        if ended.code // 100 != 2:  # noqa: PLR2004 - done
            raise HylafaxRefusal(command, ended)

    async def _data_port(self) -> int:
        """The port of a data connection: RFC 2428 §3, or RFC 959 §4.1.2 where that is not known.

        The address that PASV names is not used: a server behind a router names one that leads nowhere.
        """
        try:
            reply = await self.ask("EPSV")
            found = re.search(r"\(\|\|\|(\d{1,5})\|\)", reply.text)
        except HylafaxRefusal:
            reply = await self.ask("PASV")
            found = re.search(r"(?:\d+,){4}(\d+),(\d+)", reply.text)
        if found is None:
            raise ConnectionLost(f"no port for data in: {reply.text}")
        high, low = (0, int(found[1])) if found.re.groups == 1 else (int(found[1]), int(found[2]))
        return high * 256 + low

    async def _reply(self) -> Reply:
        """The next reply; RFC 959 §4.2: `123-` begins one of several lines, and `123 ` ends it."""
        first = await self._line()
        found = _FIRST.fullmatch(first)
        if found is None:
            raise ConnectionLost(f"no reply of this protocol: {first[:60]}")
        code, text = found[1], [found[3]]
        if found[2] == "-":
            for _ in range(_MOST_LINES):
                line = await self._line()
                if line.startswith(f"{code} "):
                    break
                text.append(line.removeprefix(f"{code}-"))
        return Reply(code=int(code), text="\n".join(text))

    async def _line(self) -> str:
        try:
            line = await _in_time(self._reader.readline())
        except (OSError, ValueError) as problem:
            raise ConnectionLost(str(problem) or "no reply in time") from problem
        if not line.endswith(b"\n"):
            raise ConnectionLost("the server closed the connection")
        return line.decode("utf-8", "replace").rstrip("\r\n")


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await _in_time(asyncio.open_connection(host, port, limit=_LONGEST_LINE))


async def _in_time(waited_for: Awaitable[T]) -> T:
    """Raises ConnectionLost where it takes too long."""
    try:
        async with asyncio.timeout(ANSWER):
            return await waited_for
    except TimeoutError:
        raise ConnectionLost(f"no answer within {ANSWER:.0f} s") from None
