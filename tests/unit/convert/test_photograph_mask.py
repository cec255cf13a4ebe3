import numpy as np

from convert.layout import Box
from convert.photograph import Squares
from convert.photograph_mask import photograph_mask

SIDE, SHAPE = 32, (1000, 1728)


def squares(top: int, left: int, bottom: int, right: int) -> Squares:
    found = np.zeros((31, 54), np.bool_)
    found[top:bottom, left:right] = True
    return found


def test_without_pictures_the_squares_are_the_mask() -> None:
    mask = photograph_mask(squares(2, 3, 5, 9), SHAPE, SIDE, ())
    assert mask.shape == SHAPE
    wanted = np.zeros(SHAPE, np.bool_)
    wanted[64:160, 96:288] = True
    assert np.array_equal(mask, wanted)


def test_the_last_squares_reach_to_the_edge() -> None:
    assert photograph_mask(squares(30, 0, 31, 54), SHAPE, SIDE, ())[999].all()


def test_a_picture_is_screened_as_a_whole_and_up_to_its_edge() -> None:
    box = Box(left=100, top=70, right=500, bottom=390)
    mask = photograph_mask(squares(4, 3, 13, 12), SHAPE, SIDE, (box,))
    wanted = np.zeros(SHAPE, np.bool_)
    wanted[70:390, 100:500] = True
    assert np.array_equal(mask, wanted)


def test_a_picture_with_little_of_it_found_is_not() -> None:
    found = squares(4, 4, 6, 6)
    box = Box(left=100, top=70, right=900, bottom=600)
    assert np.array_equal(
        photograph_mask(found, SHAPE, SIDE, (box,)), photograph_mask(found, SHAPE, SIDE, ())
    )


def test_a_scan_of_a_page_keeps_its_letters() -> None:
    found = squares(0, 0, 15, 54)
    page = Box(left=0, top=0, right=1728, bottom=1000)
    mask = photograph_mask(found, SHAPE, SIDE, (page,))
    assert mask[:480].all()
    assert not mask[480:].any()


def test_a_picture_too_small_for_a_square_changes_nothing() -> None:
    found = squares(4, 4, 10, 10)
    box = Box(left=130, top=130, right=140, bottom=140)
    assert np.array_equal(
        photograph_mask(found, SHAPE, SIDE, (box,)), photograph_mask(found, SHAPE, SIDE, ())
    )
