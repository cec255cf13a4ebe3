"""Fuzz target: UDPTL datagrams of a far end, one after the other into one decoder.

The input is cut into datagrams at `SEPARATOR`.
"""

from transmit.media.udptl import SEQUENCE_MODULUS, UdptlDecoder, UdptlEncoder, UdptlError

USUAL = 1024
LARGEST = 8 * 1024
SEPARATOR = b"\n@@\n"
WORDS = (
    SEPARATOR, b"\x00\x00\x01\x06\x00\x00", b"\x00\x01\x02\xc0\x01\x00\x01\x01\x06", b"\x80\x01\x03\x02",
    b"\x80\x02\x00\x03", b"\x80\xc8", b"\xbf\xff", b"\xc0", b"\xff\xff", b"\x00\x40", b"\x00\x41", b"\x7f",
    b"\x80", b"\x80\x01\x40\x01", b"\x80\x01\x01\x40",
)  # fmt: skip
_MOST_PACKETS = 65
"""A datagram's own, and the most that it may repeat or give back."""


def check(octets: bytes) -> None:
    """Numbers are numbers, the datagram's own packet is the last, and what came out can be sent on."""
    decoder = UdptlDecoder()
    encoder = UdptlEncoder(max_datagram=1400)
    for datagram in octets.split(SEPARATOR):
        try:
            packets = decoder.unpack(datagram)
        except UdptlError:
            continue
        assert 0 < len(packets) <= _MOST_PACKETS
        assert packets[-1][0] == int.from_bytes(datagram[:2], "big")
        for number, packet in packets:
            assert 0 <= number < SEQUENCE_MODULUS
            assert len(packet) <= len(datagram) or number != packets[-1][0]
        _check_way_back(encoder, packets[-1][1])


def _check_way_back(encoder: UdptlEncoder, packet: bytes) -> None:
    number, unpacked = UdptlDecoder().unpack(encoder.pack(packet))[-1]
    assert unpacked == packet
    assert number < SEQUENCE_MODULUS
