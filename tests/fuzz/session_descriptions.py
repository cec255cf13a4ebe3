"""Fuzz target: session descriptions (SDP) of a peer, and our answers to them."""

import re
from ipaddress import ip_address

from transmit.sip.sdp import LocalSession, SdpError, SessionDescription, T38Parameters, audio, image, parse

USUAL = 2048
LARGEST = 16 * 1024
WORDS = (
    b"v=0\r\n", b"o=- 1 1 IN IP4 192.0.2.9\r\n", b"s=-\r\n", b"c=IN IP4 192.0.2.9\r\n", b"c=IN IP6 ::1\r\n",
    b"c=IN IP4 0.0.0.0\r\n", b"t=0 0\r\n", b"m=audio 4000 RTP/AVP 0 8\r\n", b"m=image 4000 udptl t38\r\n",
    b"m=audio 0 RTP/AVP 0\r\n", b"a=rtpmap:0 PCMU/8000\r\n", b"a=T38FaxMaxDatagram:", b"a=T38FaxUdpEC:",
    b"a=sendonly\r\n", b"a=inactive\r\n", b"t38UDPFEC", b"\n", b"/2", b" ", b"65536", b"99999999999999999999",
)  # fmt: skip


_HOST = re.compile(r"[0-9a-f:]+(%[^/ ]+)?|[A-Za-z0-9.-]+")


def check(octets: bytes) -> None:
    """A description or a refusal; what we answer can be read, and has as many media as the offer."""
    try:
        offer = parse(octets)
    except SdpError:
        return
    assert offer.media
    local = LocalSession(address=ip_address("192.0.2.1"), session_id=7)
    for chosen, ours in ((offer.audio, audio(4000)), (offer.image, image(4002))):
        if chosen is None:
            continue
        assert 0 < chosen.port <= 65535
        assert _HOST.fullmatch(chosen.host)
        limits = T38Parameters.of(chosen)
        assert 0 < limits.max_datagram <= 1400
        assert 0 < limits.max_rate <= 14_400
        _check_answer(offer, parse(local.answer(offer, chosen, ours)))
    assert offer.is_same_as(parse(octets))


def _check_answer(offer: SessionDescription, answer: SessionDescription) -> None:
    assert len(answer.media) == len(offer.media)
    assert sum(media.port > 0 for media in answer.media) == 1
