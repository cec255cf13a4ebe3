"""The words behind the pages of a fax: as they were, or none."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert import fax_tiff, t6
from convert.fax_tiff import CodedPage
from convert.header import HeaderText, stamp
from convert.header_words import words_as_sent
from convert.text_layer import packed, pages_with_words, unpacked, without_words
from store.page_word import PageWord

REFERRAL = PageWord("Referral", 100, 300, 400, 340)
MONDAY = PageWord("Monday", 10, 500, 40, 700, 1)
WORDS = st.builds(
    PageWord,
    st.text(min_size=1, max_size=9).filter(lambda text: text.isprintable()),
    st.integers(0, 800),
    st.integers(0, 800),
    st.integers(801, 1728),
    st.integers(801, 2200),
    st.integers(0, 3),
)


def blank(rows: int = 2156) -> CodedPage:
    return CodedPage(rows=rows, strip=t6.encode(np.zeros((rows, 216), np.uint8)))


def inked_at_the_top() -> CodedPage:
    rows = np.zeros((2156, 216), np.uint8)
    rows[3] = 0xFF
    return CodedPage(rows=2156, strip=t6.encode(rows))


def written(path: Path, *pages: CodedPage) -> Path:
    fax_tiff.write(path, pages, resolution="fine")
    return path


@given(st.lists(st.lists(WORDS, max_size=5).map(tuple), min_size=1, max_size=4))
def test_the_words_come_back_as_they_were(pages: list[tuple[PageWord, ...]]) -> None:
    assert unpacked(b"II*\0pages" + packed(pages), len(pages)) == tuple(pages)
    assert without_words(b"II*\0pages" + packed(pages)) == b"II*\0pages"


def test_a_fax_with_words_is_the_fax_with_something_behind_it(tmp_path: Path) -> None:
    bare = written(tmp_path / "bare.tif", blank(), blank())
    said = written(tmp_path / "said.tif", replace(blank(), words=(REFERRAL,)), blank())
    assert without_words(said.read_bytes()) == bare.read_bytes()
    assert [page.words for page in pages_with_words(said)] == [(REFERRAL,), ()]
    assert [page.words for page in pages_with_words(bare)] == [(), ()]
    assert fax_tiff.read(said) == fax_tiff.read(bare)


def test_what_is_called_has_no_words(tmp_path: Path) -> None:
    said = written(tmp_path / "said.tif", replace(blank(), words=(REFERRAL,)))
    stamp(said, tmp_path / "called.tif", HeaderText(left="a", middle="b"))
    assert without_words((tmp_path / "called.tif").read_bytes()) == (tmp_path / "called.tif").read_bytes()
    assert b"Postfax text" not in (tmp_path / "called.tif").read_bytes()


@given(st.binary(max_size=60), st.integers(0, 3))
def test_damage_is_no_words(octets: bytes, pages: int) -> None:
    good = packed([(REFERRAL,)])
    for file in (octets, octets + good[-20:], good[:-30] + octets + good[-20:]):
        assert len(unpacked(file, pages)) == pages
        without_words(file if not file.endswith(good[-16:]) else b"1234" + file)


@pytest.mark.parametrize(
    "row",
    ['["a",1,1,2,2]', '["a",1,1,2,2,4]', '["a",2,1,1,2,0]', "[1,1,1,2,2,0]", '["a",1,1,2.5,2,0]',
     '["a",-1,1,2,2,0]', '["a",1,1,2,9999999,0]', '["",1,1,2,2,0]', "{}", "null", "[[[[]]]]"],
)  # fmt: skip
def test_what_a_task_that_was_taken_over_may_write_is_no_word(row: str) -> None:
    octets = zlib.compress(f"[[{row}]]".encode())
    good = packed([(REFERRAL,)])
    file = octets + len(octets).to_bytes(4, "little") + good[-len(b"\0Postfax text 1\0") :]
    assert unpacked(file, 1) == ((),)


def test_the_header_line_can_be_found_as_well(tmp_path: Path) -> None:
    said = written(
        tmp_path / "said.tif",
        replace(blank(), words=(REFERRAL, MONDAY)),
        replace(inked_at_the_top(), words=(MONDAY,)),
    )
    first, second = words_as_sent(said, HeaderText(left="2026-11-23 17:36", middle="General Hospital"))
    assert [word.text for word in first] == [
        "2026-11-23 17:36", "General Hospital", "1/2", "Referral", "Monday",
    ]  # fmt: skip
    date, hospital, count, *rest = first
    assert date.right <= hospital.left
    assert hospital.right <= count.left <= 1728
    assert all(0 <= word.top < word.bottom <= 24 for word in first[:3])
    assert rest == [REFERRAL, MONDAY]
    # The header's rows came above those of a page that has no room for them.
    assert second[-1] == replace(MONDAY, top=524, bottom=724)
