"""Octets and encoded words of a mail as text.

Whatever the charset is called and whatever the octets are, something readable comes out: nothing here raises,
and nothing returned holds half a surrogate pair or a control character.
"""

import codecs
import re
from quopri import decodestring

import webencodings  # type: ignore[import-untyped]

from mta.mime.transfer import base64_decoded
from mta.mime.wide_charsets import is_japanese, japanese, utf_16_order

# What mails say and what they mean (WHATWG Encoding §4.2): each that is meant holds the one that is said.
_MEANT = {
    "ascii": "utf-8", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874", "gb2312": "gb18030",
    "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "iso2022_jp": "iso2022_jp_ext",
}  # fmt: skip
# A codepage under one of its many names: `win-1251`, `x-cp1251`, `cp-850`.
_CODEPAGE = re.compile(r"(?:x-)?(?:windows|win|cp|ibm|dos)[-_]?([0-9]{3,5})", re.IGNORECASE)
_UNICODE_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_JAPANESE = "iso2022_jp_ext"
_HOLD_ASCII = {None, "utf-8", "cp1252"}
"""Codecs of which text that switches to Japanese would be letters without a meaning."""
# Codecs of Python that are no charsets of mails.
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}

# RFC 2047 §2, and what is common beside it: blanks in a word, and a last one that was cut off.
# §6.2: white space between two encoded words is no part of the text.
_ENCODED_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([BbQq])\?([^?]*)(?:\?=|\??\Z)")
_BETWEEN = re.compile(r"\s*")
# HTML §4.2.5.4: within the first 1024 octets.
_META_CHARSET = re.compile(rb"""<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:+-]+)""", re.IGNORECASE)
_META_WITHIN = 1024
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Text of Windows that was taken for ISO 8859 on its way has its quotation marks, dashes and euros there (HTML
# §13.2.5.80 reads references to them so).
_OF_WINDOWS = re.compile("[\x80-\x9f]")


def decoded(octets: bytes, charset: str) -> str:
    """Octets in a charset as text; where that is unknown or plainly wrong, as UTF-8 or Western European."""
    codec = _codec(charset) or _UNICODE_MARKS.get(octets[:2])
    if codec and codec.startswith("utf-16"):
        codec = utf_16_order(octets, codec)
    elif codec == _JAPANESE or (codec in _HOLD_ASCII and is_japanese(octets)):
        return cleaned(_japanese(octets))
    for candidate in (codec, "utf-8"):
        if candidate:
            try:
                return cleaned(octets.decode(candidate))
            except ValueError:
                continue
    if codec and codec != "utf-8":
        return cleaned(octets.decode(codec, errors="replace"))
    return cleaned(_damaged(octets))


def _japanese(octets: bytes) -> str:
    if not octets.isascii():  # it is something else
        return decoded(octets, "")
    try:
        return octets.decode(_JAPANESE)
    except ValueError:
        return japanese(octets)


def in_utf_8(octets: bytes, charset: str) -> bytes:
    """A file of text in UTF-8 where its charset plainly holds it, else as it is.

    Western European is what programs say of all texts, so that proves nothing: what such a text is in is told
    elsewhere, from its letters. What has control characters is no text.
    """
    if _CONTROLS.search(octets):
        return octets
    codec = _codec(charset)
    if codec == _JAPANESE or is_japanese(octets):
        return _japanese(octets).encode(errors="replace")
    if codec in _HOLD_ASCII or (not octets.isascii() and _holds("utf-8", octets)):
        return octets
    return octets.decode(codec).encode(errors="replace") if codec and _holds(codec, octets) else octets


def decoded_html(octets: bytes, charset: str) -> str:
    """HTML as text: where the mail names no charset that holds it, in the one that the HTML itself names."""
    codec = _codec(charset)
    if codec and (codec != "utf-8" or _holds(codec, octets)):
        return decoded(octets, charset)
    return decoded(octets, _charset_in_html(octets) or charset)


def _charset_in_html(octets: bytes) -> str:
    """The charset of its meta element; empty where that cannot be meant: UTF-8 is hardly valid by chance."""
    found = _META_CHARSET.search(octets[:_META_WITHIN])
    if found is None or (not octets.isascii() and _holds("utf-8", octets)):
        return ""
    charset = found[1].decode("ascii", errors="replace")
    return "" if (_codec(charset) or "").startswith(("utf-16", "utf-32")) else charset


def _holds(codec: str, octets: bytes) -> bool:
    try:
        octets.decode(codec)
    except ValueError:
        return False
    return True


def _damaged(octets: bytes) -> str:
    """Text that is not quite UTF-8: some octets of it lost, or else another 8-bit set altogether."""
    text = octets.decode("utf-8", errors="replace")
    beyond_ascii = sum(character > "\x7f" for character in text)
    return text if text.count("\ufffd") * 2 < beyond_ascii else octets.decode("cp1252", errors="replace")


def header_text(raw: str) -> str:
    """A header value as `mta.mime.fields` gives it (8-bit octets as surrogates), decoded, on one line."""
    return " ".join(_decoded_words(raw).split())


def eight_bit_text(raw: str) -> str:
    """A header value as `mta.mime.fields` gives it, 8-bit octets decoded, encoded words left as they are."""
    return decoded(raw.encode("utf-8", errors="surrogateescape"), "utf-8")


def _decoded_words(raw: str) -> str:
    pieces: list[str] = []
    octets, charset, position = bytearray(), "", 0
    for word in _ENCODED_WORD.finditer(raw):
        gap = raw[position : word.start()]
        adjacent = bool(octets) and _BETWEEN.fullmatch(gap)
        # Some encoders cut a character in two, so neighbours are put together before they are decoded.
        if not adjacent or word[1].lower() != charset:
            pieces.append(decoded(bytes(octets), charset))
            octets, charset = bytearray(), word[1].lower()
        if not adjacent:
            pieces.append(eight_bit_text(gap))
        octets += _octets(word[2].lower(), word[3])
        position = word.end()
    return "".join((*pieces, decoded(bytes(octets), charset), eight_bit_text(raw[position:])))


def _octets(encoding: str, text: str) -> bytes:
    octets = text.encode("utf-8", errors="surrogateescape")
    if encoding == "q":
        return decodestring(octets, header=True)
    return base64_decoded(octets)


def known_charset(charset: str) -> bool:
    """Whether text can be decoded from a charset of that name."""
    return _codec(charset) is not None


def _codec(charset: str) -> str | None:
    """The name of Python's codec for a charset, or None if there is none to use."""
    label = charset.encode("ascii", errors="ignore").decode().strip().strip("'\"")
    return _codec_called(label) or _codec_called(_usual_name(label))


def _codec_called(name: str) -> str | None:
    try:
        name = codecs.lookup(name).name
        b"a".decode(name, errors="replace")  # some codecs give no text
    except (LookupError, ValueError):
        return None
    return None if name.replace("-", "_") in _NO_CHARSETS else _MEANT.get(name, name)


def _usual_name(label: str) -> str:
    """What a charset is called where Python does not know it: a label of WHATWG Encoding §4.2, a codepage."""
    if encoding := webencodings.lookup(label):
        return str(encoding.codec_info.name)
    codepage = _CODEPAGE.fullmatch(label)
    return f"cp{codepage[1]}" if codepage else label.lower().removeprefix("x-")


def cleaned(text: str) -> str:
    """A text with one kind of line end, without control characters and halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    text = _OF_WINDOWS.sub(lambda found: found[0].encode("latin-1").decode("cp1252", errors="ignore"), text)
    return _UNWANTED.sub("", text).encode("utf-8", errors="replace").decode("utf-8")


def unflowed(text: str, *, delete_space: bool) -> str:
    """Paragraphs of format=flowed text (RFC 3676 §4) on lines of their own; quoted lines stay as they are."""
    pieces: list[str] = []
    open_paragraph = False
    for number, line in enumerate(text.split("\n")):
        quoted = line.startswith(">")
        content = line if quoted else line.removeprefix(" ")  # §4.4: space-stuffing
        if number and (quoted or not open_paragraph):
            pieces.append("\n")
        # §4.3: the signature separator is never soft.
        open_paragraph = content.endswith(" ") and not quoted and content != "-- "
        pieces.append(content[:-1] if open_paragraph and delete_space else content)
    return "".join(pieces)
