"""Fuzz target: TIFFs and other pictures through the confined conversion."""

from collections import Counter
from collections.abc import Sequence

from confined_document import check_document, try_documents

WORDS = (
    b"II*\x00", b"MM\x00*", b"\x00\x01\x03\x00", b"\x01\x01\x03\x00", b"\x02\x01\x03\x00",
    b"\x03\x01\x03\x00", b"\x06\x01\x03\x00", b"\x11\x01\x04\x00", b"\x15\x01\x03\x00", b"\x16\x01\x04\x00",
    b"\x17\x01\x04\x00", b"\x1c\x01\x03\x00", b"$\x01\x04\x00", b"B\x01\x03\x00", b"D\x01\x04\x00",
    b"S\x01\x03\x00", b"\x02\x00", b"\x03\x00", b"\x04\x00", b"\x05\x00", b"\x07\x00", b"\xb2\x80",
    b"\x05\x80", b"\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xc0\x06\x00\x00", b"IHDR",
    b"IDAT", b"PLTE", b"tRNS", b"acTL", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda",
    b"\xff\xe1Exif\x00\x00", b"GIF89a", b"!\xf9\x04", b"VP8L", b"VP8X", b"ANMF", b"ispe", b"hvcC", b"iloc",
    b"mdat",
)  # fmt: skip


def check(octets: bytes) -> None:
    """It becomes pages, or is refused in a sentence."""
    check_document(octets, "a.tif")


def try_many(inputs: Sequence[bytes]) -> Counter[str]:
    """The same of many, and how often they came to what."""
    return try_documents(inputs, "a.tif")
