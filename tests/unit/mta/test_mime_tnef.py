"""`winmail.dat` read: strictly, and without cost beyond its size."""

import struct
import tracemalloc
from pathlib import Path

import pytest
from bounded_work import bounded_work
from hypothesis import given, settings
from hypothesis import strategies as st
from outlook_files import ATTACHMENT, INTERFACE, MESSAGE, attached, attribute, property_list, tnef

from mta.mime.mapi import Tag
from mta.mime.tnef import MAX_ATTRIBUTES, DamagedTnef, TnefMessage, read_tnef

SAMPLES = Path(__file__).parents[2] / "data" / "mail"
STREAM = tnef(
    {Tag.SUBJECT: "Grüße", Tag.BODY: "text"},
    [attached({Tag.LONG_FILE_NAME: "a.pdf", Tag.METHOD: 1}, b"%PDF" + bytes(range(256)), title=b"A~1.PDF")],
)
MULTI_VALUED_BOMB = struct.pack("<IHHI", 1, 0x1003, 0x37, 300_000) + bytes(1_200_000)


def test_a_message_and_what_is_attached() -> None:
    message = read_tnef(STREAM)
    assert message.properties.text(Tag.SUBJECT) == "Grüße"
    (attachment,) = message.attachments
    assert attachment.properties.text(Tag.LONG_FILE_NAME) == "a.pdf"
    assert attachment.properties.text(Tag.FILE_NAME) == "A~1.PDF"
    assert attachment.properties.number(Tag.RENDERING_POSITION) == -1
    assert attachment.data == b"%PDF" + bytes(range(256))


def test_texts_of_the_time_before_mapi_are_in_the_codepage_that_is_named() -> None:
    old = attribute(MESSAGE, 0x00018004, "Счёт\0".encode("cp1251"))
    old += attribute(MESSAGE, 0x0002800C, "Тело\0".encode("cp1251"))
    message = read_tnef(tnef(before=old, codepage=1251))
    assert (message.properties.text(Tag.SUBJECT), message.properties.text(Tag.BODY)) == ("Счёт", "Тело")


def test_an_embedded_message_is_what_follows_its_interface() -> None:
    stream = tnef({}, [attached({Tag.METHOD: 5, Tag.DATA: INTERFACE + b"stream"})])
    assert [one.data for one in read_tnef(stream).attachments] == [b"stream"]


def test_named_and_multi_valued_properties_are_passed_over() -> None:
    named_by_number = struct.pack("<HH16sIIi", 3, 0x8001, bytes(16), 0, 7, 5)
    name = "ab".encode("utf-16-le")
    named_by_text = struct.pack("<HH16sII4si", 3, 0x8002, bytes(16), 1, len(name), name, 5)
    shorts = struct.pack("<HHIhhhxx", 0x1002, 0x1234, 3, 1, 2, 3)
    texts = struct.pack("<HHII4sI4s", 0x101E, 0x1235, 2, 2, b"a\0", 1, b"b")
    truth = struct.pack("<HHHxx", 0x0B, Tag.HIDDEN, 1)
    listed = struct.pack("<I", 6) + named_by_number + named_by_text + shorts + texts + truth
    listed += property_list({Tag.SUBJECT: "s"})[4:]
    stream = b"\x78\x9f\x3e\x22\1\0" + attribute(MESSAGE, 0x00069003, listed)
    properties = read_tnef(stream).properties
    assert (properties.text(Tag.SUBJECT), properties.number(Tag.HIDDEN)) == ("s", 1)


@pytest.mark.parametrize("rest", [b"", b"\0\0", b"\r\n", b"\0" * 100])
def test_what_gateways_leave_at_the_end_does_no_harm(rest: bytes) -> None:
    assert len(read_tnef(STREAM + rest).attachments) == 1


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "does not begin"),
        (b"%PDF-1.4", "does not begin"),
        (STREAM + b"\3" + bytes(20), "is damaged"),
        (STREAM.replace(b"%PDF", b"%PDG"), "a checksum is wrong"),
        (b"\x78\x9f\x3e\x22\1\0" + attribute(MESSAGE, 0x00069003, b"\xff\xff\xff\xff"), "cut off"),
        (
            b"\x78\x9f\x3e\x22\1\0" + attribute(MESSAGE, 0x00069003, struct.pack("<IHH", 1, 0x77, 1)),
            "no known type",
        ),
        (
            b"\x78\x9f\x3e\x22\1\0"
            + attribute(MESSAGE, 0x00069003, struct.pack("<IHHII", 1, 0x1F, 0x37, 1, 0xFFFFFFFF)),
            "cut off",
        ),
        (
            b"\x78\x9f\x3e\x22\1\0" + attribute(MESSAGE, 0x00069003, MULTI_VALUED_BOMB),
            "more than 200000 properties",
        ),
        (
            b"\x78\x9f\x3e\x22\1\0" + attribute(ATTACHMENT, 0x00018010, b"") * (MAX_ATTRIBUTES + 1),
            "more than 20000 attributes",
        ),
    ],
    ids=[
        "nothing", "other", "level", "checksum", "count", "type", "length", "multi-valued-bomb",
        "attribute-bomb",
    ],
)  # fmt: skip
def test_what_is_damaged_is_refused(octets: bytes, words: str) -> None:
    with pytest.raises(DamagedTnef, match=words):
        read_tnef(octets)


@pytest.mark.parametrize("cut", range(6, len(STREAM), 7))
def test_a_stream_that_is_cut_off_never_passes_for_whole(cut: int) -> None:
    """Unless it is cut between two attributes, where nothing shows it; then what is there is whole."""
    try:
        message = read_tnef(STREAM[:cut])
    except DamagedTnef:
        return
    whole = read_tnef(STREAM)
    for attachment, complete in zip(message.attachments, whole.attachments, strict=False):
        assert attachment.data in (b"", complete.data)


@settings(max_examples=300, deadline=None)
@given(st.integers(6, len(STREAM) - 1), st.binary(min_size=1, max_size=6))
def test_damage_anywhere_is_told_or_harmless(place: int, octets: bytes) -> None:
    try:
        message = read_tnef(STREAM[:place] + octets + STREAM[place + len(octets) :])
    except DamagedTnef:
        return
    assert isinstance(message, TnefMessage)


def test_a_sample_of_the_wild() -> None:
    message = read_tnef((SAMPLES / "long-filename.tnef").read_bytes())
    (attachment,) = message.attachments
    assert attachment.properties.line(Tag.LONG_FILE_NAME, Tag.FILE_NAME) == "allproductsmar2000.dat"
    assert len(attachment.data) == 279


def test_many_small_attributes_take_time_and_memory_in_proportion() -> None:
    stream = tnef({}, [attached({Tag.LONG_FILE_NAME: "x"}, b"x" * 2000) for _ in range(5000)])
    tracemalloc.start()
    with bounded_work():
        assert len(read_tnef(stream).attachments) == 5000
    assert tracemalloc.get_traced_memory()[1] < 4 * len(stream)
    tracemalloc.stop()
