"""Charsets, encoded words, flowed text: whatever is written, text comes out."""

import codecs

import pytest
from bounded_work import bounded_work
from hypothesis import assume, given
from hypothesis import strategies as st

from mta.header_scan import HEADER_LIMIT
from mta.mime.text import decoded, decoded_html, header_text, in_utf_8, unflowed
from mta.mime.wide_charsets import japanese, utf_16_order


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        ("grün".encode("cp1252"), "iso-8859-1", "grün"),
        ("„grün“ €".encode("cp1252"), "ISO-8859-1", "„grün“ €"),
        ("grün".encode(), "us-ascii", "grün"),
        ("grün".encode(), "", "grün"),
        ("grün".encode("cp1252"), "utf-8", "grün"),
        ("grün".encode("cp1252"), "x-unknown", "grün"),
        ("grün grüßt größte Hüte".encode()[:-1] + b"\xff", "utf-8", "grün grüßt größte Hüt\ufffd"),
        ("こんにちは".encode("iso2022_jp"), "iso-2022-jp", "こんにちは"),
        ("한국어".encode("cp949"), "ks_c_5601-1987", "한국어"),
        ("汉语".encode("gb18030"), '"gb2312"', "汉语"),
        (b"a\r\nb\rc\x00\x1b\x0c", "utf-8", "a\nb\nc"),
        ("\ufeffx".encode(), "utf-8", "x"),
        (b"abc", "rot13", "abc"),
        ("שלום".encode("iso-8859-8"), "ISO-8859-8-I", "שלום"),
        ("診療".encode("cp932"), "x-sjis", "診療"),
        ("診療①".encode("cp932"), "windows-31j", "診療①"),
        ("转诊".encode("gb18030"), "x-gbk", "转诊"),
        ("ไทย".encode("cp874"), "windows-874", "ไทย"),
        ("Врач".encode("cp1251"), "win-1251", "Врач"),
        ("grün".encode("cp850"), "cp-850", "grün"),
        ("診療".encode("euc-jp"), "x-euc-jp", "診療"),
        ("grün".encode(), "X-UTF-8", "grün"),
        ("grün".encode(), "x-user-defined", "grün"),
        ("grün".encode("utf-16"), "", "grün"),
        (codecs.BOM_UTF16_BE + "grün".encode("utf-16-be"), "", "grün"),
        ("grün".encode("utf-16-be"), "utf-16", "grün"),
        ("grün".encode("utf-16-le"), "utf-16", "grün"),
        ("診療\r\n".encode("utf-16-le"), "utf-16", "診療\n"),
        ("診療".encode("utf-16-be"), "utf-16", "診療"),
        ("一二三一".encode("utf-16-le"), "utf-16le", "一二三一"),
        ("あいさつ".encode("utf-16-le"), "utf-16", "あいさつ"),
        (b"written in ASCII", "utf-16", "written in ASCII"),
        ("grün und blau".encode(), "utf-16le", "grün und blau"),
        (b"\x1b$B-!-j\x1b(B No. \x1b$BBh\x1b(B 1", "iso-2022-jp", "①㈱ No. 第 1"),
        (b"\x1b$B?GNE-!\x1b(B ok", "ISO-2022-JP", "診療① ok"),
        (b"\x1b$B?GNE\x1b(B ok", "us-ascii", "診療 ok"),
        (b"\x1b$B?GNE\x1b(B ok", "", "診療 ok"),
        (b"\x1b(I6E\x1b(B \x1b$B-!\x1b(B", "iso-2022-jp", "ｶﾅ ①"),
        (b"\x1b$B-!", "iso-2022-jp", "①"),
        (b"\x1b$B-", "iso-2022-jp", "-"),
        ("it’s “5 €” – ok".encode("cp1252").decode("latin-1").encode(), "utf-8", "it’s “5 €” – ok"),
        (b"it\x92s", "iso-8859-15", "it’s"),
        (b"a\xc2\x81b", "utf-8", "ab"),
        ("grün".encode(), "utf-\udcff8", "grün"),
        (b"abc", "idna", "abc"),
        (b"\\ud800", "unicode_escape", "\\ud800"),
    ],
)
def test_charsets(octets: bytes, charset: str, text: str) -> None:
    assert decoded(octets, charset) == text


