import itertools

import pytest
from bounded_work import WorkWithoutEndError, bounded_work


def test_work_without_end_is_broken_off() -> None:
    with pytest.raises(WorkWithoutEndError, match="not done"), bounded_work(0.05):
        for _ in itertools.count():
            pass


def test_work_that_ends_is_left_alone() -> None:
    with bounded_work(0.05):
        pass
    for _ in range(10_000_000):
        pass
