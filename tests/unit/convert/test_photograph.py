import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from convert import t6
from convert.binarise import Grey, binarise
from convert.layout import WIDTH
from convert.photograph import photographs
from convert.screen import screened

FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
ROWS = 1200


def scenery(width: int, height: int) -> Grey:
    """Shades at every scale, as a photograph has them."""
    chance = np.random.default_rng(11)
    picture = np.zeros((height, width))
    for size in (3, 6, 12, 25, 50, 100):
        noise = Image.fromarray(chance.integers(0, 256, (size, size), np.uint8))
        picture += np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC), float) / size**0.5
    picture -= picture.min()
    return np.asarray(picture / picture.max() * 235 + 10, np.uint8)


def letters(size: int = 34, ink: int = 0, paper: int = 255) -> Image.Image:
    page = Image.new("L", (WIDTH, ROWS), paper)
    face = ImageFont.truetype(FACE, size)
    for row in range(40, ROWS - 60, size * 3 // 2):
        ImageDraw.Draw(page).text((80, row), "Please call back before noon if you need more. " * 2, ink, face)
    return page


def scanned(page: Image.Image, *, grain: float, blur: float) -> Grey:
    chance = np.random.default_rng(12)
    soft = np.asarray(page.filter(ImageFilter.GaussianBlur(blur)), float)
    return np.asarray((soft * 0.9 + chance.normal(0, grain, soft.shape)).clip(0, 255), np.uint8)


def found(page: Grey) -> float:
    """The share of the page that is taken for photographs."""
    reduced = page[: len(page) // 4 * 4].reshape(len(page) // 4, 4, WIDTH // 4, 4)
    squares = photographs(reduced.min(axis=(1, 3)), reduced.max(axis=(1, 3)))
    return 0.0 if squares is None else float(squares.mean())


def tone_error(page: Grey, rows: t6.Packed) -> float:
    """Mean difference of squares of eight pixels."""
    white = 255.0 * (1 - np.unpackbits(rows, axis=1))
    means = [
        each[: len(each) // 8 * 8].reshape(-1, 8, WIDTH // 8, 8).mean(axis=(1, 3))
        for each in (page.astype(float), white)
    ]
    return float(np.abs(means[0] - means[1]).mean())


def test_a_photograph_is_found() -> None:
    assert found(scenery(WIDTH, ROWS)) > 0.95


@pytest.mark.parametrize("size", [14, 20, 34, 60, 150])
def test_letters_are_none(size: int) -> None:
    assert found(np.asarray(letters(size))) == 0


@pytest.mark.parametrize(("ink", "paper"), [(190, 255), (0, 140), (255, 60), (110, 190)])
def test_pale_and_shaded_letters_are_none(ink: int, paper: int) -> None:
    assert found(np.asarray(letters(ink=ink, paper=paper))) == 0


@pytest.mark.parametrize("size", [20, 34, 60])
def test_scanned_letters_are_none(size: int) -> None:
    assert found(scanned(letters(size), grain=6, blur=1.5)) == 0


def test_fills_beside_paper_with_ink_on_them_are_none() -> None:
    page = letters()
    for number, tone in enumerate((230, 180, 130, 200)):
        top = 100 + 250 * number
        ImageDraw.Draw(page).rectangle((60, top, 1500, top + 120), tone)
        ImageDraw.Draw(page).text((90, top + 30), "Words on a fill", 0, ImageFont.truetype(FACE, 40))
    assert found(np.asarray(page)) == 0
    assert found(scanned(page, grain=4, blur=1.0)) == 0


def test_a_page_that_fades_is_none() -> None:
    page = np.asarray(letters(), int) - np.linspace(0, 90, ROWS, dtype=int)[:, np.newaxis]
    assert found(np.asarray(page.clip(0, 255), np.uint8)) == 0


@pytest.mark.parametrize("scan", [False, True])
def test_beside_a_photograph_the_letters_stay(*, scan: bool) -> None:
    page = letters()
    page.paste(Image.fromarray(scenery(640, 480)), (900, 500))
    grey = scanned(page, grain=4, blur=0.8) if scan else np.asarray(page)
    assert 0.1 < found(grey) < 0.3

    alone = np.asarray(letters()) if not scan else scanned(letters(), grain=4, blur=0.8)
    kept, wanted = (np.unpackbits(binarise(each), axis=1)[:, :800] for each in (grey, alone))
    assert np.count_nonzero(kept != wanted) < 0.03 * np.count_nonzero(wanted)


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
def test_a_photograph_keeps_its_tones_in_few_octets(resolution: str) -> None:
    page = scenery(WIDTH, ROWS)
    rows = binarise(page, resolution)
    halves = page.reshape(-1, 2, WIDTH).mean(axis=1).astype(np.uint8)
    seen = halves if resolution == "standard" else page
    assert len(rows) == len(seen)
    assert tone_error(seen, rows) < 22
    dots = (np.indices(seen.shape).sum(axis=0) % 4 < 2) ^ (seen > 128)  # a screen of dots, roughly
    assert len(t6.encode(rows)) < 0.25 * len(t6.encode(np.packbits(dots, axis=1)))


@pytest.mark.parametrize("resolution", ["standard", "fine", "superfine"])
def test_a_screen_has_black_and_white_and_all_between(resolution: str) -> None:
    shares = []
    for tone in range(0, 256, 5):
        lines = screened(np.full((48, 64), tone, np.uint8), resolution)
        assert (lines == lines[:, :1]).all()
        shares.append(lines.mean())
    assert shares[0] == 1
    assert shares[-1] == 0
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == (5 if resolution == "standard" else 9)


def test_lines_of_neighbours_meet() -> None:
    page = scenery(256, 96)
    apart = np.vstack([screened(page[:48], "fine"), screened(page[48:], "fine", first_row=48)])
    assert np.array_equal(apart[:32], screened(page, "fine")[:32])
    assert np.array_equal(apart[64:], screened(page, "fine")[64:])