@given(
    st.text(
        st.characters(codec="cp932", exclude_categories=["Cc"], exclude_characters="\\~¢£¬‖−〜"), max_size=20
    )
)
def test_every_character_of_japanese_windows_is_read(text: str) -> None:
    """Of codepage 932, but for what has no place in ISO-2022-JP: IBM's rows and private ones."""
    pieces = []
    for character in text:
        octets = character.encode("cp932")
        if len(octets) == 1:
            pieces.append(b"\x1b(I" + bytes([octets[0] & 0x7F]) if octets[0] > 0x7F else b"\x1b(B" + octets)
        elif octets[0] < 0xF0:
            lead = octets[0] - (0xC1 if octets[0] >= 0xE0 else 0x81)
            row = lead * 2 + 0x21 + (octets[1] >= 0x9F)
            cell = octets[1] - (0x7E if octets[1] >= 0x9F else 0x20 if octets[1] > 0x7F else 0x1F)
            pieces.append(b"\x1b$B" + bytes((row, cell)))
        else:
            pieces.append(b"\x1b(B?")
            text = text.replace(character, "?")
    assert japanese(b"".join(pieces)) == text


@given(st.binary(max_size=100), st.sampled_from(["utf-16", "utf-16-be", "utf-16-le"]))
def test_damaged_wide_text_raises_nothing(octets: bytes, codec: str) -> None:
    japanese(octets)
    octets.decode(utf_16_order(octets, codec), errors="replace")


@given(
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüß ,.0123456789"), min_size=5, max_size=80),
    st.sampled_from(["utf-16-be", "utf-16-le"]),
)
def test_latin_text_in_utf_16_is_read_in_either_order(text: str, order: str) -> None:
    assume(len(set(text)) > 1)
    assert text.encode(order).decode(utf_16_order(text.encode(order), "utf-16")) == text


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        ("Zażółć gęślą".encode("cp1250"), "windows-1250", "Zażółć gęślą"),
        ("Врач".encode("koi8-r"), "koi8-r", "Врач"),
        ("Врач".encode(), "koi8-r", "Врач"),
        (b"\x1b$B?GNE-!\x1b(B", "iso-2022-jp", "診療①"),
        (b"Gr+APw-n", "utf-7", "Grün"),
        (b"a+b=c", "utf-8", "a+b=c"),
    ],
)
def test_a_file_of_text_is_kept_in_utf_8(octets: bytes, charset: str, text: str) -> None:
    assert in_utf_8(octets, charset).decode() == text


