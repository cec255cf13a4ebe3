"""Over which lines a number may be called."""

import pytest

from store.job import Refusal
from store.status import Status
from submission.allowance import Blocks
from submission.routing import ANYWHERE, Route, Routing

NEAR, FAR = "+12065551234", "+493012345678"
ROUTING = Routing(
    routes={
        "world": Route(cost=10),
        "america": Route(numbers=Blocks(["+1*"]), cost=1),
        "seattle": Route(numbers=Blocks(["+1206*", "+1425*"]), cost=1),
    }
)


@pytest.mark.parametrize(
    ("number", "chosen", "expected"),
    [
        (NEAR, (), ("america", "seattle", "world")),
        (FAR, (), ("world",)),
        (NEAR, ("world", "seattle"), ("world", "seattle")),
        (FAR, ("seattle", "world"), ("world",)),
        ("+14255551234", ("seattle",), ("seattle",)),
    ],
)
def test_lines_that_carry_a_number_the_cheapest_or_the_first_named_first(
    number: str, chosen: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert ROUTING.lines_for(number, chosen) == expected


@pytest.mark.parametrize("chosen", [("america", "seattle"), ("gone",)])
def test_a_number_that_no_line_carries_is_refused_with_what_to_do(chosen: tuple[str, ...]) -> None:
    refusal = ROUTING.lines_for(FAR, chosen)
    assert isinstance(refusal, Refusal)
    assert refusal.status is Status.BLOCKED
    assert FAR in refusal.explanation
    assert "administrator" in refusal.advice


@pytest.mark.parametrize(
    "routing", [ANYWHERE, Routing(routes={"a": Route(), "b": Route()}), Routing(routes={"a": Route(cost=3)})]
)
def test_lines_that_are_all_alike_leave_the_choice_open(routing: Routing) -> None:
    assert routing.lines_for(FAR, ()) == ()
    assert routing.lines_for(FAR, ("a",)) == ("a",)
