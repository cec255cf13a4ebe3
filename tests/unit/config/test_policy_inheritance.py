"""Nearest wins: for any depth and any selection of settings, and `explain` says the same as what applies."""

import json
import tempfile
from functools import reduce
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.explain import explain
from config.fax import FaxSettings
from config.inheritance import overlay, said
from config.policy import read_policy
from config.settings import Settings

CHOICES: dict[str, list[str]] = {
    "fax.resolution": ["standard", "fine", "superfine"],
    "fax.paper": ["A4", "Letter", "Legal"],
    "fax.premium_numbers": ["true", "false"],
    "coverpage.mode": ["automatic", "none", "on_demand"],
    "notifications.initial.failure": ["true", "false"],
    "notifications.delivery.success": ["true", "false"],
    "datetime.time_zone": ["UTC", "Europe/Berlin"],
    "retry.interval": ["5 min", "90 s"],
    "retry.statuses.BUSY.attempts": ["1", "2"],
    "retry.statuses.No Answer.attempts": ["3", "4"],
    "custom_fields.desk": ["1", "2"],
    "custom_fields.floor": ["1", "2"],
    "lines": ["[]", "[main]"],
}
LEVELS = st.lists(
    st.fixed_dictionaries({}, optional={path: st.sampled_from(values) for path, values in CHOICES.items()}),
    min_size=2,
    max_size=5,
)


def nested(level: dict[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in level.items():
        *above, name = path.split(".")
        place = reduce(lambda node, step: node.setdefault(step, {}), above, tree)
        place[name] = [part for part in value.strip("[]").split(",") if part] if value[0] == "[" else value
    return tree


def document(levels: list[dict[str, str]]) -> dict[str, Any]:
    """Company, departments one within the other, and a user in the last."""
    user = {"name": "U", "email": "u@x.example", "settings": nested(levels[-1])}
    inner: dict[str, Any] = {"users": [user]}
    for depth, level in reversed(list(enumerate(levels[:-1]))):
        inner["settings"] = nested(level)
        if depth:
            inner = {"departments": {f"D{depth}": inner}}
    return {"company": "X", **inner}


@settings(max_examples=60, deadline=None)
@given(LEVELS)
def test_for_every_setting_the_nearest_level_that_says_it_wins(levels: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.yaml"
        file.write_text(json.dumps(document(levels)), encoding="utf-8")
        found = {row.setting: (row.value, row.level) for row in explain(read_policy(file), "u@x.example")}
    names = [
        "company",
        *(" › ".join(f"D{n + 1}" for n in range(depth + 1)) for depth in range(len(levels) - 2)),
        "user",
    ]
    for path in CHOICES:
        saying = [index for index, level in enumerate(levels) if path in level]
        if saying:
            assert found[path] == (levels[saying[-1]][path], names[saying[-1]])
        else:
            assert found.get(path, ("", "built-in"))[1] == "built-in"


@settings(deadline=None)
@given(LEVELS)
def test_laying_over_in_one_go_or_level_by_level_is_the_same(levels: list[dict[str, str]]) -> None:
    parts = [Settings.model_validate(nested(level)) for level in levels]
    from_the_top = reduce(overlay, parts)
    from_below = reduce(lambda nearer, above: overlay(above, nearer), reversed(parts))
    assert from_the_top == from_below
    assert set(said(from_the_top)) == set().union(*(said(part) for part in parts))


def test_a_level_that_says_nothing_changes_nothing() -> None:
    above = Settings(fax=FaxSettings(premium_numbers=True))
    assert overlay(above, Settings()) is above


def test_saying_the_built_in_value_counts_as_saying_it() -> None:
    above = Settings(fax=FaxSettings(premium_numbers=True))
    nearer = Settings(fax=FaxSettings(premium_numbers=False))
    assert overlay(above, nearer).fax.premium_numbers is False
