"""The retry decision: each rule of it, and what holds for any outcome and any policy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.retry import RETRYABLE_STATUSES, RetrySettings, StatusRetry
from store.job import Outcome
from store.status import Status
from transmit.retry import PERMANENT, REDIALLED_ONCE, decide

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DEFAULT = RetrySettings()
TRANSIENT = sorted(set(Status) - PERMANENT - REDIALLED_ONCE - {Status.SUCCESS})


def _outcome(status: Status, ended_at: datetime = NOW) -> Outcome:
    return Outcome(status=status, cause="", ended_at=ended_at)


@pytest.mark.parametrize("status", TRANSIENT)
def test_four_attempts_in_all_by_default(status: Status) -> None:
    retries = [decide(_outcome(status), tries, DEFAULT, NOW).retry for tries in (1, 2, 3, 4)]
    assert retries == [True, True, True, False]


def test_five_minutes_apart_and_busy_after_three() -> None:
    assert decide(_outcome(Status.NO_ANSWER), 1, DEFAULT, NOW).at == NOW + timedelta(minutes=5)
    assert decide(_outcome(Status.BUSY), 1, DEFAULT, NOW).at == NOW + timedelta(minutes=3)


def test_a_policy_of_shorter_pauses_holds_for_busy_lines_too() -> None:
    brief = RetrySettings(interval=timedelta(seconds=1))
    assert decide(_outcome(Status.BUSY), 1, brief, NOW).at == NOW + timedelta(seconds=1)


def test_the_pause_counts_from_the_end_of_the_call_but_never_lies_in_the_past() -> None:
    ended = NOW - timedelta(minutes=1)
    assert decide(_outcome(Status.NO_ANSWER, ended), 1, DEFAULT, NOW).at == ended + timedelta(minutes=5)
    long_ago = NOW - timedelta(hours=1)
    assert decide(_outcome(Status.NO_ANSWER, long_ago), 1, DEFAULT, NOW).at == NOW


@pytest.mark.parametrize("status", sorted(REDIALLED_ONCE))
def test_a_voice_or_silence_is_redialled_once(status: Status) -> None:
    assert decide(_outcome(status), 1, DEFAULT, NOW).retry
    assert not decide(_outcome(status), 2, DEFAULT, NOW).retry


def test_a_voice_after_busy_lines_still_has_its_redial() -> None:
    busy = [Status.BUSY, Status.BUSY]
    assert decide(_outcome(Status.VOICE_ANSWER), 3, DEFAULT, NOW, earlier=busy).retry
    once = [Status.VOICE_ANSWER, Status.BUSY]
    assert not decide(_outcome(Status.NOT_A_FAX_MACHINE), 3, DEFAULT, NOW, earlier=once).retry


def test_the_policy_can_speak_of_every_status_that_is_retried_and_of_no_other() -> None:
    assert set(RETRYABLE_STATUSES) == set(Status) - PERMANENT - {Status.SUCCESS}


def test_a_policy_overrides_by_status_whatever_its_case() -> None:
    rules = {
        "busy": StatusRetry(attempts=6, interval=timedelta(minutes=1)),
        "Voice Answer": StatusRetry(attempts=3),
    }
    policy = RetrySettings(statuses=rules)
    busy = decide(_outcome(Status.BUSY), 5, policy, NOW)
    assert busy.retry
    assert busy.at == NOW + timedelta(minutes=1)
    assert decide(_outcome(Status.VOICE_ANSWER), 2, policy, NOW).retry
    assert not decide(_outcome(Status.VOICE_ANSWER), 3, policy, NOW).retry


_STATUS_RULES = st.dictionaries(
    st.sampled_from(RETRYABLE_STATUSES),
    st.builds(
        StatusRetry,
        attempts=st.none() | st.integers(1, 50),
        interval=st.none() | st.timedeltas(timedelta(0), timedelta(days=1)),
    ),
)
_POLICIES = st.builds(
    RetrySettings,
    attempts=st.integers(1, 50),
    interval=st.timedeltas(timedelta(0), timedelta(days=1)),
    statuses=_STATUS_RULES,
)


@given(
    status=st.sampled_from(Status),
    tries=st.integers(1, 60),
    policy=_POLICIES,
    earlier=st.none() | st.lists(st.sampled_from(Status), max_size=6),
)
def test_whatever_the_policy(
    status: Status, tries: int, policy: RetrySettings, earlier: list[Status] | None
) -> None:
    decision = decide(_outcome(status), tries, policy, NOW, earlier=earlier)
    override = policy.statuses.get(status.value) or StatusRetry()
    assert decision.retry == (decision.at is not None)
    assert decision.reason
    if status in PERMANENT or status is Status.SUCCESS:
        assert not decision.retry
    if decision.retry:
        assert tries < (override.attempts or policy.attempts)
        assert decision.at is not None
        assert decision.at >= NOW


@given(statuses=st.lists(st.sampled_from(TRANSIENT), min_size=60, max_size=60), policy=_POLICIES)
def test_dialling_always_ends(statuses: list[Status], policy: RetrySettings) -> None:
    tries = 1
    while decide(_outcome(statuses[tries]), tries, policy, NOW).retry:
        tries += 1
    assert tries <= max([policy.attempts, *(rule.attempts or 0 for rule in policy.statuses.values())])
