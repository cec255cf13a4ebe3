"""Session descriptions: read as peers write them, written as the RFCs want them."""

from ipaddress import ip_address

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from config.values import HostPort
from transmit.sip.sdp import (
    LocalSession,
    PayloadType,
    SdpError,
    T38Parameters,
    audio,
    image,
    parse,
)

ASTERISK_T38 = b"""v=0\r
o=- 1234 5 IN IP4 192.0.2.1\r
s=Asterisk\r
c=IN IP4 192.0.2.1\r
t=0 0\r
m=image 4512 udptl t38\r
c=IN IP4 192.0.2.77\r
a=T38FaxVersion:0\r
a=T38MaxBitRate:14400\r
a=T38FaxRateManagement:transferredTCF\r
a=t38faxmaxdatagram:1400\r
a=T38FaxUdpEC:t38UDPRedundancy\r
"""


def _local(media_port: int = 4000) -> bytes:
    return LocalSession(address=ip_address("192.0.2.5"), session_id=9).offer(audio(media_port))


def test_a_t38_offer_is_read() -> None:
    session = parse(ASTERISK_T38)
    assert session.audio is None
    assert session.image is not None
    assert session.image.address == HostPort("192.0.2.77", 4512)
    assert session.version == 5
    assert T38Parameters.of(session.image) == T38Parameters(max_datagram=1400, redundancy=3)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"datagram:1400", b"datagram:425", T38Parameters(max_datagram=425)),
        (b"datagram:1400", b"datagram:9000", T38Parameters(max_datagram=1400)),
        (b"datagram:1400", b"datagram:0", T38Parameters(max_datagram=400)),
        (b"datagram:1400", b"datagram:many", T38Parameters(max_datagram=400)),
        (b"a=t38faxmaxdatagram:1400\r\n", b"", T38Parameters(max_datagram=400)),
        (b"t38UDPRedundancy", b"t38UDPNoEC", T38Parameters(max_datagram=1400, redundancy=0)),
        (b"T38MaxBitRate:14400", b"t38maxbitrate: 9600", T38Parameters(max_datagram=1400, max_rate=9600)),
        (b"T38MaxBitRate:14400", b"T38MaxBitRate:33600", T38Parameters(max_datagram=1400)),
        (b"T38MaxBitRate:14400", b"T38MaxBitRate:0", T38Parameters(max_datagram=1400)),
    ],
)
def test_t38_parameters_forgive(old: bytes, new: bytes, expected: T38Parameters) -> None:
    media = parse(ASTERISK_T38.replace(old, new)).image
    assert media is not None
    assert T38Parameters.of(media) == expected


def test_our_audio_offer_reads_back() -> None:
    session = parse(_local())
    assert session.audio is not None
    assert session.audio.payload_type is PayloadType.PCMU
    assert session.audio.address == HostPort("192.0.2.5", 4000)
    assert session.audio.attribute("RTPMAP") == "0 PCMU/8000"


def test_the_peers_preferred_codec_is_taken() -> None:
    session = parse(_local().replace(b"RTP/AVP 0 8", b"RTP/AVP 18 8 0"))
    assert session.audio is not None
    assert session.audio.payload_type is PayloadType.PCMA


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"m=audio 4000", b"m=audio 0"),
        (b"RTP/AVP 0 8", b"RTP/AVP 18 101"),
        (b"RTP/AVP 0 8", b"UDP/BFCP 0"),
        (b"RTP/AVP 0 8", b"RTP/SAVP 0 8"),
        (b"c=IN IP4 192.0.2.5", b"c=IN IP4 192.0.2.\xca"),
        (b"c=IN IP4 192.0.2.5", b"c=IN IP4 0.0.0.0"),
        (b"c=IN IP4 192.0.2.5\r\n", b""),
    ],
)
def test_audio_that_cannot_be_used_is_not_used(old: bytes, new: bytes) -> None:
    body = _local()
    assert old in body
    assert parse(body.replace(old, new)).audio is None


