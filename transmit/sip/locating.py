"""Where a SIP domain's servers are, and what carries SIP to them (RFC 3263): NAPTR, SRV, addresses.

The DNS comes in as `Records`; the order among equals is drawn anew each time, as RFC 2782 wants it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from random import Random
from typing import Protocol

import structlog

from config.values import HostPort
from transmit.sip.transport import TransportKind

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Naptr:
    """One NAPTR record (RFC 3403)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str
    """A name, without its final dot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Srv:
    """One SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str
    """A name, without its final dot; empty where the service is not offered."""


class Records(Protocol):
    """The DNS: what it does not have, or does not tell now, is empty."""

    async def naptr(self, name: str) -> Sequence[Naptr]:
        """NAPTR records."""

    async def srv(self, name: str) -> Sequence[Srv]:
        """SRV records."""


class NoRecords:
    """No DNS at all: names have addresses alone."""

    async def naptr(self, name: str) -> Sequence[Naptr]:
        """None."""
        del name
        return ()

    async def srv(self, name: str) -> Sequence[Srv]:
        """None."""
        del name
        return ()


Addresses = Callable[[HostPort], Awaitable[tuple[HostPort, ...]]]
"""The addresses of a host name; raises OSError where it has none."""

SERVICES = {
    "SIPS+D2T": TransportKind.TLS,
    "SIP+D2T": TransportKind.TCP,
    "SIP+D2U": TransportKind.UDP,
}  # RFC 3263 §4.1
_LABELS = {
    TransportKind.UDP: "_sip._udp",
    TransportKind.TCP: "_sip._tcp",
    TransportKind.TLS: "_sips._tcp",
}  # §4.1, in our order of preference where NAPTR says nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """Servers of one kind."""

    kind: TransportKind
    servers: tuple[HostPort, ...]
    """Addresses, the first choice first; never empty."""


class Locator:
    """Finds servers."""

    def __init__(self, records: Records, addresses: Addresses, random: Random) -> None:
        self._records = records
        self._addresses = addresses
        self._random = random

    async def locate(self, host: str, port: int | None, kind: TransportKind | None) -> Located:
        """The servers of a SIP URI.

        Args:
            host: its host.
            port: its port; None where it has none.
            kind: what must carry it; None to let the DNS say (§4.1).

        Raises:
            OSError: no server has an address.
        """
        if port is not None or _is_literal(host):
            chosen = kind or TransportKind.UDP
            at = HostPort(host, port or chosen.default_port)
            return Located(kind=chosen, servers=await self._addresses(at))
        for offered, name in await self._services(host, kind):
            records = await self._records.srv(name)
            if records:
                return Located(kind=offered, servers=await self._servers(name, records))
        chosen = kind or TransportKind.UDP
        return Located(kind=chosen, servers=await self._addresses(HostPort(host, chosen.default_port)))

    async def _services(self, host: str, kind: TransportKind | None) -> list[tuple[TransportKind, str]]:
        """Which SRV names to ask for, the first choice first."""
        if kind is not None:
            return [(kind, f"{_LABELS[kind]}.{host}")]
        records = sorted(await self._records.naptr(host), key=lambda each: (each.order, each.preference))
        found = [
            (SERVICES[each.service.upper()], each.replacement)
            for each in records
            if each.service.upper() in SERVICES and each.flags.lower() == "s" and each.replacement
        ]
        return found or [(offered, f"{label}.{host}") for offered, label in _LABELS.items()]

    async def _servers(self, name: str, records: Sequence[Srv]) -> tuple[HostPort, ...]:
        """The addresses of the servers, in order; one whose name has none is left out."""
        wanted = [each for each in in_order(records, self._random) if each.target]
        found = await asyncio.gather(
            *(self._addresses(HostPort(each.target, each.port)) for each in wanted), return_exceptions=True
        )
        for fault in found:
            if isinstance(fault, BaseException) and not isinstance(fault, OSError):
                raise fault
        addresses = [address for each in found if not isinstance(each, BaseException) for address in each]
        if not addresses:
            raise OSError(f"no server of {name} has an address")
        return tuple(dict.fromkeys(addresses))


def in_order(records: Sequence[Srv], random: Random) -> list[Srv]:
    """SRV records as they are to be tried: by priority, among equals by weighted lot (RFC 2782)."""
    ordered: list[Srv] = []
    for priority in sorted({each.priority for each in records}):
        # Weight 0 comes first, so that it is drawn rarely, and yet can be.
        left = sorted((each for each in records if each.priority == priority), key=lambda each: each.weight)
        while left:
            ordered.append(left.pop(_drawn([each.weight for each in left], random)))
    return ordered


def _drawn(weights: list[int], random: Random) -> int:
    lot = random.randint(0, sum(weights))
    for position, weight in enumerate(weights):
        lot -= weight
        if lot <= 0:
            return position
    return len(weights) - 1


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
