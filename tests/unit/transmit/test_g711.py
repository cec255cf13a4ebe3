import numpy as np
import pytest

from transmit.media import g711
from transmit.media.codec import Codec

# Output values of ITU-T G.711, tables 1a and 2a, for the first octet of each segment, scaled to 16 bits
# (A-law: 13 bits, times 8; µ-law: 14 bits, times 4).
ALAW = {
    0x80: 8, 0x90: 264, 0xA0: 528, 0xB0: 1056, 0xC0: 2112, 0xD0: 4224, 0xE0: 8448, 0xF0: 16896, 0xFF: 32256,
}  # fmt: skip
ULAW = {
    0xFF: 0, 0xEF: 132, 0xDF: 396, 0xCF: 924, 0xBF: 1980, 0xAF: 4092, 0x9F: 8316, 0x8F: 16764, 0x80: 32124,
}  # fmt: skip


def decoded(octet: int, codec: Codec) -> int:
    value: int = g711.decode(bytes([octet]), codec)[0].item()
    return value


@pytest.mark.parametrize(("octet", "value"), ALAW.items())
def test_alaw_gives_the_values_of_the_table(octet: int, value: int) -> None:
    on_the_line = octet ^ 0x55  # the table shows octets before the even bits are inverted

    assert decoded(on_the_line, Codec.PCMA) == value
    assert decoded(on_the_line ^ 0x80, Codec.PCMA) == -value


@pytest.mark.parametrize(("octet", "value"), ULAW.items())
def test_ulaw_gives_the_values_of_the_table(octet: int, value: int) -> None:
    assert decoded(octet, Codec.PCMU) == value
    assert decoded(octet ^ 0x80, Codec.PCMU) == -value


@pytest.mark.parametrize(
    ("sample", "codec", "octet"),
    [
        # µ-law decision values lie half way: 14-bit 8031 and 4063 open the last step and the last segment.
        (8031 * 4 - 4, Codec.PCMU, 0x80),
        (4063 * 4, Codec.PCMU, 0x8F),
        (4063 * 4 - 1, Codec.PCMU, 0x90),
        (0, Codec.PCMU, 0xFF),
        (-1, Codec.PCMU, 0x7F),
        (32767, Codec.PCMU, 0x80),
        (-32768, Codec.PCMU, 0x00),
        # A-law: 12-bit 2048 opens the last segment.
        (2048 * 8, Codec.PCMA, 0xF0 ^ 0x55),
        (2048 * 8 - 1, Codec.PCMA, 0xEF ^ 0x55),
        (0, Codec.PCMA, 0xD5),
        (-1, Codec.PCMA, 0x55),
        (32767, Codec.PCMA, 0xFF ^ 0x55),
    ],
)
def test_samples_fall_into_the_intervals_of_the_table(sample: int, codec: Codec, octet: int) -> None:
    assert g711.encode(np.array([sample], np.int16), codec) == bytes([octet])


@pytest.mark.parametrize("codec", Codec)
def test_every_octet_survives_decoding_and_coding(codec: Codec) -> None:
    octets = bytes(range(256))

    again = g711.encode(g711.decode(octets, codec), codec)

    negative_zero = {0x7F: 0xFF} if codec is Codec.PCMU else {}
    assert again == bytes(negative_zero.get(octet, octet) for octet in octets)


@pytest.mark.parametrize("codec", Codec)
def test_the_error_is_never_more_than_half_a_step(codec: Codec) -> None:
    samples = np.arange(-32000, 32001).astype(np.int16)

    error = np.abs(g711.decode(g711.encode(samples, codec), codec).astype(int) - samples)

    # Steps double with each segment: a 32nd of the value, or the smallest step.
    assert np.all(error <= np.maximum(np.abs(samples.astype(int)) / 32 + 5, 9))
