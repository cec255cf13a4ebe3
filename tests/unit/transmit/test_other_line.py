"""Which outcomes are the line's own fault."""

from datetime import UTC, datetime

import pytest

from store.job import Outcome
from store.status import Status
from transmit.other_line import wants_other_line

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", Status)
def test_only_a_call_that_came_nowhere_wants_another_line(status: Status) -> None:
    outcome = Outcome(status=status, cause="", ended_at=NOW)
    assert wants_other_line(outcome) == (status in {Status.FAST_BUSY, Status.GENERAL_ERROR})
    assert not wants_other_line(Outcome(status=status, cause="", ended_at=NOW, answered_at=NOW))
