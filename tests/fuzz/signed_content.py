"""Fuzz target: the CMS structure of an S/MIME signature."""

from mta.mime.signed_data import Seal, opened

USUAL = 2048
LARGEST = 300_000
WORDS = (
    b"\x30\x80", b"\x24\x80", b"\xa0\x80", b"\x31\x00", b"\x02\x01\x01", b"\x04\x82\x01\x00", b"\x00\x00",
    bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010703"),
    bytes.fromhex("06092a864886f70d010701"), b"\x04\x84\xff\xff\xff\xff", b"\x1f", b"\x24\x03\x04\x01",
)  # fmt: skip


def check(octets: bytes) -> None:
    """No content but of a signature, and none that is longer than what it stood in."""
    seal, content = opened(octets)
    assert seal is Seal.SIGNED or content == b""
    assert len(content) <= len(octets)
