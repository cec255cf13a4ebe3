"""Fonts are written without the parser for C that cffi has: a text decides how long their arrays are."""

import pytest
from weasyprint.pdf import fonts
from weasyprint.text.ffi import ffi

from convert import typesetting


def test_arrays_of_every_length_are_of_one_type() -> None:
    three, five = (
        fonts.ffi.new("unsigned int[3]", [7, 8, 9]),
        fonts.ffi.new("unsigned int[5]", [0, 1, 2, 3, 4]),
    )
    assert ffi.typeof(three) is ffi.typeof(five) is ffi.typeof("unsigned int[]")
    assert (list(three), list(five)) == ([7, 8, 9], [0, 1, 2, 3, 4])
    assert len(fonts.ffi.new("unsigned int[100]")) == 100


def test_a_page_of_other_letters_asks_for_no_other_type(monkeypatch: pytest.MonkeyPatch) -> None:
    typesetting.typeset(lambda _: "<p>abc")
    monkeypatch.setattr(ffi._parser, "parse_type", lambda wanted: pytest.fail(f"parsed anew: {wanted}"))
    assert typesetting.typeset(lambda _: "<p>Quite another text: 12345 xyz").pages == 1
