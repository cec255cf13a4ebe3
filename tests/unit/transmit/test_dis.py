from hypothesis import given
from hypothesis import strategies as st

from config.fax import Resolution
from transmit.engine.dis import read_dis
from transmit.engine.order import Compression


def frame(*bits: int, octets: int = 10) -> bytes:
    """A DIS frame with these bits of table 2 set."""
    field = bytearray(octets)
    for bit in bits:
        field[(bit - 1) // 8] |= 1 << (bit - 1) % 8
    return b"\xff\x13\x80" + field


def test_the_dis_of_a_soft_fax_is_read() -> None:
    capabilities = read_dis(bytes.fromhex("ff138004eef8c4809180808018"))

    assert capabilities.resolutions == (Resolution.STANDARD, Resolution.FINE, Resolution.SUPERFINE)
    assert capabilities.compressions == (Compression.MH, Compression.MR, Compression.MMR)
    assert capabilities.ecm
    assert capabilities.max_rate == 14400
    assert capabilities.widths == (1728,)
    assert not capabilities.subaddress


def test_an_old_machine_takes_standard_mh_at_2400() -> None:
    capabilities = read_dis(frame(10, octets=3))

    assert capabilities.resolutions == (Resolution.STANDARD,)
    assert capabilities.compressions == (Compression.MH,)
    assert not capabilities.ecm
    assert capabilities.max_rate == 2400


def test_the_rates_are_those_of_bits_11_to_14() -> None:
    rates = [read_dis(frame(*bits)).max_rate for bits in [(12,), (11,), (11, 12), (11, 12, 13), (11, 12, 14)]]

    assert rates == [4800, 9600, 9600, 9600, 14400]


def test_t6_needs_error_correction() -> None:
    assert Compression.MMR not in read_dis(frame(31)).compressions
    assert Compression.MMR in read_dis(frame(27, 31)).compressions


def test_widths_are_those_of_bits_17_and_18() -> None:
    assert read_dis(frame(17)).widths == (1728, 2048)
    assert read_dis(frame(18)).widths == (1728, 2048, 2432)
    assert read_dis(frame(17, 18)).widths == (1728, 2048, 2432)


@given(st.binary(max_size=30))
def test_any_frame_can_be_read(octets: bytes) -> None:
    assert Resolution.STANDARD in read_dis(octets).resolutions
