import contextlib
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmit.media.codec import Codec
from transmit.media.rtp import FRAME, PlayoutBuffer, RtpError, RtpPacket, RtpSender, parse


def frame(number: int) -> bytes:
    return bytes([number % 256]) * FRAME


def packet(number: int, *, source: int = 1, payload: bytes | None = None) -> RtpPacket:
    content = frame(number) if payload is None else payload
    return RtpPacket(
        payload_type=0, sequence=number % 0x10000, timestamp=number * FRAME, source=source, payload=content
    )


def pulled(buffer: PlayoutBuffer, times: int) -> list[int | None]:
    """The numbers of the frames that come out."""
    frames = (buffer.pull() for _ in range(times))
    return [None if content is None else content[0] for content in frames]


def test_packets_are_numbered_and_timed() -> None:
    sender = RtpSender(source=0xCAFE, sequence=0xFFFF, timestamp=0xFFFFFFFF)

    first, second = sender.pack(frame(1), Codec.PCMA), sender.pack(frame(2), Codec.PCMU)

    assert first[:12] == bytes.fromhex("8088ffffffffffff0000cafe")  # the marker opens the talk spurt
    assert second[:12] == bytes.fromhex("800000000000009f0000cafe")
    assert parse(first) == RtpPacket(
        payload_type=8, sequence=0xFFFF, timestamp=0xFFFFFFFF, source=0xCAFE, payload=frame(1)
    )


def test_sources_extension_and_padding_are_left_out() -> None:
    header = bytes.fromhex("b200000700000000000000091111111122222222abcd000133333333")

    assert parse(header + b"voice" + b"\0\0\3").payload == b"voice"


@pytest.mark.parametrize(
    "datagram",
    [
        "",
        "80",
        "8000000100000000000000",
        "40000001000000000000000000",
        "8f0000010000000000000000",
        "900000010000000000000000",
        "90000001000000000000000000000004",
        "a00000010000000000000000ff",
    ],
)
def test_what_is_no_rtp_is_refused(datagram: str) -> None:
    with pytest.raises(RtpError):
        parse(bytes.fromhex(datagram))


@given(st.binary(max_size=80))
def test_nothing_but_rtp_error_comes_of_any_octets(datagram: bytes) -> None:
    with contextlib.suppress(RtpError):
        assert len(parse(datagram).payload) <= len(datagram) - 12


def test_playing_begins_after_the_depth_and_goes_on_in_order() -> None:
    buffer = PlayoutBuffer(depth=3)
    assert buffer.pull() is None
    for number in (2, 1, 3):
        buffer.push(packet(number))
        if number != 3:
            assert buffer.pull() is None

    assert pulled(buffer, 4) == [1, 2, 3, None]
    assert buffer.lost == 0


def test_a_packet_that_never_came_leaves_its_gap() -> None:
    buffer = PlayoutBuffer(depth=2)
    for number in (1, 2, 4, 5):
        buffer.push(packet(number))

    assert pulled(buffer, 5) == [1, 2, None, 4, 5]
    assert buffer.lost == 1


def test_a_packet_whose_turn_is_over_is_dropped() -> None:
    buffer = PlayoutBuffer(depth=2)
    for number in (1, 2, 4):
        buffer.push(packet(number))
    assert pulled(buffer, 3) == [1, 2, None]

    buffer.push(packet(3))

    assert pulled(buffer, 2) == [4, None]


def test_numbers_wrap_and_packets_of_other_lengths_are_cut_and_joined() -> None:
    buffer = PlayoutBuffer(depth=2)
    for number in (0xFFFE, 0xFFFF, 0x10000, 0x10001):
        buffer.push(packet(number, payload=bytes([number % 256]) * 80))

    assert [buffer.pull(), buffer.pull(), buffer.pull()] == [
        b"\xfe" * 80 + b"\xff" * 80,
        b"\x00" * 80 + b"\x01" * 80,
        None,
    ]


