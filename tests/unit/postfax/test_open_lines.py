"""Which lines take calls: not the held ones, not those that are down, and none beyond its channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
import structlog
from structlog.testing import capture_logs

from postfax.open_lines import OpenLines
from store.held_line import HeldLine
from transmit.line import Line


@dataclass
class Trunk:
    """As much of a line as is looked at."""

    channels: int = 2
    down: str = ""


@dataclass
class Holding:
    """Who is held."""

    lines: list[str] = field(default_factory=list)

    async def held_lines(self) -> tuple[HeldLine, ...]:
        return tuple(HeldLine(line=name, reason="", at=datetime.now(UTC), by="root") for name in self.lines)


def open_lines(holding: Holding, **trunks: Trunk) -> OpenLines:
    return OpenLines(holding, cast("Mapping[str, Line]", trunks))


async def test_channels_are_counted_down_and_up_and_the_order_of_the_settings_stays() -> None:
    lines = open_lines(Holding(), near=Trunk(channels=1), far=Trunk(channels=3))
    assert list((await lines.free_channels()).items()) == [("near", 1), ("far", 3)]
    lines.begin("near")
    lines.begin("far")
    assert await lines.free_channels() == {"far": 2}
    lines.end("near")
    assert await lines.free_channels() == {"near": 1, "far": 2}


async def test_a_held_line_takes_no_calls() -> None:
    lines = open_lines(Holding(["near"]), near=Trunk(), far=Trunk())
    assert await lines.free_channels() == {"far": 2}


async def test_a_line_that_is_down_is_left_out_until_it_is_back_and_each_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Another test may have had the module's logger bound for good.
    monkeypatch.setattr("postfax.open_lines.log", structlog.get_logger())
    trunk = Trunk()
    lines = open_lines(Holding(), near=trunk, far=Trunk())
    with capture_logs() as log:
        trunk.down = "OPTIONS not answered: no answer"
        for _ in range(3):
            assert await lines.free_channels() == {"far": 2}
        trunk.down = ""
        for _ in range(3):
            assert await lines.free_channels() == {"near": 2, "far": 2}
    assert [(entry["event"], entry["line"]) for entry in log] == [("line_down", "near"), ("line_up", "near")]
    assert log[0]["cause"] == "OPTIONS not answered: no answer"


@pytest.mark.parametrize("held", [["near"], []])
async def test_with_every_line_closed_nothing_is_called(held: list[str]) -> None:
    near = Trunk() if held else Trunk(down="503")
    assert await open_lines(Holding(held), near=near).free_channels() == {}
