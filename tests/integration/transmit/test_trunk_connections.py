"""Connections to a trunk that break: what was sent on them is sent again, and not for ever."""

import asyncio
import socket
from ipaddress import ip_address

import pytest
from sipmessage import Request

from config.lines import SipLine
from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.call_events import CallEvent, Refused
from transmit.sip.message import parse, response
from transmit.sip.outgoing import OutgoingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.streams import open_streams
from transmit.trunk import Trunk

LOOPBACK = HostPort("127.0.0.1", 0)


class Server:
    """Takes connections and drops the first of them as soon as an INVITE comes; then it is busy."""

    def __init__(self, drops: int) -> None:
        self._drops = drops
        self.connections = 0
        self.invitations = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            message = parse(head + await reader.readexactly(int(head.rpartition(b"Content-Length: ")[2])))
            if not isinstance(message, Request) or message.method != "INVITE":
                continue
            self.invitations += 1
            if self.invitations <= self._drops:
                writer.transport.abort()
                return
            writer.write(bytes(response(message, 486, tag="theirs")))


async def _called(server: Server) -> CallEvent:
    listening = await asyncio.start_server(server.talk, *LOOPBACK)
    address = HostPort(*listening.sockets[0].getsockname())
    written = SipLine(sip=f"sip:{address}", listen=LOOPBACK, keep_alive="0 s", transport="tcp")
    trunk = Trunk("main", written)
    await trunk.start()
    try:
        offer = LocalSession(address=ip_address("127.0.0.1"), session_id=1).offer(sdp.audio(4000))
        call: OutgoingCall = trunk.call("+12065551234", "", offer, await trunk.way())
        return await asyncio.wait_for(call.events.get(), 30)
    finally:
        await trunk.stop()
        listening.close()


async def test_an_invite_on_a_connection_that_breaks_is_sent_on_another() -> None:
    server = Server(drops=1)
    assert await _called(server) == Refused(code=486, reason="Busy Here")
    assert (server.connections, server.invitations) == (2, 2)


async def test_a_server_that_drops_every_connection_is_given_up() -> None:
    server = Server(drops=9)
    refused = await _called(server)
    assert isinstance(refused, Refused)
    assert refused.code is None
    assert "no connection" in refused.reason
    assert server.invitations == 2


@pytest.mark.parametrize("ours", [True, False])
async def test_a_peer_that_acknowledges_nothing_is_known_within_seconds(*, ours: bool) -> None:
    one = await open_streams(LOOPBACK, lambda *_: None, lambda *_: None)
    other = await open_streams(LOOPBACK, lambda *_: None, lambda *_: None)
    one.send(b"\r\n\r\n", other.address)
    asked = one if ours else other
    async with asyncio.timeout(10):
        while not asked._connections:
            await asyncio.sleep(0.01)
    [connection] = asked._connections.values()
    assert connection._stream is not None
    channel = connection._stream.get_extra_info("socket")
    assert channel.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
    await one.close()
    await other.close()
