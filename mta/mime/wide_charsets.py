"""Charsets of two octets a character, as they are written by programs that leave out or add something.

- UTF-16 without a byte order mark, in either order (RFC 2781 §4.3 has the high octet first; Windows has it
  last), and text of eight bits that a program only calls UTF-16.
- ISO-2022-JP (RFC 1468) with the characters that Windows adds to JIS X 0208, in rows 13 and 89 to 92 (`①`,
  `㈱`, `髙`), and with half-width katakana; Python's codecs know neither rows.
"""

import codecs
import re

_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SWITCH = re.compile(rb"(\x1b(?:\$[@B]|\$\(D|\([BIJ]))")
_PAIR = re.compile(rb"[!-~]{2}")
_KATAKANA = re.compile(rb"[!-_]+")
_MOST_HIGH_OCTETS = 12
"""Of a text that is valid UTF-8 too."""
_BELOW_KATAKANA, _DELETE = 0x9F, 0x7F
"""Octets of Shift JIS between which there are none that lead, and none that follow."""
_FIRST = 0x21
"""The lowest octet of a pair in JIS X 0208."""


def utf_16_order(octets: bytes, codec: str) -> str:
    """The codec that is meant where UTF-16 is said: `utf-16-be`, `utf-16-le`, or one of eight bits.

    A text has few high octets, for each stands for a script or a part of one, and many low ones.

    Args:
        octets: the text.
        codec: what was said: `utf-16`, `utf-16-be` or `utf-16-le`.
    """
    if octets.startswith(_BYTE_ORDER_MARKS):
        return "utf-16"
    first, second = len(set(octets[::2])), len(set(octets[1::2]))
    if 0 not in octets and _is_mixed(min(first, second), len(octets) // 2) and _is_utf_8(octets):
        return "utf-8"
    if codec != "utf-16":
        return codec
    return "utf-16-be" if first <= second else "utf-16-le"


def _is_mixed(kinds: int, characters: int) -> bool:
    """Whether there are too many kinds of octets in both places for one of them to be the high one."""
    return characters > 1 and (kinds > _MOST_HIGH_OCTETS or kinds * 2 > characters)


def _is_utf_8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_japanese(octets: bytes) -> bool:
    """Whether a text of seven bits switches to JIS X 0208 and back, whatever its charset is called."""
    return b"\x1b$" in octets and b"\x1b(" in octets and octets.isascii() and bool(_SWITCH.search(octets))


def japanese(octets: bytes) -> str:
    """ISO-2022-JP with what Windows adds to it, decoded; what is damaged is shown as such."""
    in_ascii, *rest = _SWITCH.split(octets)
    pieces = [_ascii(in_ascii)]
    for switch, text in zip(rest[::2], rest[1::2], strict=True):
        pieces.append(_READERS.get(switch, _ascii)(text))
    return "".join(pieces)


def _ascii(octets: bytes) -> str:
    return octets.decode("ascii", errors="replace")


def _of_jis(octets: bytes) -> str:
    return _PAIR.sub(lambda pair: _shifted(*pair[0]), octets).decode("cp932", errors="replace")


def _shifted(row: int, cell: int) -> bytes:
    """A pair of JIS X 0208 in Shift JIS, which has two rows under each first octet."""
    half, second = divmod(row - _FIRST, 2)
    leading = 0x81 + half
    leading += 0x40 * (leading > _BELOW_KATAKANA)
    trailing = cell + (0x7E if second else 0x1F)
    return bytes((leading, trailing + (not second and trailing >= _DELETE)))


def _of_jis_supplement(octets: bytes) -> str:
    """JIS X 0212."""
    in_euc = _PAIR.sub(lambda pair: b"\x8f" + bytes(octet | 0x80 for octet in pair[0]), octets)
    return in_euc.decode("euc_jp", errors="replace")


def _of_katakana(octets: bytes) -> str:
    in_shift_jis = _KATAKANA.sub(lambda run: bytes(octet | 0x80 for octet in run[0]), octets)
    return in_shift_jis.decode("cp932", errors="replace")


_READERS = {
    b"\x1b$@": _of_jis, b"\x1b$B": _of_jis, b"\x1b$(D": _of_jis_supplement, b"\x1b(I": _of_katakana,
}  # fmt: skip