@pytest.mark.parametrize(
    "charset", ["", "iso-8859-1", "us-ascii", "utf-8", "x-unknown", "koi8-r", "shift_jis"]
)
@pytest.mark.parametrize("octets", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", b"BM\x01\x02\xff\xfe", b"plain"])
def test_what_is_no_text_or_says_nothing_is_kept_as_it_is(octets: bytes, charset: str) -> None:
    assert in_utf_8(octets, charset) == octets


def test_a_charset_that_does_not_hold_the_text_is_not_believed() -> None:
    assert in_utf_8(b"gr\xfcn\xff", "iso-2022-kr") == b"gr\xfcn\xff"
    assert in_utf_8("Врач".encode("cp1251"), "iso-8859-1") == "Врач".encode("cp1251")


_HEAD = '<html><head><meta http-equiv="Content-Type" content="text/html; charset={0}"></head><body>'


@pytest.mark.parametrize(
    ("written_in", "said_within", "said_by_mail", "is_read"),
    [
        ("cp1251", "windows-1251", "", True),
        ("koi8-r", "koi8-r", "us-ascii", True),
        ("koi8-r", "koi8-r", "x-unknown", True),
        ("koi8-r", "koi8-r", "utf-8", True),
        ("iso2022_jp", "iso-2022-jp", "", True),
        ("utf-8", "windows-1251", "", True),
        ("utf-8", "utf-16", "", True),
        ("cp1251", "utf-8", "windows-1251", True),
        ("cp1251", "koi8-r", "windows-1251", True),
        ("cp1251", "x-unknown", "", False),
    ],
)
def test_html_names_its_charset_where_the_mail_does_not(
    written_in: str, said_within: str, said_by_mail: str, *, is_read: bool
) -> None:
    html = f"{_HEAD.format(said_within)}Врач"
    assert (decoded_html(html.encode(written_in), said_by_mail) == html) is is_read


@given(
    st.binary(max_size=200),
    st.one_of(st.text(max_size=10), st.sampled_from(["utf-16", "utf-7", "hz", "cp037", "hex", "utf-8"])),
)
def test_no_octets_and_no_charset_raise(octets: bytes, charset: str) -> None:
    text = decoded(octets, charset)
    assert "\x00" not in text
    text.encode()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?gr=C3=BCn?= und =?ISO-8859-1?B?YmxhdQ==?=", "grün und blau"),
        ("=?utf-8?q?a?=\r\n =?utf-8?q?b?= c", "ab c"),
        ("=?utf-8?b?44GT44I=?= =?utf-8?b?kw==?=", "こん"),
        ("=?utf-8*de?q?a_b?=", "a b"),
        ("=?utf-8?b?YQ?=", "a"),
        ("=?utf-8?b?!?=", ""),
        ("=?utf-8?b?YWI?=c", "abc"),
        ("=?utf-8?b?YWIx?= =?utf-8?b?Y?=", "ab1"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?b?Z3LDvG4g?= =?utf-8?b?ZXM", "grün es"),
        ("=?utf-8?q?gr=C3=BCn_und_bl?", "grün und bl"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?100%_=_a=?=", "100% = a"),
        ("=?x?y?z?=", "=?x?y?z?="),
        ("=?utf\udcff-8?q?gr=C3=BCn?=", "grün"),
        ("=?iso-8859-1?q?Fr\udcf6sche?=", "Frösche"),
        ("Fr\udcf6sche", "Frösche"),
        ("Fr\udcc3\udcb6sche", "Frösche"),
        ("  a\r\n\tb  ", "a b"),
        ("plain", "plain"),
    ],
)
def test_headers(raw: str, text: str) -> None:
    assert header_text(raw) == text


@given(st.binary(max_size=100))
def test_no_header_raises(octets: bytes) -> None:
    for raw in (
        octets,
        b"=?" + octets + b"?=",
        b"=?utf-8?b?" + octets + b"?=",
        b"=?utf-8?q?" + octets + b"?=",
        b"=?" + octets + b"?q?a?=",
    ):
        header_text(raw.decode("ascii", "surrogateescape")).encode()


def test_flowed_paragraphs_are_put_together() -> None:
    flowed = "One \ntwo \nthree\n\n From here\n> quoted \n> as it was\n-- \nAna\n"
    assert unflowed(flowed, delete_space=False) == (
        "One two three\n\nFrom here\n> quoted \n> as it was\n-- \nAna\n"
    )
    assert unflowed("汉 \n语", delete_space=True) == "汉语"
    assert unflowed("one \n> two \nthree", delete_space=False) == "one \n> two \nthree"


@pytest.mark.parametrize("line", ["a \n", "a\n", " \n", "> \n", "\n"])
def test_flowed_text_takes_time_in_proportion(line: str) -> None:
    with bounded_work():
        unflowed(line * 300_000, delete_space=False)


@pytest.mark.parametrize(
    "word", ["=?utf-8?q?x?= ", "=?x", "=?x?q?", "=*", "?=", "=?u?b?=", "=?utf-8?q?x?=" + " " * 50]
)
def test_headers_take_time_in_proportion(word: str) -> None:
    with bounded_work():
        header_text((word * HEADER_LIMIT)[:HEADER_LIMIT])
