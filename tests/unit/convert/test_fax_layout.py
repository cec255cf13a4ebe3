from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.layout import (
    BAND_ROWS,
    LONGEST_MM,
    MOST_SHEETS,
    PAPER_MM,
    WIDTH,
    Placement,
    SheetGeometry,
    Size,
    Turn,
)

LETTER, A4 = (Size(width=width, height=height) for width, height in (PAPER_MM["Letter"], PAPER_MM["A4"]))
sizes = st.builds(Size, width=st.floats(0.4, 40_000), height=st.floats(0.4, 40_000))
geometries = st.builds(
    SheetGeometry, resolution=st.sampled_from(list(BAND_ROWS)), paper=st.sampled_from([None, *PAPER_MM])
)


@pytest.mark.parametrize(
    ("resolution", "paper", "rows"),
    [
        ("standard", "A4", 1143),
        ("fine", "A4", 2286),
        ("superfine", "A4", 4573),
        ("fine", "Letter", 2151),
        ("fine", "Legal", 2738),
    ],
)
def test_a_sheet_has_the_rows_of_its_paper(resolution: str, paper: str, rows: int) -> None:
    placed = SheetGeometry(resolution=resolution, paper=paper).place_page(LETTER, below_band=False)
    assert placed.rows == rows


def test_a_page_of_the_same_paper_fills_the_scan_line() -> None:
    placed = SheetGeometry(resolution="fine", paper="Letter").place_page(LETTER, below_band=False)
    assert (placed.left, placed.top, placed.width) == (0, 0, WIDTH)
    assert not placed.turned


def test_a_longer_page_is_made_smaller_and_centred() -> None:
    placed = SheetGeometry(resolution="fine", paper="Letter").place_page(A4, below_band=False)
    assert placed.width < WIDTH
    assert placed.left == (WIDTH - placed.width) // 2
    assert placed.height <= placed.rows


def test_a_landscape_page_is_turned() -> None:
    assert SheetGeometry(resolution="fine", paper="A4").place_page(A4.turned, below_band=False).turned


def test_a_wide_slip_that_fits_stays_upright() -> None:
    slip = Size(width=120, height=60)
    assert not SheetGeometry(resolution="fine", paper="A4").place_page(slip, below_band=False).turned


@pytest.mark.parametrize(
    "place", [SheetGeometry.place_picture, partial(SheetGeometry.place_page, below_band=False)]
)
@pytest.mark.parametrize(
    ("turn", "turned"),
    [("wide", [False, True, False]), ("always", [True, True, False]), ("never", [False] * 3)],
)
def test_who_reads_may_choose_what_lies_on_its_side(
    place: Callable[[SheetGeometry, Size], Placement], turn: Turn, turned: list[bool]
) -> None:
    geometry = SheetGeometry(resolution="fine", paper="A4", turn=turn)
    pages = (Size(width=140, height=100), Size(width=420, height=297), Size(width=100, height=140))
    placed = [place(geometry, page) for page in pages]
    assert [each.turned for each in placed] == turned
    assert all(each.left >= 0 and each.left + each.width <= 1728 for each in placed)


def test_without_paper_a_page_keeps_its_own_length() -> None:
    placed = SheetGeometry(resolution="fine").place_page(Size(width=215, height=100), below_band=False)
    assert (placed.width, placed.rows) == (WIDTH, 770)


def test_a_small_picture_is_not_enlarged() -> None:
    placed = SheetGeometry(resolution="fine", paper="Letter").place_picture(Size(width=50, height=20))
    assert placed.width == round(50 * WIDTH / 215)
    assert placed.top == BAND_ROWS["fine"]


def test_a_scan_of_a_whole_sheet_has_no_further_margin() -> None:
    placed = SheetGeometry(resolution="fine", paper="Letter").place_picture(LETTER)
    assert placed.width > 0.98 * WIDTH


@given(geometry=geometries, size=sizes, below_band=st.booleans())
def test_nothing_is_ever_cut_off(geometry: SheetGeometry, size: Size, *, below_band: bool) -> None:
    for placed in (geometry.place_page(size, below_band=below_band), geometry.place_picture(size)):
        assert placed.left >= 0
        assert placed.width >= 1
        assert placed.height >= 1
        assert placed.left + placed.width <= WIDTH
        assert placed.top + placed.height <= placed.rows
        several = MOST_SHEETS if size.height > LONGEST_MM else 1
        assert placed.rows <= (LONGEST_MM * geometry.lines_per_mm + 2 * geometry.band) * several


@given(geometry=geometries, size=sizes)
def test_what_is_placed_below_the_band_leaves_it_free(geometry: SheetGeometry, size: Size) -> None:
    assert geometry.place_page(size, below_band=True).top == geometry.band
    assert geometry.place_picture(size).top == geometry.band
