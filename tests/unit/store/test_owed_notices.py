"""Which notices are owed: every setting of the switches against everything that NOTIFY can say."""

from datetime import UTC, datetime
from itertools import product

import pytest

from config.notifications import NoticeSwitches
from config.settings import Settings, UserPolicy
from store.job import FaxJob, Recipient
from store.lifecycle import JobState
from store.mail import Envelope, NoticeRequest, NotifyOn
from store.owed_notices import (
    Owed,
    delivery_is_told,
    delivery_notice,
    initial_notice,
    listed_jobs,
    request_for,
    requests_for,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
USER = UserPolicy(name="Ana", email="ana@hospital.example", company="Hospital", settings=Settings())

NEVER = frozenset({NotifyOn.NEVER})
SUCCESS = frozenset({NotifyOn.SUCCESS})
FAILURE = frozenset({NotifyOn.FAILURE})
DELAY = frozenset({NotifyOn.DELAY})
Notify = frozenset[NotifyOn] | None

ON, OFF = True, False


def job(state: JobState, *addresses: str) -> FaxJob:
    return FaxJob(
        id="K7Q2-M9",
        mail_id="K7Q2-M9",
        position=0,
        state=state,
        status=None,
        explanation="",
        recipient=Recipient(number="+12065551234"),
        addresses=addresses,
        user=USER,
        cover_template="",
        reference="",
        billing="",
        created_at=NOW,
        due_at=NOW,
        finished_at=None,
        tries=0,
        pages_confirmed=0,
        document=None,
        cancel_requested_by="",
    )


def envelope(**asked: Notify) -> Envelope:
    """Recipients by a short name, each with its NOTIFY; None for a recipient without one."""
    return Envelope(
        return_path="ana@hospital.example",
        recipients=tuple(asked),
        notice_requests={
            address: NoticeRequest(notify=notify) for address, notify in asked.items() if notify is not None
        },
    )


# (NOTIFY, is a success told with its switch on, with it off, is a failure told with its switch on, off)
DELIVERY: list[tuple[Notify, bool, bool, bool, bool]] = [
    (None, True, False, True, False),
    (NEVER, False, False, False, False),
    (SUCCESS, True, True, False, False),
    (FAILURE, False, False, True, True),
    (DELAY, False, False, False, False),
    (SUCCESS | FAILURE, True, True, True, True),
    (SUCCESS | DELAY, True, True, False, False),
    (FAILURE | DELAY, False, False, True, True),
    (SUCCESS | FAILURE | DELAY, True, True, True, True),
]


@pytest.mark.parametrize(("notify", "success_on", "success_off", "failure_on", "failure_off"), DELIVERY)
def test_delivery_notices(
    notify: Notify, *, success_on: bool, success_off: bool, failure_on: bool, failure_off: bool
) -> None:
    expected = {
        (JobState.SENT, ON): Owed.SUCCESS if success_on else Owed.NOTHING,
        (JobState.SENT, OFF): Owed.SUCCESS if success_off else Owed.NOTHING,
        (JobState.FAILED, ON): Owed.FAILURE if failure_on else Owed.NOTHING,
        (JobState.FAILED, OFF): Owed.FAILURE if failure_off else Owed.NOTHING,
        (JobState.CANCELLED, ON): Owed.FAILURE if failure_on else Owed.NOTHING,
        (JobState.CANCELLED, OFF): Owed.FAILURE if failure_off else Owed.NOTHING,
    }
    for (state, switch), owed in expected.items():
        # The other switch never matters.
        for other in (ON, OFF):
            switches = (
                NoticeSwitches(success=switch, failure=other)
                if state is JobState.SENT
                else NoticeSwitches(success=other, failure=switch)
            )
            assert delivery_notice(job(state, "a"), envelope(a=notify), switches) is owed, (state, switch)


# (NOTIFY, accepted with the success switch on, off, refused with the failure switch on, off)
INITIAL: list[tuple[Notify, bool, bool, bool, bool]] = [
    (None, True, False, True, False),
    (NEVER, False, False, False, False),
    # No acceptance is told against the switch: the last word comes later.
    (SUCCESS, True, False, False, False),
    # A refusal is the last word.
    (FAILURE, False, False, True, True),
    (DELAY, False, False, False, False),
    (SUCCESS | FAILURE, True, False, True, True),
    (SUCCESS | DELAY, True, False, False, False),
    (FAILURE | DELAY, False, False, True, True),
    (SUCCESS | FAILURE | DELAY, True, False, True, True),
]


@pytest.mark.parametrize(("notify", "accepted_on", "accepted_off", "refused_on", "refused_off"), INITIAL)
def test_initial_notices_of_one_recipient(
    notify: Notify, *, accepted_on: bool, accepted_off: bool, refused_on: bool, refused_off: bool
) -> None:
    expected = {
        (JobState.QUEUED, ON): Owed.SUCCESS if accepted_on else Owed.NOTHING,
        (JobState.QUEUED, OFF): Owed.SUCCESS if accepted_off else Owed.NOTHING,
        (JobState.FAILED, ON): Owed.FAILURE if refused_on else Owed.NOTHING,
        (JobState.FAILED, OFF): Owed.FAILURE if refused_off else Owed.NOTHING,
    }
    for (state, switch), owed in expected.items():
        for other in (ON, OFF):
            switches = (
                NoticeSwitches(success=other, failure=switch)
                if state is JobState.FAILED
                else NoticeSwitches(success=switch, failure=other)
            )
            assert initial_notice([job(state, "a")], envelope(a=notify), switches) is owed, (state, switch)


def test_without_notify_the_switches_alone_decide() -> None:
    for success, failure in product((ON, OFF), repeat=2):
        switches = NoticeSwitches(success=success, failure=failure)
        silent = envelope(a=None, b=None)
        accepted = [job(JobState.QUEUED, "a"), job(JobState.SCHEDULED, "b")]
        partly = [job(JobState.QUEUED, "a"), job(JobState.FAILED, "b")]
        assert (initial_notice(accepted, silent, switches) is Owed.SUCCESS) == success
        assert (initial_notice(partly, silent, switches) is Owed.FAILURE) == failure


BOTH = NoticeSwitches()
NONE = NoticeSwitches(success=False, failure=False)


@pytest.mark.parametrize(
    ("accepted", "refused", "switches", "owed"),
    [
        # One NEVER does not silence the others, and is left out: what is told is the rest.
        (None, NEVER, BOTH, Owed.SUCCESS),
        (NEVER, None, BOTH, Owed.FAILURE),
        (NEVER, NEVER, BOTH, Owed.NOTHING),
        # The notice lists both, and comes if one of them wants it.
        (None, SUCCESS, BOTH, Owed.FAILURE),
        (SUCCESS, FAILURE, BOTH, Owed.FAILURE),
        (SUCCESS, SUCCESS, BOTH, Owed.NOTHING),
        (SUCCESS, DELAY, BOTH, Owed.NOTHING),
        # Against the switch it comes for the refused one alone.
        (None, FAILURE, NONE, Owed.FAILURE),
        (FAILURE, None, NONE, Owed.NOTHING),
        (FAILURE, SUCCESS, NONE, Owed.NOTHING),
    ],
)
def test_initial_notices_of_a_group(
    accepted: Notify, refused: Notify, switches: NoticeSwitches, owed: Owed
) -> None:
    jobs = [job(JobState.QUEUED, "a"), job(JobState.FAILED, "b")]
    assert initial_notice(jobs, envelope(a=accepted, b=refused), switches) is owed


def test_the_initial_notice_lists_all_but_those_with_never() -> None:
    jobs = [job(JobState.QUEUED, name) for name in "abcd"]
    listed = listed_jobs(jobs, envelope(a=None, b=NEVER, c=SUCCESS, d=DELAY))
    assert [named.addresses for named in listed] == [("a",), ("c",), ("d",)]


def test_a_number_named_twice_is_told_what_either_wants() -> None:
    twice = job(JobState.SENT, "a", "b")
    assert delivery_notice(twice, envelope(a=NEVER, b=SUCCESS), NONE) is Owed.SUCCESS
    assert delivery_notice(twice, envelope(a=NEVER, b=NEVER), BOTH) is Owed.NOTHING
    assert delivery_notice(twice, envelope(a=NEVER, b=None), BOTH) is Owed.SUCCESS
    assert listed_jobs([twice], envelope(a=NEVER, b=None)) == (twice,)
    assert listed_jobs([twice], envelope(a=NEVER, b=NEVER)) == ()


def test_what_may_be_promised_is_what_will_be_owed() -> None:
    waiting = job(JobState.QUEUED, "a")
    asked = envelope(a=FAILURE)
    assert not delivery_is_told(waiting, asked, BOTH, success=True)
    assert delivery_is_told(waiting, asked, NONE, success=False)


def test_a_job_of_an_older_book_asked_for_nothing() -> None:
    asked = envelope(a=NEVER)
    assert requests_for(asked, job(JobState.SENT)) == (NoticeRequest(),)
    assert delivery_notice(job(JobState.SENT), asked, BOTH) is Owed.SUCCESS
    assert request_for(asked, "b") == NoticeRequest()
