"""Letters of Outlook: bodies in each of their forms, what is attached, saved messages."""

import pytest
from bounded_work import bounded_work
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outlook_files import (
    attached,
    compound_file,
    compressed,
    embedded,
    message_storage,
    saved_attachment,
    saved_message,
    tnef,
)

from mta.mime.compressed_rtf import LONGEST, DamagedRtf, uncompressed_rtf
from mta.mime.letter import Letter
from mta.mime.mapi import Tag, Value, charset_of
from mta.mime.outlook_letter import DamagedMessage, tnef_letter
from mta.mime.rtf_text import rtf_text
from mta.mime.saved_message import is_saved_message, saved_letter
from sandbox import Refused

TICKS = 134_086_374_640_000_000
"""2025-11-26 13:31:04 UTC in units of 100 ns since 1601."""
FROM_HTML = (
    rb"{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hello{\*\htmltag84 &nbsp;}"
    rb"\htmlrtf \'a0\htmlrtf0 you\htmlrtf\par}\htmlrtf0}"
)
PNG = b"\x89PNG\r\n\x1a\n"


def test_the_examples_of_the_specification() -> None:
    """[MS-OXRTFCP] §3.1.1 and §3.1.2."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert uncompressed_rtf(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert uncompressed_rtf(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.binary(max_size=5000))
def test_what_was_compressed_comes_out_again(rtf: bytes) -> None:
    assert uncompressed_rtf(compressed(rtf)) == rtf


def test_rtf_that_is_not_compressed() -> None:
    assert uncompressed_rtf(bytes.fromhex("0f000000030000004d454c4100000000") + b"abc") == b"abc"


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"\xff" * 16)
def test_damaged_compression_is_told(octets: bytes) -> None:
    with pytest.raises(DamagedRtf):
        uncompressed_rtf(octets)


def test_rtf_that_grows_is_refused_in_time() -> None:
    bomb = bytearray(compressed(b"x" * 100))
    bomb[4:8] = (LONGEST + 1).to_bytes(4, "little")
    with bounded_work(), pytest.raises(DamagedRtf, match="too long"):
        uncompressed_rtf(bytes(bomb))


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252 H\'e4llo\par Welt}", "Hällo\nWelt"),
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8}", "При"),
        (
            rb"{\rtf1{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f0 \'e4 {\f1\'cf} \'e4}",
            "ä П ä",
        ),
        (rb"{\rtf1\uc1 \u8364? \u-10179?\u-8704? \uc2\u228abx}", "€ \U0001f600 äx"),
        (rb"{\rtf1 a{\*\unknown hidden}b{\pict 89504e47}c{\pict\bin3 }}}}d{\info{\title x}}e}", "abcde"),
        (rb"{\rtf1 \{x\}\\ a\tab b\line c\~d\'2d\emdash}", "{x}\\ a\tb\nc\u00a0d-\u2014"),
        (FROM_HTML, "Helloyou"),
        (b"{\\rtf1 broken", "broken"),
        (b"{\\rtf1 }}}}more\\", "more"),
        (b"no rtf", ""),
        (b"", ""),
    ],
)
def test_the_text_of_rtf(rtf: bytes, text: str) -> None:
    assert rtf_text(rtf) == text


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"{", b"}", b"\\", b"\\u55357?", b"\\'", b"\\'e4", b"\\uc99", b"\\bin9999999 ", b"\\*", b"\\f1",
             b"\\fonttbl", b"\\fcharset204", b"\\ansicpg65001", b"\\ansicpg99999", b"\xff", b"x",
             b"\\htmlrtf", b"\\par"]
        )
    )
)  # fmt: skip
def test_no_rtf_crashes_it(tokens: list[bytes]) -> None:
    rtf_text(b"{\\rtf1" + b"".join(tokens)).encode()


@pytest.mark.parametrize("unit", [b"{", b"}", b"{}", b"\\f1", b"\\u1?", b"\\'e4", b"\\*", b"a\n"])
def test_rtf_takes_time_in_proportion(unit: bytes) -> None:
    with bounded_work():
        rtf_text(b"{\\rtf1 " + unit * (500_000 // len(unit)))


def test_rtf_of_more_words_than_a_fax_could_say_is_refused_in_time() -> None:
    with bounded_work(), pytest.raises(DamagedMessage, match="its text is too long for a fax"):
        tnef_letter(tnef({Tag.COMPRESSED_RTF: compressed(b"{\\rtf1 " + b"\\f1" * 1_100_000)}))


def test_bodies_in_the_order_of_what_they_can_say() -> None:
    html: dict[Tag, Value] = {Tag.HTML: "<p>ä</p>".encode("cp1251", "replace"), Tag.INTERNET_CODEPAGE: 1251}
    text: dict[Tag, Value] = {Tag.BODY: "text\r\nlines\r\n"}
    rtf: dict[Tag, Value] = {Tag.COMPRESSED_RTF: compressed(b"{\\rtf1 from rtf}")}
    letter = tnef_letter(tnef({**html, **text, **rtf}))
    assert (letter.text, letter.html) == ("text\nlines\n", "<p>?</p>")
    assert tnef_letter(tnef({**text, **rtf})).text == "text\nlines\n"
    assert tnef_letter(tnef(rtf)).text == "from rtf"


def test_a_damaged_body_is_told_where_it_is_needed() -> None:
    damaged: dict[Tag, Value] = {Tag.COMPRESSED_RTF: bytes(30)}
    with pytest.raises(DamagedMessage, match="its text is damaged"):
        tnef_letter(tnef(damaged))
    assert tnef_letter(tnef({**damaged, Tag.BODY: "text"})).text == "text"


def test_pictures_of_the_html_and_tiny_ones_in_the_text_are_no_documents() -> None:
    letter = tnef_letter(
        tnef(
            {Tag.HTML: b'<img src="cid:one">'},
            [
                attached({Tag.CONTENT_ID: "one", Tag.MEDIA_TYPE: "image/png"}, PNG),
                attached({Tag.LONG_FILE_NAME: "pixel.gif", Tag.HIDDEN: 1}, b"GIF89a"),
                attached({Tag.LONG_FILE_NAME: "spacer.png"}, PNG, position=12),
                attached({Tag.LONG_FILE_NAME: "photo.png"}, PNG * 1000, position=13),
                attached({Tag.LONG_FILE_NAME: "small.png"}, PNG),
                attached({Tag.LONG_FILE_NAME: "..\\..\\a/b\0.pdf", Tag.MEDIA_TYPE: "application/pdf"}, b"%"),
            ],
        )
    )
    assert letter.html == '<img src="data:image/png;base64,iVBORw0KGgo=">'
    assert [(one.name, one.media_type) for one in letter.enclosures] == [
        ("photo.png", "application/octet-stream"),
        ("small.png", "application/octet-stream"),
        ("b.pdf", "application/pdf"),
    ]


def test_an_attachment_that_is_but_a_link_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match=r'"plan\.dwg" is not in this mail, only a link to it\.'):
        tnef_letter(tnef({}, [attached({Tag.LONG_FILE_NAME: "plan.dwg", Tag.METHOD: 7})]))


def test_what_stands_above_a_letter() -> None:
    letter = tnef_letter(
        tnef({
            Tag.SENDER_NAME: "Desk", Tag.SENDER_ADDRESS: "/o=x/cn=desk", Tag.REPRESENTED_NAME: "Ana Ruiz",
            Tag.REPRESENTED_SMTP: "ana@hospital.example", Tag.SHOWN_TO: "John; Mary", Tag.SUBMITTED_AT: TICKS,
            Tag.SUBJECT: "Referral\r\nX-Fax-Cover: none",
        })
    )  # fmt: skip
    assert letter.head == (
        ("From", "Ana Ruiz <ana@hospital.example>"),
        ("To", "John; Mary"),
        ("Date", "Wed, 26 Nov 2025 13:31:04 +0000"),
        ("Subject", "Referral X-Fax-Cover: none"),
    )
    assert letter.subject == "Referral X-Fax-Cover: none"


@pytest.mark.parametrize("ticks", [-5, 0, 2_650_467_744_000_000_000])
def test_a_date_that_is_none_is_left_away(ticks: int) -> None:
    assert tnef_letter(tnef({Tag.SUBMITTED_AT: ticks & 0xFFFFFFFFFFFFFFFF})).head == ()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("IPM.Schedule.Meeting.Request", "calendar entry"), ("IPM.Contact", "contact card"), ("IPM.Note", "")],
)
def test_entries_and_cards_are_told(kind: str, words: str) -> None:
    left_out = tnef_letter(tnef({Tag.MESSAGE_CLASS: kind, Tag.SUBJECT: "Rounds"})).left_out
    assert left_out == ((f"Rounds ({words})",) if words else ())


def test_codepages() -> None:
    names = [charset_of(page) for page in (0, 1252, 65001, 28605, 932, 99999)]
    assert names == ["", "cp1252", "utf-8", "iso-8859-15", "shift_jis", "cp99999"]


INNER = {Tag.SUBJECT: "Inner", Tag.BODY: "inner text"}
SAVED = saved_message(
    {
        Tag.SUBJECT: "Grüße", Tag.BODY: "Hallo\r\nWelt", Tag.SENDER_NAME: "Ana".encode("cp1252"),
        Tag.SHOWN_TO: "Bob", Tag.SUBMITTED_AT: TICKS,
    },
    [
        saved_attachment({Tag.LONG_FILE_NAME: "a.pdf", Tag.DATA: b"%PDF" + b"x" * 9000, Tag.METHOD: 1}),
        saved_attachment({Tag.METHOD: 5, Tag.SHOWN_NAME: "inner"}, message_storage(INNER)),
        saved_attachment({Tag.LONG_FILE_NAME: "empty.txt", Tag.DATA: b"", Tag.METHOD: 1}),
    ],
)  # fmt: skip


def test_a_saved_message() -> None:
    assert is_saved_message(SAVED)
    letter = saved_letter(SAVED)
    assert letter.head == (
        ("From", "Ana"), ("To", "Bob"), ("Date", "Wed, 26 Nov 2025 13:31:04 +0000"), ("Subject", "Grüße"),
    )  # fmt: skip
    assert letter.text == "Hallo\nWelt"
    pdf, inner, empty = letter.enclosures
    assert (pdf.name, pdf.octets(), empty.octets()) == ("a.pdf", b"%PDF" + b"x" * 9000, b"")
    assert inner.letter is not None
    assert inner.letter() == Letter(
        head=(("Subject", "Inner"),), text="inner text", html="", enclosures=(), left_out=()
    )


def test_other_compound_files_are_no_messages() -> None:
    assert not is_saved_message(compound_file({"WordDocument": b"x" * 5000}))
    assert not is_saved_message(b"")


def _with(octets: bytes, place: int, value: int) -> bytes:
    return octets[:place] + value.to_bytes(4, "little") + octets[place + 4 :]


@pytest.mark.parametrize(
    "damaged",
    [
        _with(SAVED, 64, 100_663_297),
        _with(SAVED, 44, 100_663_297),
        _with(SAVED, 72, 1),
        _with(SAVED, SAVED.index("Root Entry".encode("utf-16-le")) + 120, 0xFFFFFF),
        compound_file({
            "__nameid_version1.0": {}, "__properties_version1.0": bytes(32), "__substg1.0_1000001F": {},
        }),
    ],
    ids=["mini-fat", "fat", "difat", "mini-stream", "storage-for-a-text"],
)  # fmt: skip
def test_sizes_that_are_made_up_cost_nothing(damaged: bytes) -> None:
    """The first ones took a minute and 1.3 GB with the library alone."""
    with bounded_work(), pytest.raises(DamagedMessage, match="it is damaged"):
        saved_letter(damaged)


def test_saved_messages_in_one_another_have_an_end() -> None:
    storage = message_storage(INNER)
    for _ in range(15):
        storage = message_storage(INNER, [saved_attachment({Tag.METHOD: 5}, storage)])
    with pytest.raises(DamagedMessage, match="nested more than 10 deep"):
        saved_letter(saved_message(INNER, [saved_attachment({Tag.METHOD: 5}, storage)]))


@pytest.mark.parametrize("cut", range(600, len(SAVED), 1531))
def test_a_saved_message_that_is_cut_off_is_told_or_what_is_there_is_whole(cut: int) -> None:
    try:
        letter = saved_letter(SAVED[:cut])
    except DamagedMessage:
        return
    assert [one.octets() for one in letter.enclosures if one.name == "a.pdf"] == [b"%PDF" + b"x" * 9000]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SAVED) - 1), st.binary(min_size=1, max_size=8))
def test_damage_in_a_saved_message_is_told_or_harmless(place: int, octets: bytes) -> None:
    try:
        letter = saved_letter(SAVED[:place] + octets + SAVED[place + len(octets) :])
    except DamagedMessage:
        return
    assert isinstance(letter, Letter)


def test_a_message_embedded_in_winmail_dat_is_opened_later() -> None:
    (enclosure,) = tnef_letter(tnef({}, [embedded(tnef(INNER), "inner")])).enclosures
    assert enclosure.name == "inner"
    assert enclosure.letter is not None
    assert enclosure.letter().text == "inner text"
