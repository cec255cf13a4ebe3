"""Whatever arrives at a user agent, it goes on: no datagram raises, and none makes it look a name up."""

import asyncio
from ipaddress import ip_address

from hypothesis import example, given
from hypothesis import strategies as st

from config.values import HostPort
from transmit.sip import sdp
from transmit.sip.incoming import IncomingCall
from transmit.sip.sdp import LocalSession
from transmit.sip.transport import Receiver, Transport
from transmit.sip.user_agent import UserAgent

SOURCE = HostPort("192.0.2.9", 5060)
OFFER = LocalSession(address=ip_address("192.0.2.9"), session_id=1).offer(sdp.audio(4000))
INVITE = (
    b"INVITE sip:+1206@192.0.2.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1;rport\r\n"
    b"From: <sip:a@192.0.2.9>;tag=theirs\r\n"
    b"To: <sip:b@192.0.2.1>\r\n"
    b"Call-ID: call\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:a@192.0.2.9:5060>\r\n"
    b"Record-Route: <sip:192.0.2.9;lr>\r\n\r\n" + OFFER
)
BYE = INVITE.replace(b"INVITE", b"BYE").replace(b"To: <sip:b@192.0.2.1>", b"To: <sip:b@192.0.2.1>;tag=TAG")
ACK = BYE.replace(b"BYE", b"ACK").replace(b"CSeq: 1", b"CSeq: 1").replace(b"z9hG4bK1", b"z9hG4bK2")
DATAGRAMS = (INVITE, BYE.replace(b"CSeq: 1", b"CSeq: 2"), ACK, INVITE.replace(b"INVITE", b"CANCEL"))


class _Void:
    """A transport that only looks at where it is to send."""

    address = HostPort("192.0.2.1", 5060)

    def send(self, datagram: bytes, destination: HostPort) -> None:
        assert datagram
        ip_address(destination.host)
        assert 0 <= destination.port <= 65535

    async def close(self) -> None:
        """Nothing to free."""


class _Agent:
    """A user agent that answers every call, without a network."""

    def __init__(self) -> None:
        self.receive: Receiver = lambda _, __: None
        self.tag = b""
        self.agent = UserAgent(on_call=self._answer, open_transport=self._open)

    async def _open(self, _: HostPort, receiver: Receiver) -> Transport:
        self.receive = receiver
        return _Void()

    def _answer(self, call: IncomingCall) -> None:
        self.tag = call.key[1].encode()
        offer = call.read_offer()
        if offer is not None and offer.audio is not None:
            local = LocalSession(address=ip_address("192.0.2.1"), session_id=2)
            call.answer(local.answer(offer, offer.audio, sdp.audio(5000)))
        else:
            call.refuse(488)


async def _feed(datagrams: list[bytes]) -> None:
    peer = _Agent()
    await peer.agent.start(SOURCE)
    for datagram in datagrams:
        peer.receive(datagram.replace(b"TAG", peer.tag), SOURCE)
    await peer.agent.stop()


@given(
    st.lists(
        st.tuples(st.sampled_from(DATAGRAMS), st.integers(0, 500), st.integers(0, 8), st.binary(max_size=12)),
        min_size=1,
        max_size=6,
    )
)
@example([(INVITE, INVITE.index(b":5060;branch"), 5, b":" + b"9" * 11)])
@example([(INVITE, INVITE.index(b"192.0.2.9:5060>"), 9, b"999.0.0.1")])
@example([(INVITE, 0, 0, b""), (ACK, 0, 0, b""), (DATAGRAMS[1], 0, 0, b"")])
def test_damaged_messages_do_no_harm(changes: list[tuple[bytes, int, int, bytes]]) -> None:
    datagrams = [text[:place] + noise + text[place + cut :] for text, place, cut, noise in changes]
    asyncio.run(_feed(datagrams))
