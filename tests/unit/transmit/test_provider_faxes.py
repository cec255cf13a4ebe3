"""A provider's faxes: read from what it tells, and judged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.status import Status
from transmit.provider.fax import FaxStage, ProviderFax, fax_of
from transmit.provider.statuses import judge_fax

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def fax(stage: str, **told: Any) -> ProviderFax:
    return fax_of({"id": "01HDF", "status": stage, **told})


def test_a_fax_is_read() -> None:
    told = {
        "id": "01HDF", "status": "FAILURE", "labels": {"postfax": "A#1"}, "numberOfPages": 3,
        "pagesSentSuccessfully": "2", "errorType": "FAX_ERROR", "errorCode": 8,
        "errorMessage": "No response\nafter sending a page",
    }  # fmt: skip
    assert fax_of(told) == ProviderFax(
        fax_id="01HDF", stage=FaxStage.FAILURE, tag="A#1", pages=3, pages_sent=2, error_type="FAX_ERROR",
        error_code=8, error="No response after sending a page",
    )  # fmt: skip


@given(JSON)
def test_what_is_no_fax_is_refused(told: Any) -> None:
    if not (isinstance(told, dict) and isinstance(told.get("id"), str)):
        with pytest.raises(ValueError, match="no fax"):
            fax_of(told)


@given(
    st.dictionaries(st.sampled_from(["status", "labels", "numberOfPages", "errorCode", "errorType"]), JSON)
)
def test_strange_values_are_no_end(told: dict[str, Any]) -> None:
    read = fax_of({**told, "id": "1"})
    assert read.stage.final == (told.get("status") in ("COMPLETED", "FAILURE"))


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("CALL_ERROR", 17, Status.BUSY),
        ("CALL_ERROR", 16, Status.NO_ANSWER),
        ("CALL_ERROR", 15, Status.FAST_BUSY),
        ("CALL_ERROR", 49, Status.OPERATOR_MESSAGE),
        ("FAX_ERROR", 132, Status.NOT_A_FAX_MACHINE),
        ("FAX_ERROR", 28, Status.NEGOTIATION_FAILED),
        ("FAX_ERROR", 77, Status.EXCEEDED_ECM_RETRANSMIT),
        ("FAX_ERROR", 131, Status.TRANSMISSION_FAILED),
        ("FAX_ERROR", 75, Status.JOB_CANCELLED),
        ("FAX_ERROR", 46, Status.GENERAL_ERROR),
        ("LINE_ERROR", 1, Status.FAST_BUSY),
        ("DOCUMENT_CONVERSION_ERROR", 128, Status.GENERAL_ERROR),
        ("NEW_ERROR", 1, Status.GENERAL_ERROR),
    ],
)
def test_every_error_has_its_status(kind: str, code: int, status: Status) -> None:
    verdict = judge_fax(fax("FAILURE", errorType=kind, errorCode=code), pages_asked=2, cancelled=False)
    assert verdict.status is status
    assert f"{kind} {code}" in verdict.cause


@given(
    st.sampled_from(["QUEUED", "COMPLETED", "FAILURE"]),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.integers(0, 3),
)
def test_success_is_every_page(stage: str, pages: int | None, sent: int | None, asked: int) -> None:
    told = fax(stage, numberOfPages=pages, pagesSentSuccessfully=sent)
    verdict = judge_fax(told, pages_asked=asked, cancelled=False)
    arrived = sent if sent is not None else pages
    assert (verdict.status is Status.SUCCESS) == (stage == "COMPLETED" and arrived == asked > 0)
