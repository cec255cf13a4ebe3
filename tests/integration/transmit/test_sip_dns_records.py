"""NAPTR and SRV from a name server on loopback: what it has, what it has not, and when it does not answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from config.values import HostPort
from transmit.sip.dns_records import DnsRecords
from transmit.sip.locating import Naptr, Srv

ZONE = {
    ("trunk.example.", "NAPTR"): [
        '10 50 "s" "SIP+D2U" "" _sip._udp.trunk.example.',
        '20 50 "u" "E2U" "!.*!x!" .',
    ],
    ("_sip._udp.trunk.example.", "SRV"): ["1 5 5062 gw1.trunk.example.", "2 0 5060 ."],
    ("trunk.example.", "A"): ["192.0.2.1"],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from the zone, or not at all."""

    def __init__(self) -> None:
        self.is_mute = False
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text(), dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append(f"{name} {kind}")
        if self.is_mute:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if records := ZONE.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 0, "IN", kind, *records))
        elif not any(known == name for known, _ in ZONE):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[tuple[NameServer, DnsRecords]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    address = HostPort(*transport.get_extra_info("sockname"))
    yield protocol, DnsRecords([address], timedelta(seconds=0.4))
    transport.close()


async def test_records_are_read(server: tuple[NameServer, DnsRecords]) -> None:
    _, records = server
    assert sorted(await records.naptr("trunk.example"), key=lambda each: each.order) == [
        Naptr(order=10, preference=50, flags="s", service="SIP+D2U", replacement="_sip._udp.trunk.example"),
        Naptr(order=20, preference=50, flags="u", service="E2U", replacement=""),
    ]
    assert sorted(await records.srv("_sip._udp.trunk.example"), key=lambda each: each.priority) == [
        Srv(priority=1, weight=5, port=5062, target="gw1.trunk.example"),
        Srv(priority=2, weight=0, port=5060, target=""),
    ]


@pytest.mark.parametrize("name", ["_sip._tcp.trunk.example", "trunk.example", "a..b", "x" * 64 + ".example"])
async def test_what_there_is_not_is_empty(server: tuple[NameServer, DnsRecords], name: str) -> None:
    _, records = server
    assert await records.srv(name) == []


async def test_while_the_server_is_silent_what_was_known_holds(server: tuple[NameServer, DnsRecords]) -> None:
    name_server, records = server
    known = await records.srv("_sip._udp.trunk.example")
    name_server.is_mute = True
    assert await records.srv("_sip._udp.trunk.example") == known
    asked = len(name_server.asked)
    assert await records.srv("_sip._udp.trunk.example") == known
    assert await records.srv("_sip._udp.other.example") == []
    assert len(name_server.asked) == asked