def test_a_far_end_that_begins_anew_is_followed() -> None:
    buffer = PlayoutBuffer(depth=2)
    for number in (1, 2):
        buffer.push(packet(number))
    assert pulled(buffer, 2) == [1, 2]

    for number in (30000, 30001):
        buffer.push(packet(number))
    assert pulled(buffer, 2) == [30000 % 256, 30001 % 256]

    for number in (5, 6):
        buffer.push(packet(number, source=2))
    assert pulled(buffer, 2) == [5, 6]


def test_a_far_end_that_numbers_anew_without_another_source_is_followed() -> None:
    buffer = PlayoutBuffer(depth=2)
    for number in range(5000, 5010):
        buffer.push(packet(number))
    assert len([one for one in pulled(buffer, 10) if one is not None]) == 10

    for number in (7, 8, 9):
        buffer.push(packet(number))
    assert pulled(buffer, 2) == [8, 9]  # the first of them could have been a straggler


def test_packets_that_are_very_late_one_by_one_change_nothing() -> None:
    buffer = PlayoutBuffer(depth=1)
    for number in range(5000, 5006):
        buffer.push(packet(number))
        assert pulled(buffer, 1) == [number % 256]
        buffer.push(packet(6000 - 2 * (number - 4000)))
        buffer.push(packet(number - 10))


def test_a_far_end_with_a_faster_clock_does_not_fill_the_memory() -> None:
    buffer = PlayoutBuffer(depth=3, most=6)
    played: list[int | None] = []
    for number in range(400):
        buffer.push(packet(number))
        if number % 10 != 9:
            played += pulled(buffer, 1)

    heard = [number for number in played if number is not None]
    assert len(buffer._waiting) <= 6
    assert len(heard) > 350
    assert buffer.lost == 0


@given(st.integers(0, 2**32), st.integers(0, 0xFFFF))
def test_small_disorder_is_put_right(seed: int, begin: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's dice
    arriving = sorted(range(60), key=lambda number: number + chance.uniform(0, 2.5))
    buffer, played = PlayoutBuffer(depth=3), []
    for number in arriving:
        buffer.push(packet(begin + number, payload=bytes([number]) * FRAME))
        played += pulled(buffer, 1)
    played += pulled(buffer, 10)

    assert [number for number in played if number is not None] == list(range(60))


def test_the_stream_is_the_far_ends_whatever_is_played_of_it() -> None:
    buffer = PlayoutBuffer(depth=1, most=3)
    for number in (1, 2):
        buffer.push(packet(number))
    assert pulled(buffer, 6) == [1, 2, None, None, None, None]
    for number in (3, 4, 5, 6, 7):  # all at once, after a stall: more than it holds
        buffer.push(packet(number))
    pulled(buffer, 5)

    assert buffer.take_stream() == [frame(number) for number in range(1, 8)]
    assert buffer.take_stream() == []


def test_the_stream_has_pauses_where_packets_are_missing_or_were_not_sent() -> None:
    buffer = PlayoutBuffer(depth=1)
    later = replace(packet(5), timestamp=2000 * FRAME // 10)
    for each in (packet(1), packet(2), packet(4), later, replace(packet(6), timestamp=7)):
        buffer.push(each)
    pulled(buffer, 6)

    pause = later.timestamp - 5 * FRAME
    assert buffer.take_stream() == [frame(1), frame(2), FRAME, frame(4), pause, frame(5), frame(6)]


def test_no_far_end_can_be_silent_for_longer_than_time_has_passed() -> None:
    buffer = PlayoutBuffer(depth=1)
    for number in range(100):
        buffer.push(replace(packet(number), timestamp=number * 8000))
        buffer.pull()

    samples = sum(part if isinstance(part, int) else len(part) for part in buffer.take_stream())
    assert samples < 100 * FRAME + 6 * 8000
