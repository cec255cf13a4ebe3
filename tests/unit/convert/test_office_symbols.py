import pytest

from convert.office_symbols import TABLES, by_name, in_unicode, lacking


@pytest.mark.parametrize(
    ("text", "font", "shown"),
    [
        ("\uf0fc\uf0fb", "Wingdings", "✓✗"),
        ("\uf0fe\uf0a8\uf06f", "wingdings", "☑□□"),
        ("\uf081\uf08a\uf08c\uf095", "Wingdings", "①⑩❶❿"),
        ("\uf052\uf0a3", "Wingdings 2", "☑□"),
        ("\uf061\uf0b7\uf0a3\uf0ae\uf0e5", "Symbol", "α•≤→∑"),
        ("\uf0fc", "Arial", "\uf0fc"),
        ("\uf0fc text", "Symbol", "⎫ text"),
    ],
)
def test_letters_of_symbol_fonts_are_what_they_look_like(text: str, font: str, shown: str) -> None:
    assert in_unicode(text, font) == shown


@pytest.mark.parametrize("font", ["symbol", "wingdings"])
def test_a_table_of_a_whole_font_ends_where_its_codes_end(font: str) -> None:
    assert max(TABLES[font]) in (0xFE, 0xFF)
    assert all(len(letter) == 1 for letter in TABLES[font].values())


def test_what_no_font_has_is_found_between_what_they_have() -> None:
    charsets = "20-7e 250-2ff 400\n300-3ff 405-d7ff\nf900-fffc 10000-1fbff 20000-323af\n"
    assert list(lacking(charsets)) == [(0x401, 0x404)]
    assert next(iter(lacking("20-7e"))) == (0x250, 0xD7FF)


def test_what_can_be_seen_is_written_by_its_name() -> None:
    assert by_name("\N{MELTING FACE}") == "[melting face]"
    assert by_name("\U0001fae8") == "[U+1FAE8]"
    assert by_name("\u200d\ufe0f\u0301") == "\u200d\ufe0f\u0301"
