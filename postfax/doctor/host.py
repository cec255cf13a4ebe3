"""This host, as far as the checks of names and addresses must know it."""

import socket
from collections.abc import Sequence

import dns.exception
import dns.resolver

from config.values import HostPort
from transmit.sip.transport import own_address_towards

_DNS_PORT = 53
_FAR_AWAY = (HostPort("192.0.2.1", 9), HostPort("2001:db8::1", 9))
"""Nobody (RFC 5737, RFC 3849): only the routing table is asked which of our addresses would be used."""


class Host:
    """Asks the kernel and the resolver's file; sends nothing."""

    def owns(self, address: str) -> bool:
        """Whether an interface here has this address: the kernel lets no other be bound."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                return False
            return True

    def outward_addresses(self) -> tuple[str, ...]:
        """The addresses that packets to the internet leave from, one of each family at most."""
        return tuple(address for far in _FAR_AWAY if (address := _towards(far)))

    def nameservers(self) -> Sequence[HostPort]:
        """The system's resolvers; empty where it has none."""
        resolver = _system_resolver()
        return [HostPort(str(server), _DNS_PORT) for server in resolver.nameservers] if resolver else []

    def search_domains(self) -> Sequence[str]:
        """The domains that the system's resolver appends to names (`search` of resolv.conf)."""
        resolver = _system_resolver()
        return [name.to_text(omit_final_dot=True) for name in resolver.search] if resolver else []


def _towards(far: HostPort) -> str:
    try:
        return own_address_towards(far)
    except OSError:
        return ""


def _system_resolver() -> dns.resolver.Resolver | None:
    try:
        return dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None
