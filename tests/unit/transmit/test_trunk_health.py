"""What a trunk's answers and its registration say of its health."""

import pytest

from config.values import HostPort
from transmit.sip.registration import Registered
from transmit.trunk_health import HealthRecord, TrunkHealth, TrunkState


def test_a_trunk_that_never_answered_options_is_not_called_down() -> None:
    record = HealthRecord(registers=False)
    assert record.health(0.0) == TrunkHealth(state=TrunkState.UNKNOWN, reason="not asked yet")
    for _ in range(10):
        record.unanswered("no answer")
    assert record.health(0.0).state is TrunkState.UNKNOWN


def test_one_that_answered_and_stops_is_down_after_three_questions_and_up_with_the_next_answer() -> None:
    record = HealthRecord(registers=False)
    record.answered(405, "Method Not Allowed")
    states = []
    for _ in range(4):
        states.append(record.health(0.0).state)
        record.unanswered("no answer")
    record.answered(200, "OK")
    states.append(record.health(0.0).state)
    assert states == [TrunkState.UP, TrunkState.UP, TrunkState.UP, TrunkState.DOWN, TrunkState.UP]


def test_one_that_says_that_it_does_not_work_is_down() -> None:
    record = HealthRecord(registers=False)
    record.answered(503, "Maintenance")
    assert record.health(0.0) == TrunkHealth(
        state=TrunkState.DOWN, reason="OPTIONS answered with 503 Maintenance"
    )


def test_calls_that_need_a_registration_have_none_when_it_has_ended() -> None:
    record = HealthRecord(registers=True, silent=frozenset({HostPort("192.0.2.1", 5060)}))
    record.answered(200, "OK")
    assert record.health(0.0).state is TrunkState.UNKNOWN
    record.registered = Registered(until=60.0, code=200, reason="OK")
    assert record.health(59.0).state is TrunkState.UP
    assert record.health(61.0).state is TrunkState.DOWN
    record.registered = Registered(code=403, reason="Forbidden")
    assert record.health(0.0).reason == "not registered: 403 Forbidden"


@pytest.mark.parametrize("code", [200, 403, 404, 405, 486, 500, 501])
def test_a_server_that_knows_no_options_carries_calls_all_the_same(code: int) -> None:
    record = HealthRecord(registers=False)
    record.answered(code, "")
    assert record.health(0.0).state is TrunkState.UP
