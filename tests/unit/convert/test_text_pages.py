import re

import pytest

from convert.text_pages import as_rtf


def size_of(rtf: bytes) -> float:
    found = re.search(rb"\\fs(\d+)", rtf)
    assert found
    return int(found[1]) / 2


def paragraphs(text: str) -> list[bytes]:
    return re.findall(rb"\\ql (.*?)\\par\n", as_rtf(text, paper="A4"))


def test_what_rtf_would_take_for_its_own_is_text() -> None:
    assert paragraphs("a\\b {c}") == [rb"a\\b \{c\}"]


def test_letters_beyond_ascii_and_beyond_16_bits_are_written_by_their_numbers() -> None:
    assert paragraphs("é₿😀") == [rb"\u233 \u8383 \u-10179 \u-8704 "]


def test_blanks_that_stand_together_keep_their_width() -> None:
    assert paragraphs("  a b  c") == [rb"\~\~a b\~\~c"]


def test_tabs_are_eight_columns_and_controls_print_nothing() -> None:
    assert paragraphs("ab\tc\x1b\x07") == [rb"ab\~\~\~\~\~\~c"]


def test_a_form_feed_begins_a_page() -> None:
    assert as_rtf("One\n\fTwo", paper=None).count(rb"\page ") == 1


def test_a_line_of_hebrew_begins_at_the_right() -> None:
    assert rb"\rtlpar\qr " in as_rtf("שלום", paper=None)


@pytest.mark.parametrize(
    ("columns", "paper", "points"),
    [(40, "Letter", 10), (80, "A4", 10), (100, "Letter", 9), (132, "Letter", 6.5), (2000, "Letter", 10)],
)
def test_letters_are_as_large_as_the_longest_line_lets_them_be(
    columns: int, paper: str, points: float
) -> None:
    assert size_of(as_rtf("x" * columns, paper=paper)) == pytest.approx(points, abs=0.5)
