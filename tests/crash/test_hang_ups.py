"""No fax is called sent that did not arrive (`hang_ups` is the long form)."""

from pathlib import Path

import pytest
from hang_ups import hang_up_on

from store.status import Status


@pytest.mark.asyncio
async def test_what_is_called_sent_has_arrived_whenever_the_far_end_hangs_up(tmp_path: Path) -> None:
    tally = await hang_up_on(40, pages=3, at_once=10, seed=7, folder=tmp_path)
    assert tally.false_successes == []
    assert tally.overcounted == []
    assert tally.statuses.total() == 40
    assert len(tally.statuses) > 1, "some were cut off"
    assert tally.statuses[Status.GENERAL_ERROR.value] < 40
