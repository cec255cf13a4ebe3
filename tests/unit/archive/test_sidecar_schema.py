import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from filed_fax import fax, policy
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from lxml import etree

from archive import metadata
from archive.facts import FaxFacts
from archive.sidecar_schema import DETAILS, Element, json_schema, xml_schema
from store.job import Recipient
from store.lifecycle import JobState
from store.status import Status

JSON = Draft202012Validator(json_schema(), format_checker=FormatChecker())
XML = etree.XMLSchema(etree.fromstring(xml_schema().encode()))

FAILED = fax(
    state=JobState.FAILED,
    status=Status.INVALID_FAX_NUMBER,
    explanation="No number.",
    document=None,
    attempts=(),
    finished_at=None,
    user=policy(departments=()),
)
IN_A_CALL = fax(attempts=(replace(fax().job.attempts[0], outcome=None, interrupted=True),))


@pytest.mark.parametrize("facts", [fax(), FAILED, IN_A_CALL], ids=["sent", "failed", "interrupted"])
def test_real_sidecars_are_as_the_schemas_say(facts: FaxFacts) -> None:
    JSON.validate(json.loads(metadata.json(facts)))
    XML.assertValid(etree.fromstring(metadata.xml(facts)))


@given(text=st.text(max_size=30), status=st.sampled_from(Status))
def test_whatever_others_wrote_the_sidecars_are_as_the_schemas_say(text: str, status: Status) -> None:
    facts = fax(
        reference=text,
        status=status,
        recipient=Recipient(number="+1", name=text, company=text),
        user=policy(name=text or "A", departments=(text or "D",)),
    )
    JSON.validate(json.loads(metadata.json(facts)))
    XML.assertValid(etree.fromstring(metadata.xml(facts)))


def test_the_schemas_are_themselves_well_formed() -> None:
    Draft202012Validator.check_schema(json_schema())


def _names(elements: tuple[Element, ...]) -> set[str]:
    return {name for each in elements for name in ({each.name} | _names(each.parts))}


def test_every_name_of_the_table_is_used() -> None:
    sent = etree.fromstring(metadata.xml(fax()))
    rare = {"Explanation", "Subaddress", "Q850Cause"}
    assert {element.tag for element in sent.iter()} - {"faxDetails"} == _names(DETAILS) - rare


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.pop("FaxJobId"),
        lambda facts: facts.update(Unknown=1),
        lambda facts: facts.update(FaxJobStatusId=3),
        lambda facts: facts.update(PageCount="four"),
        lambda facts: facts.update(CreatedDateTime="yesterday"),
        lambda facts: facts["Attempts"][0].update(Unknown=1),
        lambda facts: facts.update(StatusDescription="Sent"),
    ],
)
def test_what_is_no_sidecar_is_found(change: Callable[[dict[str, Any]], object]) -> None:
    facts = json.loads(metadata.json(fax()))
    change(facts)
    assert not JSON.is_valid(facts)
    root = ET.Element("faxDetails")
    for name, fact in facts.items():
        metadata._append(root, name, fact)
    assert not XML.validate(etree.fromstring(ET.tostring(root)))
