"""The statuses as enhanced codes (RFC 3463)."""

import re

import pytest

from config.retry import RETRYABLE_STATUSES
from notify.status_code import status_code
from store.status import Status


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_code_of_three_numbers(status: Status) -> None:
    assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status_code(status))


@pytest.mark.parametrize("status", Status)
def test_the_class_says_whether_sending_it_again_may_help(status: Status) -> None:
    expected = "2" if status is Status.SUCCESS else "4" if status.value in RETRYABLE_STATUSES else "5"
    assert status_code(status)[0] == expected


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.SUCCESS, "2.1.5"),
        (Status.BUSY, "4.4.1"),
        (Status.OPERATOR_MESSAGE, "5.1.1"),
        (Status.INVALID_FAX_NUMBER, "5.1.3"),
        (Status.INVALID_ATTACHMENT, "5.6.1"),
        (Status.BLOCKED, "5.7.1"),
    ],
)
def test_codes_that_other_programs_act_upon(status: Status, code: str) -> None:
    assert status_code(status) == code
