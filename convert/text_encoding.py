"""In which encoding a text without a byte order mark is that is not UTF-8. Pure.

What is sure by its shape is told first: UTF-16 and UTF-32 by their zero octets, ISO-2022-JP by its escapes,
Japanese by its kana, the frames of DOS tables. ASCII with a few signs and names is Windows-1252. All else is
judged by how much the letters look like words of the languages that are written in an encoding
(charset-normalizer); what looks like none is Windows-1252.
"""

import re

_EVERYDAY = (
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp866", "cp1253", "cp1254", "cp1255", "cp1256", "cp932",
    "euc_jp", "gb18030", "big5", "cp949", "tis_620", "cp437", "cp850", "iso8859_2", "iso8859_5", "iso8859_7",
    "mac_roman",
)  # fmt: skip
"""What texts are kept in, the likelier first. With rarer ones among them short texts would be misread."""
_LATIN = ("cp1252", "cp1250", "cp1254", "cp437", "cp850", "iso8859_2", "mac_roman")
"""Those of them where letters that ASCII lacks stand alone, or two together."""
_TOGETHER = re.compile(rb"[\x80-\xff]{3}")
_FOREIGN = re.compile(rb"[\x80-\xff]")
_LITTLE, _LITTLE_SHARE = 4, 0.04
"""Letters that ASCII lacks, and their share: names and loan words. A language with an encoding of its own has
half as many again."""
_SIGN = rb"\x80\x85\x91\x93-\x97\x99\xa7\xa9\xab\xae\xb0-\xb2\xb5\xb7\xbb-\xbe\xd7\xf7"
"""What stands in texts of any language, as Windows has it: € … quotation marks, dashes, ° ± ² µ · ½ ×."""
_NO_SIGN = re.compile(rb"[^\x00-\x7f\x92" + _SIGN + rb"]|[A-Za-z][" + _SIGN + rb"][A-Za-z]")
_SAMPLE = 1 << 16
"""Octets that are judged."""
_FEW, _MANY = 0.02, 0.6
"""Shares of zero octets: where a Western letter has its own octet, and where its zero is."""
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]|\x1b\(J")  # RFC 1468 §2
_DOS_FRAME = re.compile(rb"[\xc4\xcd]{4,}")
_DOS_BARS = re.compile(rb"[\xb3\xba\xda\xc9\xc0\xc8]")
_KANA = re.compile(r"[\u3041-\u30fe]")
_KANA_SHARE = 0.2
_SAME_AS_ASCII = 0x80
_HANZI = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
"""GB 2312's signs, and its everyday letters (level 1)."""
_NO_HANGUL = re.compile(rb"[\xc9-\xd7][\xa1-\xfe]")
"""KS X 1001 has its everyday letters below; of Chinese ones a third stands there."""
_HANZI_SHARE, _NO_HANGUL_SHARE = 0.9, 0.2
_RUN = re.compile(rb"[\x80-\xff]+")


def guessed_encoding(data: bytes) -> str:
    """Python's name of the likeliest encoding; the text need not be free of errors in it."""
    sample = data[:_SAMPLE]
    return _by_zeros(sample) or _by_shape(sample) or _by_signs(sample) or _by_language(sample)


def _by_zeros(sample: bytes) -> str:
    if not sample.count(0):
        return ""
    shares = [_share_of_zeros(sample[place::4]) for place in range(4)]
    wide = [share > _MANY for share in shares]
    narrow = [share < _FEW for share in shares]
    patterns = {
        "utf_32_le": narrow[0] and wide[2] and wide[3],
        "utf_32_be": narrow[3] and wide[0] and wide[1],
        "utf_16_le": narrow[0] and narrow[2] and wide[1] and wide[3],
        "utf_16_be": narrow[1] and narrow[3] and wide[0] and wide[2],
    }
    return next((name for name, fits in patterns.items() if fits), "")


def _share_of_zeros(octets: bytes) -> float:
    return octets.count(0) / max(1, len(octets))


def _by_shape(sample: bytes) -> str:
    if _JAPANESE_ESCAPE.search(sample):
        return "iso2022_jp"
    if _DOS_FRAME.search(sample) and _DOS_BARS.search(sample):
        return "cp850"
    for name in ("cp932", "euc_jp"):
        text = _read(sample, name)
        foreign = sum(ord(letter) >= _SAME_AS_ASCII for letter in text)
        if foreign and len(_KANA.findall(text)) > _KANA_SHARE * foreign:
            return name
    return "gb18030" if _is_chinese(sample) else ""


def _is_chinese(sample: bytes) -> bool:
    """Whether nearly all that ASCII lacks is pairs of octets that Chinese has, and Korean has not."""
    runs = _RUN.findall(sample)
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run), 2)]
    everyday = sum(_HANZI.fullmatch(pair) is not None for pair in pairs)
    no_hangul = sum(_NO_HANGUL.fullmatch(pair) is not None for pair in pairs)
    enough = everyday > _HANZI_SHARE * len(pairs) and no_hangul > _NO_HANGUL_SHARE * len(pairs)
    return enough and len(pairs) > _LITTLE


def _read(sample: bytes, name: str) -> str:
    """The sample, whose last letter may be cut through; empty if it is not in that encoding."""
    whole = sample if len(sample) < _SAMPLE else sample[: sample.rfind(b"\n") + 1]
    try:
        return whole.decode(name)
    except UnicodeDecodeError:
        return ""


def _by_signs(sample: bytes) -> str:
    """Windows-1252, where so little is foreign that it tells nothing of a language."""
    foreign = len(_FOREIGN.findall(sample))
    little = foreign <= max(_LITTLE, _LITTLE_SHARE * len(sample)) and not _TOGETHER.search(sample)
    return "cp1252" if little or not _NO_SIGN.search(sample) else ""


def _by_language(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only few texts need it

    # A sign in a text, as that of a degree before a C, is half a letter of East Asia too.
    likely = _EVERYDAY if _TOGETHER.search(sample) else _LATIN
    best = from_bytes(sample, cp_isolation=list(likely)).best()
    return best.encoding if best else "cp1252"
