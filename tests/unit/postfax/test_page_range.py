"""Which pages somebody means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postfax.page_range import NoPages, read_pages


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("", (0, 1, 2, 3)), ("3", (2,)), ("1-2", (0, 1)), ("2-", (1, 2, 3)), ("-2", (0, 1)),
        ("4,1", (3, 0)), ("1-3,2", (0, 1, 2)), (" 1 , 3 - 4 ", (0, 2, 3)),
    ],
)  # fmt: skip
def test_pages_are_read(text: str, pages: tuple[int, ...]) -> None:
    assert read_pages(text, 4) == pages


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5", "there is no page 5: the fax has 4 pages."),
        ("3-9", "there is no page 9: the fax has 4 pages."),
        ("9-", "there is no page 9: the fax has 4 pages."),
        ("0", "'0' names no pages"),
        ("3-1", "names no pages"),
        ("1,,2", "names no pages"),
        ("-", "names no pages"),
        ("1 2", "names no pages"),
        ("first", "names no pages"),
    ],
)
def test_what_is_not_there_is_told(text: str, told: str) -> None:
    with pytest.raises(NoPages) as problem:
        read_pages(text, 4)
    assert told in str(problem.value)


@given(st.text(alphabet="0123456789-, x", max_size=12), st.integers(1, 9))
def test_every_page_that_is_read_is_there_and_stands_once(text: str, count: int) -> None:
    try:
        pages = read_pages(text, count)
    except NoPages:
        return
    assert pages
    assert len(set(pages)) == len(pages)
    assert all(0 <= page < count for page in pages)
