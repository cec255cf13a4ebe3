"""`postfax line` and `postfax destination`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_line import CommandLine

from postfax.failures import ExitCode
from postfax.opening import make_book, run, settings_in
from postfax.person import person
from store.destination import Destination
from store.records.destinations import keep_destination

NUMBER = "+12065551234"


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def learn(folder: Path, destination: Destination) -> None:
    async def keep() -> None:
        async with make_book(settings_in(str(folder / "postfax.yaml"))) as book:
            await book._access.write(keep_destination, destination)

    run(keep())


def test_a_line_is_held_and_released_and_the_list_says_by_whom_and_why(postfax: CommandLine) -> None:
    assert postfax("line", "list").out.splitlines()[1].split()[-1] == "open"
    held = postfax("line", "hold", "main", "--reason", "works at the carrier")
    assert held.out == "main is held; `postfax line release main` lets it take calls again\n"
    [line] = postfax("line", "list", "--json").json
    assert (line["name"], line["held"]["by"], line["held"]["reason"]) == (
        "main",
        person(),
        "works at the carrier",
    )
    assert "works at the carrier" in postfax("line", "show", "main").out
    assert postfax("line", "hold", "main").code == ExitCode.PARTLY
    assert postfax("line", "release", "main").code == ExitCode.DONE
    assert postfax("line", "release", "main").out == "main was not held\n"
    deeds = [deed["action"] for deed in postfax("audit", "--json").json]
    assert deeds == ["release line", "hold line"]


@pytest.mark.parametrize("action", ["hold", "show", "test"])
def test_a_line_that_is_not_there_is_told_with_what_may_be_meant(postfax: CommandLine, action: str) -> None:
    said = postfax("line", action, "mian")
    assert (said.code, said.failure) == (ExitCode.NOT_FOUND, "there is no line mian; did you mean main?")


def test_a_trunk_that_does_not_answer_is_told_with_what_to_do(postfax: CommandLine) -> None:
    said = postfax("line", "test", "main")
    assert said.code == ExitCode.UNREACHABLE
    assert said.out.startswith("main: sip:127.0.0.1:9 does not answer")
    assert "Check the address, the firewall" in said.out


def test_what_was_learned_of_a_number_is_shown_and_forgotten(postfax: CommandLine, tmp_path: Path) -> None:
    assert postfax("destination", "list").out == "nothing was learned yet\n"
    known = Destination(
        number=NUMBER, finest="standard", max_rate=9_600, transport="G.711", learned_at=datetime.now(UTC)
    )
    learn(tmp_path, known)
    row = postfax("destination", "list").out.splitlines()[1]
    for word in ("+1 206 555 1234", "standard", "9600 bit/s at most", "G.711"):
        assert word in row
    assert postfax("destination", "show", "+1 (206) 555-1234", "--json").json["finest"] == "standard"
    said = postfax("destination", "forget", NUMBER, "+12065559999")
    assert said.code == ExitCode.PARTLY
    assert said.out.splitlines() == ["+1 206 555 1234: forgotten", "+1 206 555 9999: nothing was known"]
    assert postfax("destination", "show", NUMBER).code == ExitCode.NOT_FOUND
    assert postfax("audit", "--json").json[0]["subject"] == NUMBER


def test_a_number_without_its_country_is_not_guessed(postfax: CommandLine) -> None:
    said = postfax("destination", "show", "206-555-1234")
    assert said.code == ExitCode.USAGE
    assert "country code" in said.failure