@pytest.mark.parametrize(
    ("written", "host"),
    [
        (b"IP6 2001:DB8:0:0::0007", "2001:db8::7"),
        (b"IP4 192.0.2.5/127", "192.0.2.5"),
        (b"IP4 media.example", "media.example"),
    ],
)
def test_an_address_is_read_in_the_form_in_which_packets_come_from_it(written: bytes, host: str) -> None:
    session = parse(_local().replace(b"c=IN IP4 192.0.2.5", b"c=IN " + written))
    assert session.audio is not None
    assert session.audio.host == host


def test_a_direction_of_the_session_is_that_of_all_media_that_have_none() -> None:
    body = b"a=inactive\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\na=SendOnly\r\n"
    assert [media.direction for media in parse(body).media] == ["inactive", "sendonly"]
    assert parse(_local().replace(b"a=sendrecv\r\n", b"")).media[0].direction == "sendrecv"


def test_a_user_name_of_several_words_is_no_reason_to_hang_up() -> None:
    assert parse(ASTERISK_T38.replace(b"o=- ", b"o=Office Gateway 2 ")).version == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"v=0\r\n",
        b"hello",
        b"o=- 1 x IN IP4 h\r\nm=audio 1 RTP/AVP 0",
        b"m=audio one RTP/AVP 0",
        b"m=audio",
    ],
)
def test_what_is_no_session_is_an_sdp_error(body: bytes) -> None:
    with pytest.raises(SdpError):
        parse(body)


@given(st.binary(max_size=300))
def test_reading_raises_nothing_else(noise: bytes) -> None:
    try:
        session = parse(b"m=audio 4000 RTP/AVP 0\r\n" + noise)
    except SdpError:
        return
    assert session.media


def test_an_answer_keeps_the_offers_media_lines_and_refuses_the_others() -> None:
    offer = parse(ASTERISK_T38.replace(b"m=image", b"m=audio 0 RTP/AVP 0\r\nm=image"))
    assert offer.image is not None
    local = LocalSession(address=ip_address("192.0.2.5"), session_id=9)
    answer = parse(local.answer(offer, offer.image, image(6000)))
    assert [(media.kind, media.port) for media in answer.media] == [("audio", 0), ("image", 6000)]


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("RTP/AVP 8 0 101", "RTP/AVP 8 0"), ("RTP/AVP 18 8", "RTP/AVP 8"), ("RTP/AVPF 0", "RTP/AVPF 0")],
)
def test_an_answer_has_the_formats_of_the_offer_in_their_order(offered: str, answered: str) -> None:
    offer = parse(_local().replace(b"RTP/AVP 0 8", offered.encode()))
    assert offer.audio is not None
    local = LocalSession(address=ip_address("192.0.2.5"), session_id=9)
    body = local.answer(offer, offer.audio, audio(6000)).decode()
    assert f"m=audio 6000 {answered}\r\n" in body
    maps = [line.partition(" ")[0] for line in body.splitlines() if line.startswith("a=rtpmap:")]
    assert sorted(maps) == sorted(f"a=rtpmap:{name}" for name in answered.split()[1:])


def test_the_version_grows_with_each_change_and_only_then() -> None:
    local = LocalSession(address=ip_address("::1"), session_id=9)
    versions = [parse(local.offer(media)).version for media in (audio(1), audio(1), image(1), audio(1))]
    assert versions == [1, 1, 2, 3]
    assert b"IN IP6 ::1" in local.offer(audio(1))


def test_a_description_of_attributes_alone_takes_time_in_proportion() -> None:
    head = b"v=0\r\no=gw 5 1 IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.9\r\nm=audio 6000 RTP/AVP 8\r\n"
    with bounded_work():
        description = parse(head + b"a=x:y\r\n" * 20_000)
    assert len(description.media[0].attributes) == 20_000
