"""What `postfax list`, `show` and `policy try` say of faxes that wait, and for what."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import CommandLine
from recorded_faxes import RecordedFaxes

# In three days, so that it is not now anywhere.
CLOSED = f"{datetime.now(UTC) + timedelta(days=3):%a} 03:33-03:34"


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def with_hours(postfax: CommandLine, numbers: str) -> None:
    policy = postfax.policy_file
    said = policy.read_text("utf-8").replace(
        "default_region: US", f"default_region: US, call_windows: {{'{numbers}': '{CLOSED}'}}"
    )
    policy.write_text(said, "utf-8")


def test_a_fax_that_waits_for_hours_says_for_which(postfax: CommandLine, tmp_path: Path) -> None:
    with_hours(postfax, "+49*")
    fax = RecordedFaxes(postfax, tmp_path)(number="+493012345678")
    assert "from 03:33 in Berlin" in postfax("list").out
    said = postfax("show", fax.id).out
    assert re.search(r"next call +\d{4}-.*, from 03:33 in Berlin: the policy's hours for calls", said)
    assert "scheduled" in said
    assert postfax("show", fax.id, "--json").json["waits_for_hours_in"] == ["Europe/Berlin"]


def test_a_number_of_several_zones_is_said_to_be_one(postfax: CommandLine, tmp_path: Path) -> None:
    with_hours(postfax, "+64*")
    fax = RecordedFaxes(postfax, tmp_path)(number="+6421123456")
    assert "in hours of all its time zones" in postfax("list").out
    zones = postfax("show", fax.id, "--json").json["waits_for_hours_in"]
    assert zones == ["Pacific/Auckland", "Pacific/Chatham"]


def test_a_fax_that_may_be_called_waits_for_no_hours(postfax: CommandLine, tmp_path: Path) -> None:
    with_hours(postfax, "+49*")
    fax = RecordedFaxes(postfax, tmp_path)(number="+13105550100")
    assert "hours" not in postfax("list").out + postfax("show", fax.id).out
    assert postfax("show", fax.id, "--json").json["waits_for_hours_in"] == []


def test_a_rehearsal_tells_when_a_number_would_be_called(postfax: CommandLine, tmp_path: Path) -> None:
    with_hours(postfax, "+49*")
    mail = tmp_path / "mail.eml"
    mail.write_text("From: ana@hospital.example\nSubject: Referral\n\nHello\n", "utf-8")
    recipients = ("--to", "+493012345678@fax.example.com", "--to", "+13105550100@fax.example.com")
    said = postfax("policy", "try", mail, *recipients).out
    assert re.search(r"hours +called from .* on \(03:33 in Berlin\)", said)
    assert said.count("03:33") == 1


def test_a_fax_whose_lines_are_gone_says_so_and_when_it_is_given_up(
    postfax: CommandLine, tmp_path: Path
) -> None:
    policy = postfax.policy_file
    policy.write_text(
        policy.read_text("utf-8").replace("settings: {fax", "settings: {lines: [main], fax"), "utf-8"
    )
    fax = RecordedFaxes(postfax, tmp_path)()
    assert "no line" not in postfax("list").out
    assert postfax("show", fax.id, "--json").json["waits_for_a_line"] is False
    renamed = postfax.settings_file.read_text("utf-8").replace("{main:", "{other:")
    postfax.settings_file.write_text(renamed, "utf-8")
    assert "no line" in postfax("list").out
    said = " ".join(postfax("show", fax.id).out.split())
    given_up = f"{fax.due_at.astimezone() + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    assert "next call none: main is no longer in the settings. Put a line of that name back" in said
    assert f"given up on {given_up} at the earliest" in said
    assert postfax("show", fax.id, "--json").json["waits_for_a_line"] is True
