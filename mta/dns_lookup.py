"""The resolver that SPF asks: absolute names only, answers kept for their time to live, no trouble hidden.

A resolver's search list must never play a part (`x.test` that does not exist would become
`x.test.our-own-domain`), and a temporary fault must never look like "there is no such record". Blocking: it
is called in worker threads, which may share it.
"""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver

from config.values import HostPort

_DNS_PORT = 53
_CACHED_ANSWERS = 20_000


class DnsTrouble(Exception):  # noqa: N818 - named as what happened
    """The name servers did not answer, or not usefully. Asking again later may help."""


class DnsLookup:
    """Asks the configured name servers, or the system's."""

    def __init__(self, *, nameservers: Sequence[HostPort], timeout: timedelta) -> None:
        """Nothing is asked yet.

        Args:
            nameservers: IP addresses with their ports (0 stands for 53); empty for the system's resolvers.
            timeout: for one question, all servers and tries together.

        Raises:
            ValueError: a name server is not given by its IP address.
        """
        resolver = dns.resolver.Resolver(configure=not nameservers)
        if nameservers:
            resolver.nameservers = [_nameserver(server) for server in nameservers]
        resolver.cache = dns.resolver.LRUCache(_CACHED_ANSWERS)
        # An answer that does not fit in a UDP datagram without EDNS is asked for again over TCP.
        resolver.use_edns(0, 0, 1232)
        self._resolver = resolver
        self._timeout = timeout.total_seconds()

    def records(self, name: str, rdtype: str, *, timeout: float) -> list[dns.rdata.Rdata]:
        """The records of an absolute name, aliases followed; empty if it has none or does not exist.

        Args:
            name: a domain name, with or without its final dot. One that cannot exist has no records.
            rdtype: `TXT`, `A`, …
            timeout: seconds that the caller has left.

        Raises:
            DnsTrouble: no usable answer in time.
        """
        try:
            absolute = dns.name.from_text(name, origin=dns.name.root)
        except (dns.exception.DNSException, UnicodeError):
            return []
        try:
            answer = self._resolver.resolve(
                absolute,
                rdtype,
                search=False,
                lifetime=min(timeout, self._timeout),
                raise_on_no_answer=False,
            )
        except dns.resolver.NXDOMAIN:
            return []
        except dns.resolver.NoNameservers as error:
            if _goes_in_circles(error):
                return []
            raise DnsTrouble(f"{rdtype} {name}: {error}") from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsTrouble(f"{rdtype} {name}: {error}") from error
        return list(answer.rrset or ())


def _goes_in_circles(error: dns.resolver.NoNameservers) -> bool:
    """Whether all that is wrong are aliases without an end: a mistake in the zone, no trouble that passes."""
    failures = error.kwargs["errors"]
    return bool(failures) and all(isinstance(failure[3], dns.message.ChainTooLong) for failure in failures)


def _nameserver(server: HostPort) -> dns.nameserver.Nameserver:
    address = str(ip_address(server.host))
    return dns.nameserver.Do53Nameserver(address, server.port or _DNS_PORT)
