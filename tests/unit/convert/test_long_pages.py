import numpy as np
import pytest

from convert import t6
from convert.layout import MOST_SHEETS, WIDTH, SheetGeometry, Size
from convert.long_pages import sheets
from convert.page_account import PageAccount, Step
from convert.rasterise import RasterisedPage, coded

LETTER = SheetGeometry(resolution="fine", paper="Letter")
BAND, MOST = LETTER.band, LETTER.sheet_rows - LETTER.band


def long_page(rows: t6.Packed, step: Step = Step.DRAWN) -> RasterisedPage:
    account = PageAccount(steps=(step,), has_content=True, inked=True)
    return RasterisedPage(coded=coded(np.pad(rows, ((BAND, 0), (0, 0)))), account=account)


def text(lines: int) -> t6.Packed:
    """Lines of 20 rows, each different, with 10 blank ones after each."""
    rows = np.zeros((lines * 30, WIDTH // 8), np.uint8)
    for line in range(lines):
        rows[line * 30 : line * 30 + 20, line % 200] = 1 + line // 200
    return rows


def shown(page: RasterisedPage, geometry: SheetGeometry = LETTER) -> list[t6.Packed]:
    decoded = [t6.decode(each.coded.strip, each.coded.rows) for each in sheets(page, geometry)]
    assert not any(each[: geometry.band].any() for each in decoded)
    return decoded


def test_no_line_of_text_is_cut_through_or_lost() -> None:
    rows = text(300)
    pages = shown(long_page(rows))
    assert {len(page) for page in pages} == {LETTER.sheet_rows}
    inked = np.concatenate([page[page.any(axis=1)] for page in pages])
    assert np.array_equal(inked, rows[rows.any(axis=1)])
    lines = [np.diff(np.concatenate(([0], page.any(axis=1), [0])).astype(int)) for page in pages]
    assert all(((steps == -1).nonzero()[0] - (steps == 1).nonzero()[0] == 20).all() for steps in lines)


def test_without_a_blank_row_the_next_sheet_repeats_the_end() -> None:
    rows = np.full((3000, WIDTH // 8), 0x55, np.uint8)
    rows[:, 0] = np.arange(3000) % 251
    first, second = shown(long_page(rows))
    repeated = round(6 * 7.7)
    assert np.array_equal(first[BAND:], rows[:MOST])
    assert np.array_equal(second[BAND : BAND + 3000 - MOST + repeated], rows[MOST - repeated :])


def test_a_blank_end_needs_no_sheets() -> None:
    rows = np.zeros((9000, WIDTH // 8), np.uint8)
    rows[5] = 1
    assert len(shown(long_page(rows))) == 1


def test_each_sheet_says_that_it_was_cut() -> None:
    accounts = [each.account for each in sheets(long_page(text(100)), LETTER)]
    assert [each.steps for each in accounts] == [(Step.DRAWN, Step.CUT)] * 2


@pytest.mark.parametrize("step", [Step.PASSED, Step.SCAN])
def test_a_page_that_came_as_a_fax_stays_as_long_as_it_is(step: Step) -> None:
    page = long_page(text(300), step)
    assert sheets(page, LETTER) == [page]


def test_without_paper_the_last_sheet_ends_where_the_page_does() -> None:
    geometry = SheetGeometry(resolution="fine")
    pages = shown(long_page(text(100)), geometry)
    assert len(pages[0]) <= geometry.sheet_rows
    assert sum(map(len, pages)) == 3000 - 10 + 2 * BAND  # its last 10 rows are blank


@pytest.mark.parametrize(
    ("width", "height", "sheets_taken"),
    [(80, 250, 1), (80, 600, 3), (210, 900, 4), (216, 356, 1), (297, 420, 1), (210, 100_000, MOST_SHEETS)],
)
def test_what_is_long_is_not_shrunk_until_nobody_can_read_it(
    width: float, height: float, sheets_taken: int
) -> None:
    size = Size(width=width, height=height)
    for placed in (LETTER.place_page(size, below_band=True), LETTER.place_picture(size)):
        assert -(-(placed.rows - BAND) // MOST) == sheets_taken
        assert placed.top + placed.height <= placed.rows
