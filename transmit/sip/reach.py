"""What a user agent stands on: the clock of its event loop, and how its peers reach it."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from transmit.sip.transaction import Timer
from transmit.sip.transport import TransportKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How a user agent and its peers reach each other."""

    kind: TransportKind = TransportKind.UDP
    public_address: IPv4Address | IPv6Address | None = None
    """Our address as peers see it, where that is another one (NAT)."""
    tls: ssl.SSLContext | None = None
    """For TLS: which certificates are believed, and our own."""
    peer_name: str = ""
    """For TLS: the name that the peer's certificate must have (RFC 5922)."""


class LoopClock:
    """The running event loop as a `Scheduler`."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        """Calls back after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)
