"""The facts of covers and bodies on their way to the task, and which parts of typesetting are missing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.fax import Paper
from convert.body_facts import BodyFacts
from convert.cover_facts import CoverFacts, CoverRecipient, CoverSender
from convert.facts_file import hand_over, handed_over
from convert.templates import cover_template, cover_templates
from convert.typesetting_parts import missing_parts

_ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)


@given(
    st.builds(
        CoverFacts,
        template=_ANY_TEXT,
        paper=st.sampled_from(Paper),
        recipient=st.builds(CoverRecipient, number=_ANY_TEXT, name=_ANY_TEXT),
        sender=st.builds(CoverSender, name=_ANY_TEXT, address=_ANY_TEXT),
        body_text=_ANY_TEXT,
        pages_following=st.integers(0, 1000),
        custom_fields=st.dictionaries(_ANY_TEXT, _ANY_TEXT, max_size=3),
    )
)
def test_cover_facts_survive_json(facts: CoverFacts) -> None:
    assert CoverFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@given(st.builds(BodyFacts, paper=st.sampled_from(Paper), subject=_ANY_TEXT, body_html=_ANY_TEXT))
def test_body_facts_survive_json(facts: BodyFacts) -> None:
    assert BodyFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_an_unknown_field_or_paper_is_an_error() -> None:
    facts = BodyFacts(paper=Paper.A4).to_json()

    with pytest.raises(TypeError, match="colour"):
        BodyFacts.from_json({**facts, "colour": "red"})
    with pytest.raises(ValueError, match="A0"):
        BodyFacts.from_json({**facts, "paper": "A0"})


def test_facts_of_any_size_and_content_are_handed_over_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"body_text": "\ud800" + "ж" * 1_000_000}

    arguments = hand_over(facts, folder=tmp_path, name="facts.json")

    assert len(json.dumps(arguments)) < 1000
    monkeypatch.chdir(tmp_path)
    assert handed_over(arguments) == facts


def test_the_built_in_templates_have_names_and_descriptions() -> None:
    assert [template.name for template in cover_templates()] == ["default", "healthcare"]
    assert all(template.description for template in cover_templates())
    assert cover_template("healthcare").name == "healthcare"
    with pytest.raises(KeyError):
        cover_template("../default")


def test_a_missing_part_names_its_package_and_what_follows() -> None:
    parts = missing_parts(has_library=lambda name: "harfbuzz" not in name, has_font=lambda _: True)

    assert [part.package for part in parts] == ["libharfbuzz-subset0"]
    assert not parts[0].essential
    assert "apt-get install libharfbuzz-subset0" in str(parts[0])


def test_all_parts_can_be_missing_and_the_essential_comes_first() -> None:
    parts = missing_parts(has_library=lambda _: False, has_font=lambda _: False)

    assert len(parts) == 8
    assert [part.essential for part in parts] == [True, *[False] * 7]


def test_this_host_has_what_the_other_tests_need() -> None:
    assert missing_parts() == ()
