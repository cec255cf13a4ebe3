"""The rooms are plain top-level packages: a foreign package of the same name must not take their place."""

import importlib
from pathlib import Path

import pytest

ROOMS = (
    "archive", "config", "convert", "mta", "notify", "postfax", "sandbox", "store", "submission", "transmit",
)  # fmt: skip
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_our_own(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / room / "__init__.py"


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_states_its_contract(room: str) -> None:
    without = [
        str(file.relative_to(ROOT))
        for file in (ROOT / room).rglob("*.py")
        if "versions" not in file.parts and not file.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert without == []
