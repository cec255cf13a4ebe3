"""Which faxes go in one call, and what each of them came to."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.fax import Resolution
from config.settings import Settings, UserPolicy
from postfax.journey.shared_call import begins_batch, goes_along, outcomes_of
from store.job import FaxDocument, FaxJob, FaxPage, Outcome, Recipient
from store.lifecycle import JobState
from store.status import Status

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


def job(pages: int = 2, *, departments: tuple[str, ...] = ("Radiology",), **more: Any) -> FaxJob:
    fax = {"batch_pages": 10, "sender_number": "+12065550199", **more.pop("fax", {})}
    user = UserPolicy(
        name="Ana Ruiz",
        email="ana@hospital.example",
        company="General Hospital",
        departments=departments,
        settings=Settings.model_validate({"fax": fax}),
    )
    page = FaxPage(width=1728, height=2200, octets=100, origin="body")
    resolution = more.pop("resolution", Resolution.FINE)
    document = FaxDocument(body="x", sha256="", resolution=resolution, pages=(page,) * pages)
    facts: dict[str, Any] = {
        "id": "K7Q2-M9", "mail_id": "K7Q2", "position": 0, "state": JobState.QUEUED, "status": None,
        "explanation": "", "recipient": Recipient(number="+12065551234"), "user": user, "cover_template": "",
        "reference": "", "billing": "", "created_at": NOW, "due_at": NOW, "finished_at": None, "tries": 0,
        "pages_confirmed": 0, "document": document, "cancel_requested_by": "",
    }  # fmt: skip
    return FaxJob(**{**facts, **more})


def test_faxes_of_one_department_go_together_as_far_as_there_is_room() -> None:
    assert begins_batch(job())
    assert goes_along([job()], job())
    assert goes_along([job(4)], job(6))
    assert not goes_along([job(4)], job(7))
    assert not goes_along([job(4), job(4)], job(3))


@pytest.mark.parametrize(
    "other",
    [
        job(departments=("Surgery",)),
        job(fax={"sender_number": "+12065550198"}),
        job(fax={"csid": "OTHER"}),
        job(fax={"batch_pages": 3}),
        job(fax={"batch_pages": 0}),
        job(resolution=Resolution.STANDARD),
        job(recipient=Recipient(number="+12065551234", subaddress="7")),
        job(pages_confirmed=1, tries=1),
    ],
)
def test_what_is_of_another_kind_has_a_call_of_its_own(other: FaxJob) -> None:
    assert not goes_along([job()], other)


def test_a_fax_that_goes_on_or_fills_the_call_begins_no_batch() -> None:
    assert not begins_batch(job(pages_confirmed=1))
    assert not begins_batch(job(10))
    assert not begins_batch(job(fax={"batch_pages": 0}))


def outcome(status: Status, confirmed: int) -> Outcome:
    return Outcome(
        status=status, cause="T.30 21", ended_at=NOW, pages_confirmed=confirmed, t30_code=21, t30_result="x"
    )


def test_a_fax_is_sent_where_its_own_pages_are_confirmed_and_only_there() -> None:
    first, second, third = outcomes_of(outcome(Status.TRANSMISSION_FAILED, 4), (2, 3, 1))
    assert (first.status, first.pages_confirmed, first.t30_code) == (Status.SUCCESS, 2, 0)
    assert first.cause == "2 of 2 pages confirmed, in a call of 3 faxes"
    assert (second.status, second.pages_confirmed, second.t30_code) == (Status.TRANSMISSION_FAILED, 2, 21)
    assert second.cause == "T.30 21; 2 of 3 pages confirmed, in a call of 3 faxes"
    assert (third.status, third.pages_confirmed) == (Status.TRANSMISSION_FAILED, 0)


def test_a_busy_number_is_busy_for_all() -> None:
    assert {one.status for one in outcomes_of(outcome(Status.BUSY, 0), (2, 3))} == {Status.BUSY}


@given(
    pages=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    status=st.sampled_from([Status.SUCCESS, Status.TRANSMISSION_FAILED, Status.JOB_CANCELLED, Status.BUSY]),
    data=st.data(),
)
def test_no_page_is_counted_twice_and_none_is_made_up(
    pages: list[int], status: Status, data: st.DataObject
) -> None:
    confirmed = data.draw(st.integers(0, sum(pages)))
    each = outcomes_of(outcome(status, confirmed), pages)
    assert sum(one.pages_confirmed for one in each) == confirmed
    for one, count in zip(each, pages, strict=True):
        assert (one.status is Status.SUCCESS) is (one.pages_confirmed == count)
    # They are confirmed in their order: nothing behind a fax that is not there.
    short = [one for one in each if one.status is not Status.SUCCESS]
    assert all(one.pages_confirmed == 0 for one in short[1:])
    whole = replace(outcome(Status.SUCCESS, sum(pages)))
    assert {one.status for one in outcomes_of(whole, pages)} == {Status.SUCCESS}
