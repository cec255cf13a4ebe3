"""NAPTR and SRV from the DNS: names are absolute, answers are kept for their time to live.

A name server that does not answer must not keep calls from being placed: what was known last goes on holding,
without any the domain's name is tried as a host, and for half a minute nothing more is asked. Belongs to one
event loop.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.resolver
import structlog
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from config.values import HostPort
from transmit.sip.locating import Naptr, Srv

log = structlog.get_logger(__name__)

_LONGEST = timedelta(seconds=2)
"""A call waits for the answer."""
_KEPT = 1000
_SPARED = 30.0
"""Seconds in which name servers that did not answer are not asked again."""
_DNS_PORT = 53


class DnsRecords:
    """The DNS as `sip.locating` asks it."""

    def __init__(self, nameservers: Sequence[HostPort] = (), timeout: timedelta = _LONGEST) -> None:
        """Makes it; nothing is asked yet.

        Args:
            nameservers: addresses of resolvers; empty for the system's.
            timeout: for one question, all tries together; never more than two seconds.
        """
        self._nameservers = [
            dns.nameserver.Do53Nameserver(server.host, server.port or _DNS_PORT) for server in nameservers
        ]
        self._seconds = min(timeout, _LONGEST).total_seconds()
        self._resolver: dns.asyncresolver.Resolver | None = None
        self._asked_again = 0.0
        """By the loop's clock."""
        self._last: dict[tuple[str, str], Sequence[dns.rdata.Rdata]] = {}

    async def naptr(self, name: str) -> Sequence[Naptr]:
        """NAPTR records."""
        return [
            Naptr(
                order=each.order,
                preference=each.preference,
                flags=each.flags.decode("ascii", "replace"),
                service=each.service.decode("ascii", "replace"),
                replacement=each.replacement.to_text(omit_final_dot=True).rstrip("."),
            )
            for each in await self._ask(name, "NAPTR")
            if isinstance(each, NAPTR)
        ]

    async def srv(self, name: str) -> Sequence[Srv]:
        """SRV records."""
        return [
            Srv(
                priority=each.priority,
                weight=each.weight,
                port=each.port,
                target=each.target.to_text(omit_final_dot=True).rstrip("."),
            )
            for each in await self._ask(name, "SRV")
            if isinstance(each, SRV)
        ]

    async def _ask(self, name: str, kind: str) -> Sequence[dns.rdata.Rdata]:
        loop = asyncio.get_running_loop()
        if loop.time() < self._asked_again:
            return self._last.get((name, kind), ())
        try:
            absolute = dns.name.from_text(name)
            answer = await self._asked().resolve(absolute, kind, raise_on_no_answer=False, search=False)
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.EmptyLabel):
            self._last.pop((name, kind), None)
            return ()
        except (dns.exception.DNSException, OSError) as fault:
            log.warning("sip_dns_trouble", name=name, type=kind, reason=str(fault))
            self._asked_again = loop.time() + _SPARED
            return self._last.get((name, kind), ())
        self._last[name, kind] = tuple(answer.rrset or ())
        return self._last[name, kind]

    def _asked(self) -> dns.asyncresolver.Resolver:
        """The resolver, made when it is first needed: a host without one can dial addresses all the same.

        Raises:
            DNSException: the system has none.
        """
        if self._resolver is None:
            made = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers = list(self._nameservers)
            made.lifetime = self._seconds
            made.timeout = self._seconds / 2
            made.cache = dns.resolver.LRUCache(_KEPT)
            self._resolver = made
        return self._resolver
