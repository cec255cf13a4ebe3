"""Compressed RTF, the body of Outlook's messages, laid open ([MS-OXRTFCP])."""

import struct
import zlib

LONGEST = 8_000_000
"""Octets of RTF."""

_HEAD = struct.Struct("<IIII")
_COMPRESSED, _UNCOMPRESSED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_SHORTEST_REFERENCE = 2
_INITIAL = (  # [MS-OXRTFCP] §2.1.3.1.2
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


class DamagedRtf(Exception):  # noqa: N818 - named as what is wrong
    """It cannot be laid open; the end of “NAME cannot be opened: …”."""


def uncompressed_rtf(octets: bytes) -> bytes:
    """The RTF.

    Raises:
        DamagedRtf: it is damaged, or comes to more than `LONGEST`.
    """
    if len(octets) < _HEAD.size:
        raise DamagedRtf("its text is cut off")
    size, raw_size, kind, checksum = _HEAD.unpack_from(octets)
    content = octets[_HEAD.size : size + 4]
    if raw_size > LONGEST or len(content) > LONGEST:
        raise DamagedRtf("its text is too long for a fax")
    if kind == _UNCOMPRESSED:
        return content[:raw_size]
    if kind != _COMPRESSED or _crc(content) != checksum:
        raise DamagedRtf("its text is damaged")
    return _laid_open(content)[:raw_size]


def _crc(octets: bytes) -> int:
    # [MS-OXRTFCP] §2.1.3.2: the usual polynomial, without the usual complements.
    return zlib.crc32(octets, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _laid_open(content: bytes) -> bytes:
    """[MS-OXRTFCP] §2.2: runs of eight tokens, each a literal or a reference into the last 4096 octets."""
    text = bytearray(_INITIAL)
    position = 0
    while position < len(content):
        control = content[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                text += content[position : position + 1]
                position += 1
                continue
            reference = int.from_bytes(content[position : position + 2], "big")
            position += 2
            back = (len(text) - (reference >> 4)) % _WINDOW
            if position > len(content) or back > len(text):
                raise DamagedRtf("its text is damaged")
            if back == 0:
                return bytes(text[len(_INITIAL) :])
            _repeat(text, back, (reference & 15) + _SHORTEST_REFERENCE)
            if len(text) > LONGEST + len(_INITIAL):
                raise DamagedRtf("its text is too long for a fax")
    return bytes(text[len(_INITIAL) :])


def _repeat(text: bytearray, back: int, length: int) -> None:
    """Append what stands `back` octets before the end; it may reach into what is being appended."""
    begin = len(text) - back
    piece = text[begin : begin + length]
    text += (piece * (length // len(piece) + 1))[:length]
