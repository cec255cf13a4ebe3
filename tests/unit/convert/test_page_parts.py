from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from convert.page_parts import parts
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
