"""When what is kept of a fax may go."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.upkeep import RetentionSettings
from store.errors import BodyPurged
from store.mail import MailState
from store.retention import LOOK_AGAIN, KeptMail, next_look

ENDED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def retention(documents: float = 7, metadata: float = 90) -> RetentionSettings:
    return RetentionSettings(
        documents=timedelta(days=documents), metadata=timedelta(days=metadata), allow_longer=True
    )


def mail(**facts: Any) -> KeptMail:
    known: dict[str, Any] = {
        "mail_id": "K7Q2-M9",
        "state": MailState.ANSWERED,
        "user_email": "ana@hospital.example",
        "due_at": ENDED,
        "ended_at": ENDED,
        "owes": False,
        "kept": (retention(),),
    }
    return KeptMail(**known | facts)


def test_documents_go_seven_days_after_the_end_and_the_record_after_ninety() -> None:
    assert next_look(mail(), None, ENDED) == ENDED + 7 * DAY
    assert next_look(mail(state=MailState.PURGED), None, ENDED) == ENDED + 90 * DAY


def test_the_policy_in_force_shortens_and_does_not_lengthen() -> None:
    assert next_look(mail(), retention(documents=2), ENDED) == ENDED + 2 * DAY
    assert next_look(mail(), retention(documents=30), ENDED) == ENDED + 7 * DAY
    assert next_look(mail(state=MailState.PURGED), retention(metadata=30), ENDED) == ENDED + 30 * DAY


def test_a_record_is_kept_at_least_as_long_as_its_documents() -> None:
    longer = mail(state=MailState.PURGED, kept=(retention(documents=100, metadata=90),))
    assert next_look(longer, None, ENDED) == ENDED + 100 * DAY


def test_of_several_policies_the_shortest_counts() -> None:
    assert next_look(mail(kept=(retention(7), retention(3))), None, ENDED) == ENDED + 3 * DAY


def test_while_a_job_has_not_ended_nothing_goes_before_the_whole_time() -> None:
    now = ENDED + 30 * DAY
    assert next_look(mail(ended_at=None), None, now) == now + 7 * DAY


def test_what_is_still_to_be_delivered_keeps_it() -> None:
    now = ENDED + 8 * DAY
    assert next_look(mail(owes=True), None, now) == now + LOOK_AGAIN
    assert next_look(mail(owes=True), None, ENDED) == ENDED + 7 * DAY


spans = st.floats(0.01, 200, allow_nan=False)


@given(
    kept=st.tuples(spans, spans),
    says_now=st.tuples(spans, spans),
    passed=st.floats(0, 300),
    owes=st.booleans(),
)
def test_never_too_early(
    kept: tuple[float, float], says_now: tuple[float, float], passed: float, *, owes: bool
) -> None:
    in_force = retention(*says_now)
    now = ENDED + passed * DAY
    for state in (MailState.ANSWERED, MailState.PURGED):
        look = next_look(mail(state=state, owes=owes, kept=(retention(*kept),)), in_force, now)
        if look <= now:
            assert not owes
            assert now >= ENDED + min(timedelta(days=kept[0]), timedelta(days=says_now[0]))


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (7 * DAY, "after 7 days"),
        (DAY, "after 1 day"),
        (timedelta(hours=5), "after 5 hours"),
        (0 * DAY, "at once"),
    ],
)
def test_a_body_that_was_removed_says_when_and_after_how_long(kept: timedelta, words: str) -> None:
    told = str(BodyPurged("row:K7Q2-M9.tif", ENDED, kept))
    assert told == f"the body row:K7Q2-M9.tif was removed on 2026-11-23, {words}, as the policy says."
