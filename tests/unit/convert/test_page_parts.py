from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from convert.page_parts import parts, share_of, shares
from convert.runner import Call


@given(begin=st.integers(0, 50), count=st.integers(1, 500), at_once=st.integers(1, 16))
def test_every_page_is_in_one_part_and_in_order(begin: int, count: int, at_once: int) -> None:
    call = Call(task="m:f", arguments={"name": "a.pdf", "target": "pages.tif"}, folder=Path(), name="a.pdf")
    made = parts(call, range(begin, begin + count), at_once)
    numbers = [number for part in made for number in range(*part.arguments["part"])]
    assert numbers == list(range(begin, begin + count))
    assert all(part.arguments["name"] == "a.pdf" for part in made)
    assert len({part.arguments["target"] for part in made} | {"pages.tif"}) == len(made) + 1
    assert len(made) <= 2 * at_once


@given(pages=st.integers(0, 500), count=st.integers(1, 16))
def test_every_page_is_in_one_share_and_in_order(pages: int, count: int) -> None:
    call = Call(task="m:f", arguments={"target": "pages.tif"}, folder=Path(), name="a.pdf")
    made = shares(call, count)
    ranges = [share_of(pages, share.arguments["share"]) for share in made]
    assert [number for each in ranges for number in each] == list(range(pages))
    assert max(map(len, ranges)) - min(map(len, ranges)) <= 1
    assert len({share.arguments["target"] for share in made} | {"pages.tif"}) == count + 1
