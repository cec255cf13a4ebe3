"""Messages in and out: the lowest layer, and the seam where tests lose packets or leave the network out.

Datagrams (UDP) are here; connections (TCP, TLS) are in `sip.streams`, with the same methods.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol, cast

import structlog

from config.values import HostPort

log = structlog.get_logger(__name__)

Receiver = Callable[[bytes, HostPort], None]
"""Called with each datagram and where it came from."""


class TransportKind(StrEnum):
    """What carries SIP, as Via names it (RFC 3261 §20.42)."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"

    @property
    def default_port(self) -> int:
        """The port where none is named (RFC 3261 §19.1.2)."""
        return 5061 if self is TransportKind.TLS else 5060

    @property
    def is_reliable(self) -> bool:
        """Whether nothing need be repeated (RFC 3261 §17)."""
        return self is not TransportKind.UDP


class Transport(Protocol):
    """A bound socket."""

    @property
    def address(self) -> HostPort:
        """What it is bound to, with the port that the kernel chose."""

    def send(self, datagram: bytes, destination: HostPort) -> None:
        """Sends; a datagram that the network refuses is lost, as any may be."""

    async def close(self) -> None:
        """Frees the port; when it returns, the port is free."""


OpenTransport = Callable[[HostPort, Receiver], Awaitable[Transport]]
"""Binds an address; raises OSError where that fails."""


class UdpTransport(asyncio.DatagramProtocol):
    """SIP over UDP (RFC 3261 §18)."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._socket: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    @property
    def address(self) -> HostPort:
        """What it is bound to."""
        if self._socket is None:
            raise RuntimeError("the transport is not open")
        return HostPort(*self._socket.get_extra_info("sockname")[:2])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the socket over from asyncio."""
        self._socket = cast("asyncio.DatagramTransport", transport)  # no subclass of it before Python 3.12

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The socket is closed."""
        self._closed.set()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Hands a datagram up."""
        self._receiver(data, HostPort(str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        """Notes what ICMP said; the transaction's timers decide what it means."""
        log.debug("sip_network_error", error=str(exc))

    def send(self, datagram: bytes, destination: HostPort) -> None:
        """Sends, unless the socket is closed already."""
        if self._socket is not None and not self._socket.is_closing():
            self._socket.sendto(datagram, destination)

    async def close(self) -> None:
        """Frees the port."""
        if self._socket is not None:
            self._socket.close()
            await self._closed.wait()


async def open_udp(listen: HostPort, receiver: Receiver) -> Transport:
    """A bound UDP transport.

    Raises:
        OSError: the address is not ours, or its port is taken.
    """
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(
        lambda: UdpTransport(receiver), local_addr=(listen.host, listen.port)
    )
    return protocol


def own_address_towards(destination: HostPort) -> str:
    """Our address that packets to `destination` leave from: asks the routing table, sends nothing."""
    family = socket.AF_INET6 if ":" in destination.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((destination.host, destination.port or 9))
        return str(probe.getsockname()[0])


async def resolve(destination: HostPort, family: socket.AddressFamily) -> tuple[HostPort, ...]:
    """The addresses of a host name, the best one first; a literal is itself, without asking anyone.

    Raises:
        OSError: the name has no address.
    """
    try:
        socket.inet_pton(family, destination.host)
    except OSError:
        found = await asyncio.get_running_loop().getaddrinfo(
            destination.host, destination.port, family=family, type=socket.SOCK_DGRAM
        )
        return tuple(dict.fromkeys(HostPort(str(each[4][0]), destination.port) for each in found))
    return (destination,)
