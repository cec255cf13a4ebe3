"""What we take for YAML 1.2, another parser reads the same; and nothing small takes long or much memory."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bounded_work import bounded_work
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, MappingStartEvent, ScalarEvent

from config.reading import parse_yaml, read_yaml

FILE = Path("a.yaml")
NULLS = {"", "~", "null", "Null", "NULL"}
PIECES = (
    "a", "b", "1", "- ", ": ", ":", "\n", "\n  ", "\n    ", " ", "[", "]", "{", "}", ", ", ",", "&x ", "*x",
    "!",
    "!!str ", "'", '"', "%", "@", "`", "#", " #c", "? ", "?", "~", "null", "\\", "\\n", "\\x41", "é", "😀",
    "---\n", "...\n", "a: b\n", "<<: ", "\r\n", "-", "a: |\n    ", "b: >-\n    ", "c: 'd'\n",
)  # fmt: skip


def peer(text: str) -> Any:
    """The same by ruamel.yaml, which is written in Python after the letter of YAML 1.2."""
    events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
    while not isinstance(next(events), DocumentStartEvent):
        pass
    return node(next(events), events, {})


def node(event: Any, events: Iterator[Any], anchors: dict[str, Any]) -> Any:
    value: Any
    if isinstance(event, AliasEvent):
        return anchors[event.anchor]
    if isinstance(event, ScalarEvent):
        unset = event.style is None and event.tag is None and event.value in NULLS
        value = None if unset else event.value
    else:
        inside: list[Any] = []
        while not type(inner := next(events)).__name__.endswith("EndEvent"):
            if (
                isinstance(event, MappingStartEvent)
                and len(inside) % 2 == 0
                and isinstance(inner, ScalarEvent)
            ):
                inside.append(inner.value)
                anchors |= {inner.anchor: inner.value} if inner.anchor else {}
            else:
                inside.append(node(inner, events, anchors))
        is_table = isinstance(event, MappingStartEvent)
        value = dict(zip(inside[::2], inside[1::2], strict=True)) if is_table else inside
    if event.anchor:
        anchors[event.anchor] = value
    return value


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_what_we_take_another_parser_reads_the_same(text: str) -> None:
    document = parse_yaml(FILE, text)
    if isinstance(document.value, dict | list) and not document.mistakes:
        assert document.value == peer(text)


def test_line_breaks_of_yaml_1_1_are_text() -> None:
    # YAML 1.2.2 §5.4; ruamel.yaml still breaks lines there.
    text = "a: x\u2028y\x85z\u2029\nb: '\u2028'\n"
    document = parse_yaml(FILE, text)
    assert document.value == {"a": "x\u2028y\x85z\u2029", "b": "\u2028"}
    assert document.place(("b",)).line == 2


def test_yaml_in_the_manner_of_json_is_taken() -> None:
    document = parse_yaml(FILE, '{"a":1,"b":["c:d",{"e":"\\u00e9\\/"}]}')
    assert (document.value, document.mistakes) == ({"a": "1", "b": ["c:d", {"e": "é/"}]}, ())


BOMBS = {
    "nested lists": "[" * 3_000_000,
    "nested groups": "{" * 3_000_000,
    "nested items": "- " * 100_000,
    "nested lines": "".join(f"{' ' * depth}a:\n" for depth in range(3000)),
    "one long line": "a: " + ":" * 3_000_000,
    "an open quote": 'a: "' + "x\n" * 1_000_000,
    "questions": "{" + "?" * 1_000_000,
    "a thousand million laughs": "\n".join(
        ["l0: &l0 [ha]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10))]
    ),
    "an alias many times": f"a: &a [{'x, ' * 1000}]\nb: [" + "*a, " * 30_000 + "]",
    "many colons": "a: b: " * 200_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_in_little_time_and_memory(text: str) -> None:
    tracemalloc.start()
    with bounded_work():
        document = parse_yaml(FILE, text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    [mistake] = document.mistakes
    assert "is not YAML" not in str(mistake)
    assert peak < 20 * len(text) + 100_000_000


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(200_000_000)
    assert [str(mistake) for mistake in read_yaml(file).mistakes] == [f"{file}  is larger than 100 MB"]
