import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from convert.binarise import Grey, binarise, local_threshold
from convert.layout import WIDTH

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"


def page_with(text_tone: int, paper_tone: int) -> Grey:
    picture = Image.new("L", (WIDTH, 400), paper_tone)
    ImageDraw.Draw(picture).text((100, 150), "Legible at any tone", text_tone, ImageFont.truetype(FACE, 40))
    return np.asarray(picture)


def black(page: Grey) -> Grey:
    return np.unpackbits(binarise(page), axis=1)


def shape() -> Grey:
    """The letters of black on white."""
    return black(page_with(0, 255))


def test_a_blank_page_is_white() -> None:
    assert not black(np.full((400, WIDTH), 255, np.uint8)).any()


def test_solid_ink_is_black() -> None:
    assert black(np.zeros((400, WIDTH), np.uint8)).all()


def test_black_on_white_takes_the_one_threshold() -> None:
    page = page_with(0, 255)
    assert np.array_equal(black(page), (page < 160).astype(np.uint8))


def test_an_even_page_needs_no_closer_look() -> None:
    assert local_threshold(np.full((400, WIDTH), 255, np.uint8)) is None


@pytest.mark.parametrize(("text", "paper"), [(190, 255), (215, 255), (0, 140), (60, 150), (110, 190)])
def test_pale_print_and_shaded_paper_keep_their_letters(text: int, paper: int) -> None:
    wrong = np.count_nonzero(black(page_with(text, paper)) != shape())
    assert wrong < 0.12 * np.count_nonzero(shape())


def test_white_letters_on_a_dark_fill_stay_white() -> None:
    page = page_with(255, 60)
    assert np.count_nonzero(black(page) == shape()) < 0.12 * np.count_nonzero(shape()) + 0.001 * page.size


def test_grain_of_paper_is_no_ink() -> None:
    chance = np.random.default_rng(4)
    page = chance.integers(215, 250, (400, WIDTH)).astype(np.uint8)
    assert not black(page).any()


def test_pages_of_any_height_are_taken() -> None:
    for rows in (1, 3, 5, 37):
        assert binarise(np.full((rows, WIDTH), 200, np.uint8)).shape == (rows, WIDTH // 8)


def test_a_dark_banner_stays_black_beside_black_letters() -> None:
    page = page_with(0, 255).copy()
    page[190:330] = 100
    assert black(page)[240:325].all()
