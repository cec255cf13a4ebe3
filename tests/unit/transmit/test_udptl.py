import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmit.media.udptl import UdptlDecoder, UdptlEncoder, UdptlError

packets = st.binary(min_size=1, max_size=300)


@given(st.lists(packets, min_size=1, max_size=20), st.integers(0, 5))
def test_every_packet_comes_out_as_it_went_in(sent: list[bytes], redundancy: int) -> None:
    encoder, decoder = UdptlEncoder(redundancy=redundancy, max_datagram=5000), UdptlDecoder()

    for number, packet in enumerate(sent):
        unpacked = decoder.unpack(encoder.pack(packet))

        first = max(0, number - redundancy)
        assert unpacked == list(enumerate(sent))[first : number + 1]


@given(st.lists(packets, min_size=8, max_size=30), st.integers(0, 26), st.integers(1, 3))
def test_a_gap_no_longer_than_the_redundancy_loses_nothing(sent: list[bytes], begin: int, lost: int) -> None:
    encoder, decoder = UdptlEncoder(redundancy=3, max_datagram=5000), UdptlDecoder()
    begin = min(begin, len(sent) - lost - 1)

    received: dict[int, bytes] = {}
    for number, packet in enumerate(sent):
        datagram = encoder.pack(packet)
        if not begin <= number < begin + lost:
            received.update(decoder.unpack(datagram))

    assert received == dict(enumerate(sent))


@given(st.lists(packets, min_size=5, max_size=5), st.integers(310, 900))
def test_no_datagram_is_longer_than_the_far_end_takes(sent: list[bytes], limit: int) -> None:
    encoder = UdptlEncoder(redundancy=3, max_datagram=limit)

    assert all(len(encoder.pack(packet)) <= limit for packet in sent)


def test_numbers_begin_at_zero_and_wrap() -> None:
    encoder, decoder = UdptlEncoder(redundancy=1), UdptlDecoder()

    numbers = [decoder.unpack(encoder.pack(b"x"))[-1][0] for _ in range(0x10001)]

    assert numbers[0] == 0
    assert numbers[0xFFFF:] == [0xFFFF, 0]


def test_the_octets_are_those_of_the_recommendation() -> None:
    encoder = UdptlEncoder(redundancy=2)

    assert encoder.pack(b"\x06") == bytes.fromhex("0000 01 06 00 00")
    assert encoder.pack(b"\xc0\x01") == bytes.fromhex("0001 02 c001 00 01 01 06")
    # A length of 128 or more takes two octets.
    assert encoder.pack(bytes(200)).startswith(bytes.fromhex("0002 80c8 00"))


def test_a_datagram_without_its_error_recovery_field_is_taken() -> None:
    assert UdptlDecoder().unpack(bytes.fromhex("0007 01 06")) == [(7, b"\x06")]


def with_parities(sent: list[bytes], sequence: int, *, span: int, count: int) -> bytes:
    """As deployed gateways make it: parity m covers sequence + m - count and every count-th before."""
    parities = []
    for index in range(count):
        covered = [sent[sequence + index - count * step] for step in range(1, span + 1)]
        parity = bytearray(max(map(len, covered)))
        for packet in covered:
            for at, octet in enumerate(packet):
                parity[at] ^= octet
        parities.append(bytes(parity))
    fields = b"".join(bytes([len(parity)]) + parity for parity in parities)
    primary = sent[sequence]
    head = sequence.to_bytes(2, "big") + bytes([len(primary)]) + primary
    return head + b"\x80\x01" + bytes([span, count]) + fields


@given(
    st.lists(st.binary(min_size=4, max_size=60), min_size=16, max_size=16),
    st.integers(1, 3),
    st.integers(1, 4),
    st.data(),
)
def test_one_lost_packet_of_each_parity_comes_back(
    sent: list[bytes], span: int, count: int, data: st.DataObject
) -> None:
    decoder, sequence = UdptlDecoder(), 15
    lost = {sequence + index - count * data.draw(st.integers(1, span)) for index in range(count)}
    for number in range(sequence):
        if number not in lost:
            decoder.unpack(number.to_bytes(2, "big") + bytes([len(sent[number])]) + sent[number])

    *recovered, primary = decoder.unpack(with_parities(sent, sequence, span=span, count=count))

    assert primary == (sequence, sent[sequence])
    assert [number for number, _ in recovered] == sorted(lost)
    for number, packet in recovered:
        assert packet[: len(sent[number])] == sent[number]
        assert not any(packet[len(sent[number]) :])


