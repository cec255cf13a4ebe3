import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from convert.binarise import Grey, binarise
from convert.layout import WIDTH

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"


def blank() -> Grey:
    return np.full((400, WIDTH), 255, np.uint8)


def black(page: Grey, resolution: str = "fine") -> Grey:
    return np.unpackbits(binarise(page, resolution), axis=1)


@pytest.mark.parametrize("row", range(100, 104))
def test_a_faint_line_across_becomes_one_row(row: int) -> None:
    page = blank()
    page[row, 200:1500] = 240
    wanted = np.zeros_like(page)
    wanted[row, 200:1500] = 1
    assert np.array_equal(black(page), wanted)


@pytest.mark.parametrize("column", range(300, 304))
def test_a_faint_line_down_becomes_one_column(column: int) -> None:
    page = blank()
    page[20:380, column] = 235
    assert np.array_equal(black(page), (page < 255).astype(np.uint8))


def test_of_a_line_on_two_rows_the_darker_one_is_kept() -> None:
    page = blank()
    page[103, 200:1500], page[104, 200:1500] = 235, 248
    assert black(page)[100:108, 800].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]


def test_it_is_there_at_the_standard_resolution() -> None:
    page = blank()
    page[101, 200:1500] = 240
    assert np.flatnonzero(black(page, "standard")[:, 800]).tolist() == [50]


@pytest.mark.parametrize("size", [20, 34, 50, 80, 120])
def test_pale_letters_are_no_lines(size: int) -> None:
    picture = Image.fromarray(blank())
    face = ImageFont.truetype(FACE, size)
    ImageDraw.Draw(picture).text((100, 150), "Very pale sentence", 232, face)
    assert not black(np.asarray(picture)).any()


def test_the_edge_of_a_pale_fill_is_no_line() -> None:
    page = blank()
    page[100:200, 300:900] = 240
    assert not black(page).any()


def test_the_grain_of_a_scan_is_no_line() -> None:
    page = np.random.default_rng(3).integers(235, 256, (400, WIDTH)).astype(np.uint8)
    page[100] = 240
    assert not black(page).any()


@pytest.mark.parametrize("across", [True, False])
def test_a_faint_line_beside_a_black_one_is_its_edge(*, across: bool) -> None:
    page = blank()[:, :400].repeat(5, axis=1)[:, :WIDTH]
    page[104:108, 200:1500] = 230
    page[108:112, 200:1500] = 0
    page[103, 200:1500] = 255
    sheet = page if across else np.pad(page[80:140, :400].T, ((0, 0), (0, WIDTH - 60)), constant_values=255)
    assert np.array_equal(black(sheet), (sheet < 160).astype(np.uint8))


@pytest.mark.parametrize("seed", range(12))
def test_every_page_is_taken(seed: int) -> None:
    chance = np.random.default_rng(seed)
    page = blank()
    for _ in range(60):
        row, column = chance.integers(0, 390), chance.integers(0, WIDTH - 60)
        high, wide = (1, 60) if chance.random() < 0.5 else (60, 1)
        page[row : row + high * chance.integers(1, 4), column : column + wide] = chance.choice(
            [0, 100, 230, 240]
        )
    assert binarise(page).shape == (400, WIDTH // 8)


@pytest.mark.parametrize("rows", [2148, 2149, 2150, 2151])
@pytest.mark.parametrize("tone", [170, 200, 230])
def test_a_line_at_the_very_end_of_a_page_is_in_bounds(rows: int, tone: int) -> None:
    for line in (np.s_[-1:, :], np.s_[:, -1:], np.s_[-3:, 5:700]):
        page = np.full((rows, WIDTH), 255, np.uint8)
        page[line] = tone
        assert binarise(page, "fine").shape == (rows, WIDTH // 8)


@pytest.mark.parametrize("row", range(100, 104))
def test_the_faint_edge_of_a_black_rule_is_no_line_of_its_own(row: int) -> None:
    page = blank()
    page[row : row + 4, 200:1500] = 0
    for edge in (row - 1, row + 4):
        page[edge, 200:1500] = 230
    wanted = np.zeros_like(page)
    wanted[row : row + 4, 200:1500] = 1
    assert np.array_equal(black(page), wanted)
