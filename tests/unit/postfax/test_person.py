"""In whose name a command is noted."""

import os
import pwd

import pytest

from postfax.person import person

OWN = pwd.getpwuid(os.getuid()).pw_name


def test_a_command_is_noted_in_the_name_of_its_caller() -> None:
    assert person({}) == OWN


def test_behind_sudo_it_is_the_one_who_called_it() -> None:
    daemon = pwd.getpwnam("daemon")
    assert person({"SUDO_UID": str(daemon.pw_uid)}) == "daemon"


@pytest.mark.parametrize("written", ["", "abc", "-1", "٣"])
def test_what_is_no_number_does_not_count(written: str) -> None:
    assert person({"SUDO_UID": written}) == OWN


@pytest.mark.parametrize("number", [4_000_000_001, 10**30])
def test_an_account_without_a_name_is_told_by_its_number(number: int) -> None:
    assert person({"SUDO_UID": str(number)}) == f"uid {number}"
