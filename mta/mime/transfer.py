"""Content-Transfer-Encodings undone (RFC 2045 §6), the old uuencode among them.

What is damaged is decoded as far as it goes; what is not encoded, whatever its header says, comes back as it
is. The result is never much larger than what it was made of.
"""

import binascii
import re
from itertools import chain

from sandbox import Refused

MAX_DECODED = 256 * 1024 * 1024
"""Octets that an encoded part may come to. Base64 and quoted-printable shrink; two octets of uuencode may
stand for 45."""

MAX_LINES = 5_000_000
"""Lines of an uuencoded part; each regular one stands for 45 octets."""

_TOO_LARGE = "An attachment of this mail is too large once it is decoded."
_TOO_MANY_LINES = "An attachment of this mail is encoded in too many lines."

_BASE64_NAMES = {"base64", "base-64", "x-base64"}
_QUOTED_PRINTABLE_NAMES = {"quoted-printable", "quotedprintable", "quoted_printable", "qp"}
_UUENCODED = {"x-uuencode", "uuencode", "x-uue", "uue"}
_UU_BEGIN = re.compile(rb"^begin (?:-base64 )?[0-7]{3,4} [^\n]*\n?", re.MULTILINE)
_LINE = re.compile(rb"[^\n]+")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_BASE64 = bytes(set(range(256)) - set(_BASE64))
_PADDING = re.compile(rb"=+")
_PADDED_SOFT_BREAK = re.compile(rb"=[ \t]+(\r?\n)")  # RFC 2045 §6.7 (3): blanks come on the way
# A line of words, or the mark above a signature: what a gateway writes below, whatever the encoding.
_REMARK = re.compile(
    rb"\n[ \t]*(?:--[ \t]*\r?\n|[^\s=]{1,15}[ \t]+[^\s=]{1,15}[ \t]+[^\s=]{1,15}(?!\S))", re.ASCII
)
_FULL_LINE = re.compile(rb"\n[A-Za-z0-9+/]{60,}")
_LONGEST_WORD = 15
_SENTENCE = 3
"""Words from which on a line is one of a text."""
_FURTHER_PIECE = re.compile(rb"(?:[ \t]*\r?\n\s*)?[A-Za-z0-9+/]{2,}=*[ \t]*(?:\r?\n|\Z)")
_PIECES = 1000
_LOOKED_AT = 1000


def transfer_decoded(octets: bytes, encoding: str) -> bytes:
    """The octets that were encoded.

    Args:
        octets: the body of a part.
        encoding: its Content-Transfer-Encoding, in lower case; one that is not known is none.

    Raises:
        Refused: they are too many.
    """
    if encoding in _BASE64_NAMES:
        return _of_base64(octets)
    if encoding in _QUOTED_PRINTABLE_NAMES:
        return binascii.a2b_qp(_PADDED_SOFT_BREAK.sub(rb"=\1", octets))
    if encoding in _UUENCODED:
        return _of_uuencode(octets)
    return octets


def _of_base64(octets: bytes) -> bytes:
    return base64_decoded(octets) if _looks_like_base64(octets) else octets


def base64_decoded(octets: bytes) -> bytes:
    """Base64 decoded as far as it goes: without its padding, with stray characters, in several pieces."""
    octets = _without_remark(octets)
    pieces: list[bytes] = []
    position = 0
    while len(pieces) < _PIECES:
        padding = _PADDING.search(octets, position)
        pieces.append(_of_piece(octets[position : padding.start() if padding else len(octets)]))
        # What follows the padding goes on if it is base64 again, and else is somebody's remark.
        if padding is None or not _FURTHER_PIECE.match(octets, padding.end()):
            break
        position = padding.end()
    return b"".join(pieces)


def _without_remark(octets: bytes) -> bytes:
    """Base64 up to the words that somebody wrote below it."""
    remark = _REMARK.search(octets)
    if remark is None or _FULL_LINE.search(octets, remark.end()):
        return octets
    return octets[: remark.start()]


def _looks_like_base64(octets: bytes) -> bool:
    """Whether it is encoded as its header says. RFC 2045 §6.8 lets stray characters stand in it."""
    lines = [line.split() for line in octets[:_LOOKED_AT].splitlines() if line.strip()]
    if not lines:
        return octets.isascii()
    first = lines[0][0]
    if len(first.translate(None, _BASE64 + b"=")) * 10 > len(first):
        return False
    greeting = len(lines[0]) == 1 and len(first) <= _LONGEST_WORD and not first.endswith(b"=")
    beginning = lines[: 1 + greeting]
    return b"".join(chain(*beginning)).isascii() and not any(map(_is_sentence, beginning))


def _is_sentence(words: list[bytes]) -> bool:
    return len(words) >= _SENTENCE and max(map(len, words)) <= _LONGEST_WORD


def _of_piece(octets: bytes) -> bytes:
    """One run of base64 without padding. A single character at its end is no octet."""
    text = octets.translate(None, _NO_BASE64)
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4) if len(text) % 4 else text)


def _of_uuencode(octets: bytes) -> bytes:
    begin = _UU_BEGIN.search(octets)
    if begin is None:
        return octets
    if octets.count(b"\n") > MAX_LINES:
        raise Refused(_TOO_MANY_LINES)
    result = bytearray()
    for line in _LINE.finditer(octets, begin.end()):
        text = line[0].rstrip(b"\r")
        if text == b"end":
            break
        result += _of_uuencoded_line(text)
        if len(result) > MAX_DECODED:
            raise Refused(_TOO_LARGE)
    return bytes(result)


def _of_uuencoded_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # More characters than the line says it has, or one that is none of the code.
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[: 1 + length])
        except binascii.Error:
            return b""
