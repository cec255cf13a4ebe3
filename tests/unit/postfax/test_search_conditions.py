"""Layers of a filter as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postfax.conditions import NoCondition, read_condition, read_conditions
from store.activity import Comparison, Condition, Field


@pytest.mark.parametrize(
    ("text", "field", "comparison", "values"),
    [
        ("status=busy", Field.STATUS, Comparison.IS, ("BUSY",)),
        ("STATUS = BUSY, no answer", Field.STATUS, Comparison.IS, ("BUSY", "No Answer")),
        ("status!=Success", Field.STATUS, Comparison.IS_NOT, ("Success",)),
        ("status=*Failed", Field.STATUS, Comparison.IS, ("*Failed",)),
        ("state=sent", Field.STATE, Comparison.IS, ("sent",)),
        ("pages>=10", Field.PAGES, Comparison.LEAST, ("10",)),
        ("pages<3", Field.PAGES, Comparison.LESS, ("3",)),
        ("to=+1 (206) 555-12*", Field.NUMBER, Comparison.IS, ("+120655512*",)),
        ("job=k7q2m9", Field.JOB, Comparison.IS, ("K7Q2-M9",)),
        ("reference=a\\,b,c", Field.REFERENCE, Comparison.IS, ("a,b", "c")),
        ("reference=", Field.REFERENCE, Comparison.IS, ("",)),
        ("subject=*x=y*", Field.SUBJECT, Comparison.IS, ("*x=y*",)),
    ],
)
def test_a_condition_is_read(
    text: str, field: Field, comparison: Comparison, values: tuple[str, ...]
) -> None:
    assert read_condition(text) == Condition(field=field, comparison=comparison, values=values)


def test_a_custom_field_is_asked_for_by_its_name() -> None:
    [read] = read_conditions(["custom.cost_center=R-17"])
    assert (read.field, read.custom, read.values) == (Field.CUSTOM, "cost_center", ("R-17",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("busy", "'busy' is no condition, such as status=BUSY"),
        ("statsu=BUSY", "there is no field statsu; did you mean status? There are: job, state,"),
        ("status=Bussy", "there is no status 'Bussy'. There are: Success, BUSY,"),
        ("status>BUSY", "status has no order"),
        ("pages=many", "'many' is no number of pages"),
        ("pages>=1,2", ">= takes one value"),
        ("job=K7", "'K7' is not the id of a job, such as K7Q2-M9"),
        ("number=555", "'555' is no number with + and country code"),
        ("custom=R-17", "a custom field is asked for by its name"),
        ("status.x=BUSY", "a custom field is asked for by its name"),
        ("subject=" + "x" * 600, "is no condition"),
    ],
)
def test_what_is_none_is_told_with_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(NoCondition) as problem:
        read_condition(text)
    assert told in str(problem.value)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(NoCondition):
        assert read_condition(text).values