def test_two_lost_packets_of_one_parity_do_not_come_back() -> None:
    sent = [bytes([number]) * 5 for number in range(8)]
    decoder = UdptlDecoder()
    for number in (0, 1, 2, 3, 4):
        decoder.unpack(number.to_bytes(2, "big") + b"\5" + sent[number])

    assert decoder.unpack(with_parities(sent, 7, span=3, count=1)) == [(7, sent[7])]


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        ("", "announced"),
        ("00", "announced"),
        ("0001 05 0102", "5 octets were announced and 2"),
        ("0001 c1", "fragmented"),
        ("0001 01 06 00 02 01 06", "announced"),
        ("0001 01 06 00 7f", "127 secondary"),
        ("0001 01 06 80 03 000001 01", "a parity span"),
        ("0001 01 06 80 01 40 02", "2 parities over 64"),
    ],
)
def test_what_is_cut_off_or_out_of_bounds_is_refused_with_a_reason(datagram: str, reason: str) -> None:
    with pytest.raises(UdptlError, match=reason):
        UdptlDecoder().unpack(bytes.fromhex(datagram))


def test_a_packet_that_would_need_fragments_is_refused() -> None:
    with pytest.raises(UdptlError, match="fragments"):
        UdptlEncoder().pack(bytes(0x4000))


def test_nothing_but_udptl_error_comes_of_mutated_datagrams() -> None:
    chance = random.Random(38)  # noqa: S311 - a test's dice
    sent = [chance.randbytes(chance.randrange(1, 60)) for _ in range(64)]
    encoder, decoder = UdptlEncoder(), UdptlDecoder()
    datagrams = [encoder.pack(packet) for packet in sent]
    datagrams += [with_parities(sent, sequence, span=3, count=3) for sequence in range(9, 64)]

    taken = refused = 0
    for _ in range(20_000):
        datagram = bytearray(chance.choice(datagrams))
        for _ in range(chance.randrange(1, 4)):
            datagram[chance.randrange(len(datagram))] = chance.randrange(256)
        if chance.random() < 0.3:
            del datagram[chance.randrange(len(datagram)) :]
        try:
            decoder.unpack(bytes(datagram))
            taken += 1
        except UdptlError:
            refused += 1

    assert taken > 1000
    assert refused > 1000


@given(st.binary(max_size=200))
def test_nothing_but_udptl_error_comes_of_any_octets(datagram: bytes) -> None:
    try:
        unpacked = UdptlDecoder().unpack(datagram)
    except UdptlError:
        return
    assert unpacked[-1][0] == int.from_bytes(datagram[:2], "big")


@given(st.lists(packets, min_size=16, max_size=40), st.integers(9, 36), st.integers(1, 3))
def test_our_parities_give_back_three_datagrams_in_a_row(sent: list[bytes], begin: int, lost: int) -> None:
    encoder, decoder = UdptlEncoder(fec=True, max_datagram=5000), UdptlDecoder()
    begin = min(begin, len(sent) - lost - 4)

    received: dict[int, bytes] = {}
    for number, packet in enumerate(sent):
        datagram = encoder.pack(packet)
        if not begin <= number < begin + lost:
            received.update(decoder.unpack(datagram))

    assert sorted(received) == list(range(len(sent)))
    for number, packet in enumerate(sent):
        # A parity is as long as the longest packet that it covers: IFP says where it ends.
        assert received[number].rstrip(b"\0") == packet.rstrip(b"\0")


def test_our_parities_are_those_of_deployed_gateways() -> None:
    sent = [bytes([number]) * (3 + number % 4) for number in range(12)]
    encoder = UdptlEncoder(fec=True, max_datagram=5000)

    datagrams = [encoder.pack(packet) for packet in sent]

    # Not enough for a parity yet: copies.
    assert datagrams[2] == bytes.fromhex("0002 05 0202020202 00 02 04 01010101 03 000000")
    assert datagrams[10] == with_parities(sent, 10, span=3, count=3)


@given(st.lists(packets, min_size=12, max_size=14), st.integers(310, 900))
def test_no_datagram_with_parities_is_longer_than_the_far_end_takes(sent: list[bytes], limit: int) -> None:
    encoder = UdptlEncoder(fec=True, max_datagram=limit)

    assert all(len(encoder.pack(packet)) <= limit for packet in sent)
