"""SIP over TCP and TLS (RFC 3261 §18, RFC 5922): connections that are made where they are needed and kept.

Whoever sends names an address, as with datagrams; the connection to it is used, or made. An answer to a
request goes back on the connection that it came on. A connection that cannot be made, or that breaks, is told
to `on_broken`, so that nobody waits for timers; and one whose peer acknowledges nothing any more counts as
broken long before the kernel would think so.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import cast

import structlog

from config.values import HostPort
from transmit.sip.framing import PING, PONG, MessageSplitter
from transmit.sip.message import SipError
from transmit.sip.transport import Receiver

log = structlog.get_logger(__name__)

OnBroken = Callable[[HostPort, str, bool], None]
"""Called with the peer's address, the reason, and whether there had been a connection."""

CONNECT_SECONDS = 5.0
_UNACKNOWLEDGED = 10_000
"""Milliseconds in which the peer's TCP has to acknowledge what is sent (RFC 5482): behind a router that has
forgotten the connection nobody would ever answer."""
_PEERS = 64
"""Connections that peers may have made at one time."""
_UNSENT = 1024 * 1024
"""Octets that wait for a peer that does not read, before it is given up."""


class _Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, owner: "StreamTransport", *, ours: bool) -> None:
        self._owner = owner
        self.ours = ours
        """Whether we made it."""
        self._splitter = MessageSplitter()
        self._stream: asyncio.Transport | None = None
        self.peer = HostPort("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over from asyncio."""
        self._stream = cast("asyncio.Transport", transport)
        channel = transport.get_extra_info("socket")
        channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED)
        self.peer = HostPort(*transport.get_extra_info("peername")[:2])
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Hands whole messages up, and answers the peer's signs of life."""
        try:
            for message in self._splitter.feed(data):
                if message == PING:
                    self.send(PONG)
                else:
                    self._owner.receiver(message, self.peer)
        except SipError as fault:
            log.info("sip_stream_dropped", peer=str(self.peer), reason=str(fault))
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._owner.lost(self, str(exc) if exc else "the connection was closed")

    def send(self, octets: bytes) -> None:
        """Sends; a peer that takes nothing any more is given up."""
        if self._stream is None or self._stream.is_closing():
            return
        self._stream.write(octets)
        if self._stream.get_write_buffer_size() > _UNSENT:
            self.abort()

    def abort(self) -> None:
        """Closes at once."""
        if self._stream is not None:
            self._stream.abort()


class StreamTransport:
    """Connections to and from any number of peers."""

    def __init__(
        self, receiver: Receiver, on_broken: OnBroken, tls: ssl.SSLContext | None = None, name: str = ""
    ) -> None:
        """Makes it; `open_streams` opens it.

        Args:
            receiver: takes each message and where it came from.
            on_broken: told of peers that cannot be reached any more.
            tls: for connections of ours; without it they are plain TCP.
            name: the name that a peer's certificate must have.
        """
        self.receiver = receiver
        self._on_broken = on_broken
        self._tls = tls
        self._name = name
        self._address = HostPort("", 0)
        self._server: asyncio.Server | None = None
        self._connections: dict[HostPort, _Connection] = {}
        self._unsent: dict[HostPort, list[bytes]] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._closed = False
        self._gone = asyncio.Event()

    @property
    def address(self) -> HostPort:
        """Where peers may connect to; with TLS, where nobody may, the address that was given."""
        return self._address

    async def open(self, listen: HostPort) -> None:
        """Listens for connections of peers. With TLS nobody is listened to: a trunk uses our connection.

        Raises:
            OSError: the address is not ours, or its port is taken.
        """
        self._address = listen
        if self._tls is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: _Connection(self, ours=False), listen.host, listen.port, backlog=_PEERS
            )
            self._address = HostPort(*self._server.sockets[0].getsockname()[:2])

    def send(self, datagram: bytes, destination: HostPort) -> None:
        """Sends a message on the connection to `destination`, which is made if there is none."""
        connection = self._connections.get(destination)
        if connection is not None:
            connection.send(datagram)
        elif destination in self._unsent:
            self._unsent[destination].append(datagram)
        elif not self._closed:
            self._unsent[destination] = [datagram]
            task = asyncio.get_running_loop().create_task(self._connect(destination))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def close(self) -> None:
        """Closes all connections; when it returns, the port is free."""
        self._closed = True
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        for connection in [*self._connections.values()]:
            connection.abort()
        while self._connections:
            self._gone.clear()
            await self._gone.wait()

    def opened(self, connection: _Connection) -> None:
        """A connection is there."""
        guests = sum(not known.ours for known in self._connections.values())
        if self._closed or (not connection.ours and guests >= _PEERS):
            log.warning("sip_connection_refused", peer=str(connection.peer), connections=guests)
            connection.abort()
            return
        self._connections[connection.peer] = connection

    def lost(self, connection: _Connection, reason: str) -> None:
        """A connection is gone."""
        if self._connections.get(connection.peer) is connection:
            del self._connections[connection.peer]
            self._gone.set()
            if not self._closed:
                self._on_broken(connection.peer, reason, True)

    async def _connect(self, destination: HostPort) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self, ours=True),
                    destination.host,
                    destination.port,
                    ssl=self._tls,
                    server_hostname=self._name if self._tls is not None else None,
                )
        except (OSError, TimeoutError) as fault:
            self._unsent.pop(destination, None)
            self._on_broken(destination, _reason(fault), False)
            return
        for message in self._unsent.pop(destination, []):
            connection.send(message)


def _reason(fault: Exception) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {fault.verify_message}"
    if isinstance(fault, TimeoutError):
        return "no connection in time"
    # asyncio's own words are "Connect call failed" and an address.
    number = fault.errno if isinstance(fault, OSError) and not isinstance(fault, ssl.SSLError) else None
    return os.strerror(number) if number else str(fault)


async def open_streams(
    listen: HostPort,
    receiver: Receiver,
    on_broken: OnBroken,
    *,
    tls: ssl.SSLContext | None = None,
    name: str = "",
) -> StreamTransport:
    """A transport for TCP, or with `tls` for TLS; see `StreamTransport`.

    Raises:
        OSError: the address is not ours, or its port is taken.
    """
    transport = StreamTransport(receiver, on_broken, tls, name)
    await transport.open(listen)
    return transport
