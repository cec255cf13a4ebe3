"""A node has its share of a line's channels, or less."""

import pytest

from postfax.fair_share import FairShare, has_share


@pytest.mark.parametrize(
    ("channels", "calls", "nodes", "expected"),
    [
        ({"main": 10}, {}, 1, False),
        ({"main": 10}, {"main": 9}, 1, False),
        ({"main": 10}, {"main": 3}, 3, False),
        ({"main": 10}, {"main": 4}, 3, True),
        ({"main": 9}, {"main": 3}, 3, True),
        ({"main": 2}, {"main": 0}, 3, False),
        ({"main": 10, "spare": 4}, {"main": 5}, 2, False),
        ({"main": 10, "spare": 4}, {"main": 5, "spare": 2}, 2, True),
    ],
)
def test_a_share_is_what_a_line_has_for_each_node(
    channels: dict[str, int], calls: dict[str, int], nodes: int, *, expected: bool
) -> None:
    assert has_share(channels, calls, nodes) is expected


async def test_who_has_their_share_waits_a_moment_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def two() -> int:
        return 2

    monkeypatch.setattr("postfax.fair_share.asyncio.sleep", sleep)
    fair = FairShare(two)
    await fair.wait({"main": 4}, {"main": 1})
    assert waits == []
    await fair.wait({"main": 4}, {"main": 2})
    assert len(waits) == 1
