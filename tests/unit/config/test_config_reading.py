import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.places import Place
from config.reading import read_yaml

# What a person may type: everything but surrogates and control characters.
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFF), max_size=20)


def read(text: str, folder: Path) -> tuple[object, list[str]]:
    file = folder / "a.yaml"
    file.write_text(text, encoding="utf-8")
    document = read_yaml(file)
    return document.value, [str(mistake) for mistake in document.mistakes]


def test_scalars_stay_the_text_that_was_written(tmp_path: Path) -> None:
    text = "a: NO\nb: 0017\nc: +12065550100\nd: 1e3\ne: true\nf: 2026-11-23\ng: 'null'\nh: 12:30"
    value, mistakes = read(text, tmp_path)
    assert mistakes == []
    assert value == {
        "a": "NO",
        "b": "0017",
        "c": "+12065550100",
        "d": "1e3",
        "e": "true",
        "f": "2026-11-23",
        "g": "null",
        "h": "12:30",
    }


def test_only_plain_nulls_are_nothing(tmp_path: Path) -> None:
    value, _ = read('a:\nb: ~\nc: null\nd: "~"\ne: !!str null\nf: ""', tmp_path)
    assert value == {"a": None, "b": None, "c": None, "d": "~", "e": "null", "f": ""}


def test_names_are_text_too(tmp_path: Path) -> None:
    value, _ = read("NO: 1\n~: 2\n17: 3", tmp_path)
    assert value == {"NO": "1", "~": "2", "17": "3"}


def test_every_value_and_name_has_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("# first\nlist:\n  - {name: Ana, email: a@b.example}\n", encoding="utf-8")
    document = read_yaml(file)
    assert document.place(("list", 0, "email")) == Place(file=file, line=3, column=24)
    assert document.name_place(("list", 0, "email")) == Place(file=file, line=3, column=17)
    assert document.place(("list", 0, "phone")) == Place(file=file, line=3, column=5)
    assert document.has(("list", 0, "email"))
    assert not document.has(("list", 1))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2", "a.yaml:2:1  a: is said twice; first in line 1"),
        ("a: {b: 1, b: 2}", "a.yaml:1:11  a.b: is said twice; first in line 1"),
        ("a:\n\tb: 1", "a.yaml:2:1  a tab stands here; YAML is indented with spaces"),
        ("a: [1\nb: 2", "a.yaml:2:2  the list that begins in line 1 is not closed with ]"),
        ("a: {b: 1", "a.yaml:1:9  the group that begins in line 1 is not closed with }"),
        ("a: @x", "a.yaml:1:4  a value cannot begin with @; put it into quotes"),
        ("a: *@b.example", "a.yaml:1:5  a value cannot begin with * or &; put it into quotes"),
        ("a: [*@c.example]", "a.yaml:1:6  a value cannot begin with * or &; put it into quotes"),
        ("a: *b", "a.yaml:1:4  a: *b stands for nothing: no &b is before it; put a text into quotes"),
        ("a: 1\n]", "a.yaml:2:1  ] closes nothing here; put a text with brackets into quotes"),
        ("%YAML 3.0\n---\na: 1", "a.yaml:1:1  a line cannot begin with %; put it into quotes"),
        ("a: [*]", "a.yaml:1:6  a value cannot begin with * or &; put it into quotes"),
        ("a: !x/{", "a.yaml:1:7  a value cannot begin with !; put it into quotes"),
        ('a: "x', "a.yaml:1:6  the quoted text that begins in line 1 is not closed"),
        ("a: b: c", "a.yaml:1:5  a second colon in one line, or a line indented too far; put a text that holds ': ' into quotes"),  # noqa: E501 - the line as it is told
        (" a: 1\nb: 2", "a.yaml:2:1  this line does not go with those before it; look at the indentation"),
        ("a: 1\n- b", "a.yaml:2:1  a list item stands where a name was expected; look at the indentation"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1  a second document begins here (---); one file holds one"),
        ("a: \x00", "a.yaml:1:4  a control character (U+0000) stands here"),
        ("a: !!python/object:os.system x", "a.yaml:1:4  a: the tag 'tag:yaml.org,2002:python/object:os.system' is not understood"),  # noqa: E501 - the line as it is told
        ("&a [*a]", "a.yaml:1:5  [0]: *a stands for nothing: no &a is before it; put a text into quotes"),
        ("? [a]\n: b", "a.yaml:1:3  a name was expected here; put a text with brackets into quotes"),
        ('a: "\\uD83D"', "a.yaml:1:7  an escape sequence stands for half a character (\\uD800 to \\uDFFF) or none; write it as it is"),  # noqa: E501 - the line as it is told
        ("[" * 2000, "a.yaml:1:1001  is nested more than 64 levels deep"),
        ("[" * 100 + "]" * 100, "a.yaml:1:66  is nested more than 64 levels deep"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words_with_its_place(text: str, line: str, tmp_path: Path) -> None:
    assert read(text, tmp_path)[1] == [line]


def test_names_said_twice_are_all_told_and_the_rest_is_read(tmp_path: Path) -> None:
    value, mistakes = read("a: 1\na: 2\nb: {c: 1, c: 2}\nd: 3", tmp_path)
    assert value == {"a": "1", "b": {"c": "1"}, "d": "3"}
    assert mistakes == [
        "a.yaml:2:1  a: is said twice; first in line 1",
        "a.yaml:3:11  b.c: is said twice; first in line 3",
    ]


def test_aliases_stand_for_what_they_name(tmp_path: Path) -> None:
    assert read("a: &x {b: 1}\nc: *x", tmp_path) == ({"a": {"b": "1"}, "c": {"b": "1"}}, [])


def test_aliases_cannot_make_a_small_file_large(tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    _, mistakes = read("\n".join(["l0: &l0 [1, 2, 3]", *levels]), tmp_path)
    assert mistakes == ["a.yaml:7:5  l6: holds more than 2,000,000 values, with aliases written out"]


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    missing = read_yaml(tmp_path / "none.yaml")
    assert str(missing.mistakes[0]) == f"{tmp_path}/none.yaml  cannot be read: No such file or directory"
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: Jörg".encode("latin-1"))
    assert str(read_yaml(latin).mistakes[0]) == f"{latin}  is not UTF-8 text (octet 5)"


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert read("# nothing yet\n", tmp_path) == (None, [])


@settings(deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("ab1:- \n\t[]{},&*!|>'\"%@`#?~<\\xuU\ufeff\u2028\x85")), max_size=40
    )
)
def test_no_text_whatever_raises(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        value, mistakes = read(text, Path(folder))
    assert mistakes or isinstance(value, dict | list | str | None)
    assert not any("Error" in mistake for mistake in mistakes)


@settings(deadline=None)
@given(
    st.recursive(
        TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS.filter(bool), inner), max_leaves=20
    )
)
def test_what_json_writes_is_read_as_it_was(value: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found, mistakes = read(json.dumps({"value": value}), Path(folder))
    assert (found, mistakes) == ({"value": value}, [])
