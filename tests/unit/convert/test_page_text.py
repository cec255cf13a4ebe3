"""Text as it can stand on a page."""

import re
import unicodedata

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from convert.page_text import (
    direction,
    direction_or_none,
    east_asian_language,
    printable,
    printable_line,
    printable_values,
)

_ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(_ANY_TEXT)
def test_what_is_printable_can_be_encoded_and_has_no_controls(text: str) -> None:
    result = printable(text)

    result.encode("utf-8")
    assert {character for character in result if unicodedata.category(character) == "Cc"} <= {"\n", "\t"}
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ufffe\uffff]", result)


@given(st.text(st.characters(categories=("L", "N", "P", "Zs"))))
def test_letters_digits_and_punctuation_are_all_kept_in_order(text: str) -> None:
    assert printable(text).replace("\u200b", "") == text.replace("\u200b", "")


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_becomes_a_line_feed(line_end: str) -> None:
    assert printable(f"a{line_end}b") == "a\nb"


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert printable("a\ud83db") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_line_has_single_spaces_only() -> None:
    assert printable_line(" a\r\n\tb  c ") == "a b c"


def test_an_override_cannot_make_a_name_read_as_another() -> None:
    assert printable_line("evil\u202ecod.exe") == "evilcod.exe"


def test_skin_colours_and_joints_of_emoji_are_dropped_and_joints_of_scripts_kept() -> None:
    assert printable("👍🏽") == "👍"
    assert printable("👨\u200d👩") == "👨👩"
    assert printable("क्\u200dष") == "क्\u200dष"


def test_a_long_address_may_break_after_its_joints() -> None:
    address = "https://clinic.example/departments/radiology/contact?language=en&view=print"

    pieces = printable(address).split("\u200b")

    assert "".join(pieces) == address
    assert pieces[:3] == ["https://clinic.", "example/", "departments/"]
    assert max(map(len, pieces)) <= 30


def test_words_of_usual_length_get_no_breaks() -> None:
    assert "\u200b" not in printable(
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk 中文" * 3 + " ไทย" * 50
    )


@pytest.mark.parametrize("filler", ["x", "ж", "م", "\u00a0a"])
def test_no_text_stays_without_places_to_break(filler: str) -> None:
    assert max(map(len, printable(filler * 2000).split("\u200b"))) <= 31


def test_a_break_does_not_part_a_mark_from_its_letter() -> None:
    pieces = printable("e\u0301" * 200).split("\u200b")

    assert len(pieces) > 1
    assert not any(unicodedata.combining(piece[0]) for piece in pieces)


def test_a_letter_keeps_a_bounded_number_of_marks() -> None:
    assert printable("a" + "\u0301" * 1000) == "a" + "\u0301" * 30


def test_a_megabyte_is_made_printable_in_seconds() -> None:
    with bounded_work():
        printable("ж" * 500_000 + "\u0301\u202e" * 250_000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hello שלום", "ltr"), ("שלום Hello", "rtl"), ("123 مرحبا", "rtl"), ("+1 206", "ltr"), ("", "ltr")],
)
def test_the_first_letter_decides_the_direction(text: str, expected: str) -> None:
    assert direction(text) == expected


def test_a_text_without_letters_has_no_direction_of_its_own() -> None:
    assert direction_or_none("+1 206 555 (17)") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("東京とカナ", "ja"), ("서울 漢字", "ko"), ("中文", "zh"), ("Hello", None)],
)
def test_kana_and_hangul_tell_whose_han_characters_they_are(text: str, expected: str | None) -> None:
    assert east_asian_language(text) == expected


def test_values_are_made_printable_to_any_depth() -> None:
    value = {"number": 3, "sender": {"name": "A\r\nB", "address": "Street 1\r\nTown\x00 "}}

    assert printable_values(value, with_lines={"address"}) == {
        "number": 3,
        "sender": {"name": "A B", "address": "Street 1\nTown"},
    }
