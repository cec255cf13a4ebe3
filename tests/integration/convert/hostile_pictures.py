"""Pictures that are made to harm: each function writes one, small on the disk, and returns its path."""

import struct
from pathlib import Path

from PIL import Image


def jpeg_bomb(path: Path, side: int = 65_000) -> Path:
    """A small JPEG whose header promises so many pixels each way."""
    Image.new("L", (64, 64)).save(path, "JPEG")
    octets = bytearray(path.read_bytes())
    frame = octets.index(b"\xff\xc0")
    struct.pack_into(">HH", octets, frame + 5, side, side)
    path.write_bytes(octets)
    return path


def gif_bomb(path: Path, side: int = 65_000) -> Path:
    """A small GIF whose screen and picture have so many pixels each way."""
    Image.new("L", (8, 8)).save(path, "GIF")
    octets = bytearray(path.read_bytes())
    struct.pack_into("<HH", octets, 6, side, side)
    struct.pack_into("<HH", octets, octets.index(b"\x2c\0\0\0\0") + 5, side, side)
    path.write_bytes(octets)
    return path


def webp_bomb(path: Path) -> Path:
    """A small lossless WebP with the most pixels that the format has: 16384 each way (RFC 9649 §3.4)."""
    Image.new("RGB", (8, 8)).save(path, "WEBP", lossless=True)
    octets = bytearray(path.read_bytes())
    struct.pack_into("<I", octets, octets.index(b"VP8L") + 9, 0x3FFF | 0x3FFF << 14)
    path.write_bytes(octets)
    return path


def heic_bomb(path: Path, side: int = 60_000) -> Path:
    """A small HEIC whose image property promises so many pixels each way (ISO/IEC 23008-12 §6.5.3)."""
    import pillow_heif  # noqa: PLC0415 - slow to load

    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "white")).save(path)
    octets = bytearray(path.read_bytes())
    place = octets.index(b"ispe")
    while place >= 0:
        struct.pack_into(">II", octets, place + 8, side, side)
        place = octets.find(b"ispe", place + 1)
    path.write_bytes(octets)
    return path


def tiff_of_a_circle(path: Path) -> Path:
    """A TIFF whose second page is followed by its first one."""
    frames = [Image.new("1", (1728, 100), 0) for _ in range(2)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="group4", dpi=(204, 196))
    octets = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", octets, 4)[0]
    second = struct.unpack_from("<I", octets, _after_directory(octets, first))[0]
    struct.pack_into("<I", octets, _after_directory(octets, second), first)
    path.write_bytes(octets)
    return path


def _after_directory(octets: bytearray, place: int) -> int:
    return int(place + 2 + 12 * struct.unpack_from("<H", octets, place)[0])


def tiff_bomb(path: Path, side: int = 60_000) -> Path:
    """A TIFF of one strip that promises so many pixels each way, packed by PackBits."""
    picture = Image.new("L", (64, 64))
    picture.save(path, compression="packbits")
    octets = bytearray(path.read_bytes())
    directory = struct.unpack_from("<I", octets, 4)[0]
    for number in range(struct.unpack_from("<H", octets, directory)[0]):
        entry = directory + 2 + 12 * number
        tag, kind = struct.unpack_from("<HH", octets, entry)
        if tag in (256, 257, 278):
            struct.pack_into("<HII", octets, entry + 2, 4, 1, side)
        assert kind
    path.write_bytes(octets)
    return path
