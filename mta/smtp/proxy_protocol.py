"""The header in which a load balancer names the client it speaks for: PROXY protocol, versions 1 and 2.

Pure. The header comes before everything else, TLS too, and once. What the protocol does not have raises
`ProxyHeaderMalformed`, to which there is no answer but to close.
"""

import ipaddress
import re
from dataclasses import dataclass

HEADER_LIMIT = 4096
"""Octets, extensions (TLVs) included; version 1 has 107 at most."""

_V1_LIMIT = 107
_V1_START = b"PROXY "
_V1 = re.compile(
    rb"PROXY (?:(?P<family>TCP4|TCP6) (?P<source>[0-9A-Fa-f:.]+) (?P<target>[0-9A-Fa-f:.]+)"
    rb" (?P<ports>(?:0|[1-9][0-9]{0,4}) (?:0|[1-9][0-9]{0,4}))|UNKNOWN[ -~]*)\r\n"
)
_V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED = 16
_V2_LOCAL, _V2_PROXY = 0x20, 0x21
_ADDRESS_OCTETS = {0x11: 4, 0x21: 16}
"""Of TCP over IPv4 and over IPv6, by family and transport."""
_BLOCK_OCTETS = {0x00: 0, 0x11: 12, 0x21: 36, 0x31: 216}
"""Of the addresses, for what a stream can be: unspecified, IPv4, IPv6, Unix."""
_HIGHEST_PORT = 65535


class ProxyHeaderMalformed(Exception):  # noqa: N818 - named as what happened
    """What came is no header."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyHeader:
    """A header, complete."""

    length: int
    """Octets that it took; what follows is the client's."""
    client_address: str
    """Empty where the load balancer does not know it, or speaks for itself."""
    own: bool = False
    """Whether the load balancer speaks for itself, to see if anybody is here (LOCAL)."""


def parse_proxy_header(octets: bytes) -> ProxyHeader | None:
    """The header that the octets begin with, or None while it is not complete.

    Raises:
        ProxyHeaderMalformed: no header begins like this, or it is too long.
    """
    if octets.startswith(_V2_SIGNATURE):
        return _parse_v2(octets)
    if octets.startswith(_V1_START):
        return _parse_v1(octets)
    if _V2_SIGNATURE.startswith(octets) or _V1_START.startswith(octets):
        return None
    raise ProxyHeaderMalformed("it begins with neither version's first octets")


def _parse_v1(octets: bytes) -> ProxyHeader | None:
    end = octets.find(b"\n", 0, _V1_LIMIT)
    if end < 0:
        if len(octets) >= _V1_LIMIT:
            raise ProxyHeaderMalformed("version 1: no end")
        return None
    found = _V1.fullmatch(octets, 0, end + 1)
    if not found:
        raise ProxyHeaderMalformed("version 1: not as specified")
    if found["family"] is None:
        return ProxyHeader(length=end + 1, client_address="")
    if any(int(port) > _HIGHEST_PORT for port in found["ports"].split()):
        raise ProxyHeaderMalformed("version 1: a port beyond 65535")
    version = 4 if found["family"] == b"TCP4" else 6
    client, _ = (_address(found[name].decode(), version) for name in ("source", "target"))
    return ProxyHeader(length=end + 1, client_address=client)


def _address(text: str, version: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ProxyHeaderMalformed("version 1: no address") from None
    if address.version != version:
        raise ProxyHeaderMalformed("version 1: an address of the other family")
    return _plain(address)


def _parse_v2(octets: bytes) -> ProxyHeader | None:
    if len(octets) < _V2_FIXED:
        return None
    command, family = octets[12], octets[13]
    length = _V2_FIXED + int.from_bytes(octets[14:16], "big")
    if command not in {_V2_LOCAL, _V2_PROXY}:
        raise ProxyHeaderMalformed("version 2: neither LOCAL nor PROXY")
    if length > HEADER_LIMIT:
        raise ProxyHeaderMalformed("version 2: too long")
    if command == _V2_PROXY and length - _V2_FIXED < _BLOCK_OCTETS.get(family, HEADER_LIMIT):
        raise ProxyHeaderMalformed("version 2: no stream's addresses")
    if len(octets) < length:
        return None
    if command == _V2_LOCAL:
        return ProxyHeader(length=length, client_address="", own=True)
    source = octets[_V2_FIXED : _V2_FIXED + _ADDRESS_OCTETS.get(family, 0)]
    client = _plain(ipaddress.ip_address(source)) if source else ""
    return ProxyHeader(length=length, client_address=client)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """As it is written everywhere: an IPv4 address that came as an IPv6 one is an IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
