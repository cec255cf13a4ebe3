import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.layout import WIDTH
from convert.row_pairs import Grey, Packed, in_step, joined

EDGE = 190


def page_of(*black_rows: int, rows: int = 24, columns: slice = slice(0, WIDTH)) -> Grey:
    page = np.full((rows, WIDTH), 255, np.uint8)
    page[list(black_rows), columns] = 0
    return page


def packed(page: Grey) -> Packed:
    return np.packbits(page < 160, axis=1)


def joined_rows(page: Grey) -> list[int]:
    """Which of the joined rows are black."""
    return np.flatnonzero(joined(packed(page), page, EDGE).any(axis=1)).tolist()


def test_a_bar_of_one_row_stays() -> None:
    assert joined_rows(page_of(10)) == [5]
    assert joined_rows(page_of(11)) == [5]


def test_a_bar_of_two_rows_becomes_one_row_wherever_it_lies() -> None:
    assert joined_rows(page_of(10, 11)) == [5]
    assert joined_rows(page_of(11, 12)) == [6]


def test_a_gap_of_one_row_stays() -> None:
    # The bars of an E: the first decides how the letter lies.
    letter = page_of(*range(8, 24), columns=slice(0, 4))
    letter[[8, 9, 10, 11, 13, 14, 15], :40] = 0
    row = joined(packed(letter), letter, EDGE)[6]
    assert np.unpackbits(row)[:40].tolist() == [1] * 4 + [0] * 36


@pytest.mark.parametrize(("inner", "outer", "black"), [(100, 170, True), (150, 255, False)])
def test_an_edge_goes_by_its_tone(inner: int, outer: int, *, black: bool) -> None:
    page = page_of(*range(8, 14), columns=slice(500, WIDTH))  # keeps the rows as they are
    page[8:12, :64] = 0
    page[12, :64], page[13, :64] = inner, outer
    rows = joined(packed(page), page, EDGE)
    assert np.flatnonzero(rows[:, 0]).tolist() == ([4, 5, 6] if black else [4, 5])


def test_lines_of_letters_are_moved_each_for_itself() -> None:
    page = page_of(3, 4, 10, 11, 17, 18)
    assert joined_rows(page) == [2, 5, 9]


def test_in_a_table_the_upright_rules_stay_whole() -> None:
    page = page_of(*range(24), columns=slice(0, 8))
    page[[9, 10, 15, 16], 100:200] = 0
    rows = joined(packed(page), page, EDGE)
    assert rows[:, 0].all()
    assert np.flatnonzero(rows[:, 20]).tolist() == [5, 8]


@st.composite
def pages(draw: st.DrawFn) -> Packed:
    rows = draw(st.integers(1, 40))
    inked = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    chance = np.random.default_rng(draw(st.integers(0, 1000)))
    page = chance.integers(0, 256, (rows, WIDTH // 8), np.uint8)
    page[~np.array(inked, np.bool_)] = 0
    return page


def without_repetitions(rows: Packed) -> Packed:
    white = np.zeros((1, rows.shape[1]), np.uint8)
    framed = np.vstack([white, rows, white])
    return np.asarray(framed[1:][(framed[1:] != framed[:-1]).any(axis=1)], np.uint8)


@given(pages())
def test_only_rows_that_are_alike_are_repeated_or_left_out(rows: Packed) -> None:
    order = in_step(rows)
    assert len(order) == len(rows) + len(rows) % 2
    assert (np.abs(order - np.arange(len(order)))[order >= 0] <= 1).all()
    placed = np.where((order < 0)[:, np.newaxis], 0, rows[order])
    assert np.array_equal(without_repetitions(placed), without_repetitions(rows))


@given(pages())
def test_what_is_black_in_both_rows_is_black_and_nothing_comes_from_nowhere(rows: Packed) -> None:
    page = np.where(np.unpackbits(rows, axis=1) > 0, 0, 255).astype(np.uint8)
    order = in_step(rows)
    upper, lower = (np.where((each < 0)[:, np.newaxis], 0, rows[each]) for each in (order[0::2], order[1::2]))
    made = joined(rows, page, EDGE)
    assert not (upper & lower & ~made).any()
    assert not (made & ~(upper | lower)).any()
