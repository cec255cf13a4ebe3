import re
from dataclasses import replace
from datetime import UTC

import pytest
from filed_fax import fax, policy
from hypothesis import given
from hypothesis import strategies as st

from archive.naming import PatternMistake, file_name, validate
from config.fax_values import FILE_NAME_TOKENS
from store.job import Recipient
from store.status import Status

CONVENTION = "{date:%Y/%m}/{job_id}_{number}_{status}"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (CONVENTION, "2026/10/K7Q2-M9_+12065551234_Success"),
        ("{job_id}", "K7Q2-M9"),
        ("{date}/{user}/{job_id}", "2026-10-31/ana@hospital.example/K7Q2-M9"),
        ("{department}/{reference} of {pages} {job_id}", "Radiology/4711 of 4 K7Q2-M9"),
        ("{date:%Y-%m-%d %H:%M}/{job_id}", "2026-10-31-23-36/K7Q2-M9"),
        ("{{{job_id}}}", "{K7Q2-M9}"),
        ("{number}", "+12065551234_K7Q2-M9"),
        ("/{job_id}", "-/K7Q2-M9"),
        ("../{job_id}", "--/K7Q2-M9"),
    ],
)
def test_names_by_convention_in_the_zone_of_the_policy(pattern: str, expected: str) -> None:
    assert file_name(pattern, fax()) == expected


def test_in_a_value_each_forbidden_character_becomes_a_hyphen() -> None:
    odd = fax(status=Status.OPERATOR_MESSAGE, reference='a\\b/c:d*e?f"g<h>i|j k\x00l')
    assert file_name("{job_id}_{status}_{reference}", odd) == (
        "K7Q2-M9_Sit-Tone---Operator-Msg_a-b-c-d-e-f-g-h-i-j-k-l"
    )


@pytest.mark.parametrize("reference", ["", ".", "..", "...", "../..", "/etc/passwd", ". ."])
def test_a_value_never_makes_a_folder_of_its_own(reference: str) -> None:
    name = file_name("{reference}/{job_id}", fax(reference=reference))
    folder, _, last = name.partition("/")
    assert last == "K7Q2-M9"
    assert folder.strip(".")


def test_long_values_are_cut_and_the_job_stays() -> None:
    long = fax(reference="ü" * 500, recipient=Recipient(number="9" * 500))
    name = file_name("{reference}_{number}_{job_id}", long)
    assert len(name.encode()) <= 200
    assert name.endswith("_K7Q2-M9")
    assert name.count("ü") == name.removesuffix("_K7Q2-M9").count("9") // 2


def test_what_fits_is_not_cut_however_many_tokens_there_are() -> None:
    odd = fax(status=Status.OPERATOR_MESSAGE, user=policy(departments=("Surgery Scheduling and Admissions",)))
    name = file_name("{date}_{reference}_{number}_{status}_{department}_{user}_{pages}_{job_id}", odd)
    assert name == (
        "2026-10-31_4711_+12065551234_Sit-Tone---Operator-Msg_Surgery-Scheduling-and-Admissions"
        "_ana@hospital.example_4_K7Q2-M9"
    )


def test_a_long_value_costs_the_short_ones_beside_it_nothing() -> None:
    name = file_name("{reference}_{number}_{status}_{user}_{job_id}", fax(reference="r" * 500))
    assert name.endswith("r_+12065551234_Success_ana@hospital.example_K7Q2-M9")
    assert len(name) == 200


def test_a_user_of_the_company_itself_has_no_department() -> None:
    assert file_name("{department}/{job_id}", fax(user=policy(departments=()))) == "-/K7Q2-M9"


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("{job_id}_{jobid}", "{jobid}"),
        ("{}", "{}"),
        ("{job_id:>20}", "{job_id} takes no format"),
        ("{job_id!r}", "{job_id} takes no format"),
        ("{job_id", "a brace too many or too few"),
        ("job_id}", "a brace too many or too few"),
        ("{job_id.__class__}", "{job_id.__class__}"),
    ],
)
def test_a_pattern_that_is_none_is_told_with_the_token_at_fault(pattern: str, named: str) -> None:
    with pytest.raises(PatternMistake, match=re.escape(named)):
        validate(pattern)


TOKENS = st.sampled_from([f"{{{token}}}" for token in FILE_NAME_TOKENS])
LAYOUTS = st.text(alphabet="%YmdHMSjBbUp/:. -", max_size=12).map(lambda layout: f"{{date:{layout}}}")
LITERALS = st.text(max_size=20).map(lambda text: text.replace("{", "").replace("}", ""))
PATTERNS = st.lists(st.one_of(TOKENS, LAYOUTS, LITERALS, st.just("/")), max_size=30).map("".join)


@given(
    pattern=PATTERNS,
    number=st.text(max_size=300),
    reference=st.text(max_size=300),
    department=st.text(max_size=60),
    finished=st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1 < at.year < 9999),
)
def test_no_name_leaves_its_folder_or_has_a_forbidden_character(
    pattern: str, number: str, reference: str, department: str, finished: object
) -> None:
    named = file_name(
        pattern,
        fax(
            recipient=Recipient(number=number),
            reference=reference,
            user=policy(departments=(department,)),
            finished_at=finished,
        ),
    )
    segments = named.split("/")
    assert len(segments) <= 16
    assert all(segment.strip(". ") for segment in segments)
    assert not re.search(r'[\\:*?"<>|\x00-\x1f\x7f]', named)
    assert all(len(segment.encode()) <= 200 for segment in segments)
    assert "K7Q2-M9" in named


@given(reference=st.text(max_size=40), other=st.text(max_size=40))
def test_two_faxes_never_share_a_name(reference: str, other: str) -> None:
    first = fax(reference=reference)
    second = replace(first, job=replace(first.job, id="X1Y2-Z3", reference=other))
    for pattern in (CONVENTION, "{reference}", "{reference}/{date}"):
        assert file_name(pattern, first) != file_name(pattern, second)
