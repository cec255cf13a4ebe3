import pytest

from convert.office_symbols import TABLES, in_unicode


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
