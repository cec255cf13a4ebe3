"""A name server for one loopback world: the demonstration's domains, and the tests'.

Authoritative for everything, on UDP and TCP of one port that the kernel chooses. The zone may change while
it runs. A name can be made to fail as real ones do: by SERVFAIL, by silence, or by an answer that is too long
for UDP, which sets TC and is then fetched over TCP (RFC 1035 §4.2.1, RFC 7766).
"""

import asyncio
import errno
import struct
from enum import Enum, auto

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from config.values import HostPort

_LOOPBACK = "127.0.0.1"
_ALIASES = 12
_TXT_OCTETS = 255  # RFC 1035 §3.3: a character-string
_WITHOUT_EDNS = 512  # RFC 1035 §2.3.4
_OVER_TCP = 65535
_PORT_TRIES = 20


class Fault(Enum):
    """How a question can go wrong."""

    SERVFAIL = auto()
    SILENCE = auto()
    """No answer ever comes."""


class Zone:
    """Names with their records and faults. Names are absolute, with or without the final dot."""

    def __init__(self, *, ttl: int = 0) -> None:
        self._ttl = ttl
        self._records: dict[dns.name.Name, list[dns.rdata.Rdata]] = {}
        self._faults: dict[tuple[dns.name.Name, dns.rdatatype.RdataType | None], Fault] = {}

    def add(self, name: str, rdtype: str, value: str) -> None:
        """Add a record; `value` as in a zone file."""
        record = dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, origin=dns.name.root, relativize=False)
        self._records.setdefault(_name(name), []).append(record)

    def add_text(self, name: str, *texts: str | bytes) -> None:
        """Add one TXT record of any length; each text begins a character-string of its own."""
        octets = [text if isinstance(text, bytes) else text.encode() for text in texts]
        strings = [piece for whole in octets for piece in _pieces(whole)] or [b""]
        self.add(name, "TXT", " ".join(f'"{_escaped(piece)}"' for piece in strings))

    def fail(self, name: str, fault: Fault, *, rdtype: str | None = None) -> None:
        """Let questions for a name fail: those of one type, or all that no record answers."""
        self._faults[_name(name), dns.rdatatype.from_text(rdtype) if rdtype else None] = fault

    def remove(self, name: str) -> None:
        """Forget a name with its records and faults."""
        self._records.pop(_name(name), None)
        self._faults = {key: fault for key, fault in self._faults.items() if key[0] != _name(name)}

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._faults.clear()

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        """The response to a query, aliases followed; None for silence."""
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.AA
        question = query.question[0]
        name = question.name
        for _ in range(_ALIASES):
            fault = self._fault(name, question.rdtype)
            if fault is Fault.SILENCE:
                return None
            if fault is Fault.SERVFAIL:
                response.set_rcode(dns.rcode.SERVFAIL)
                return response
            if self._append(response, name, question.rdtype):
                return response
            alias = self._append(response, name, dns.rdatatype.CNAME)
            if alias is None:
                break
            name = alias[0].target
        self._append_negative(response, name)
        return response

    def _fault(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Fault | None:
        answered = any(record.rdtype == rdtype for record in self._records.get(name, ()))
        return self._faults.get((name, rdtype)) or (None if answered else self._faults.get((name, None)))

    def _append(
        self, response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> dns.rrset.RRset | None:
        found = [record for record in self._records.get(name, ()) if record.rdtype == rdtype]
        if not found:
            return None
        records = dns.rrset.from_rdata_list(name, self._ttl, found)
        response.answer.append(records)
        return records

    def _append_negative(self, response: dns.message.Message, name: dns.name.Name) -> None:
        """RFC 2308 §2: how long "there is none" holds is told by the SOA record."""
        if name not in self._records and not response.answer:
            response.set_rcode(dns.rcode.NXDOMAIN)
        start = f"ns.invalid. postmaster.invalid. 1 3600 600 86400 {self._ttl}"
        response.authority.append(
            dns.rrset.from_text(dns.name.root, self._ttl, dns.rdataclass.IN, dns.rdatatype.SOA, start)
        )


class DnsStub:
    """The server of one zone."""

    def __init__(self, zone: Zone, *, listen: str = _LOOPBACK) -> None:
        self.zone = zone
        self._listen = listen
        self.questions: list[tuple[str, str]] = []
        """What was asked: name without its final dot, type."""
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self) -> HostPort:
        """Listen on a loopback port; its address.

        Raises:
            OSError: no port is free for both protocols.
        """
        for attempt in range(1, _PORT_TRIES + 1):
            try:
                return await self._bind()
            except OSError as error:
                await self.stop()
                if error.errno != errno.EADDRINUSE or attempt == _PORT_TRIES:
                    raise
        raise AssertionError("the loop above returns or raises")

    async def stop(self) -> None:
        """Listen no more."""
        if self._udp:
            self._udp.close()
        if self._tcp:
            self._tcp.close()
            await self._tcp.wait_closed()
        self._udp = self._tcp = None

    async def _bind(self) -> HostPort:
        """The port that the kernel gives for UDP, taken for TCP too."""
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (self._listen, 0))
        port = self._udp.get_extra_info("sockname")[1]
        self._tcp = await asyncio.start_server(self._converse, self._listen, port)
        return HostPort(self._listen, port)

    def respond(self, wire: bytes, *, over_udp: bool) -> bytes | None:
        """The response to a query as it came; None where there is none to give."""
        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        self.questions.append(
            (question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype))
        )
        response = self.zone.answer(query)
        if response is None:
            return None
        if not over_udp:
            return response.to_wire(max_size=_OVER_TCP)
        return response.to_wire(max_size=max(query.payload, _WITHOUT_EDNS), prefer_truncation=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 7766 §6.2.1: one connection may carry many queries, each with its length before it."""
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                response = self.respond(await reader.readexactly(length), over_udp=False)
                if response is not None:
                    writer.write(struct.pack("!H", len(response)) + response)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has heard enough
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, stub: DnsStub) -> None:
        self._stub = stub
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._stub.respond(data, over_udp=True)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text.lower())


def _pieces(octets: bytes) -> list[bytes]:
    return [octets[at : at + _TXT_OCTETS] for at in range(0, len(octets), _TXT_OCTETS)] or [b""]


def _escaped(octets: bytes) -> str:
    """RFC 1035 §5.1: quotes, backslashes and what is not printable ASCII, as decimal numbers."""
    printable = range(0x20, 0x7F)
    return "".join(chr(o) if o in printable and chr(o) not in '"\\' else f"\\{o:03d}" for o in octets)
