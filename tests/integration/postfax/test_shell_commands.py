"""What a shell and `man` get: completion, manual pages, and `postfax stats`."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import CommandLine
from recorded_faxes import RecordedFaxes

from postfax.command import COMMANDS
from postfax.commands.completion import script
from postfax.manual import pages, write_pages
from store.status import Status


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("postfax resen", {"resend"}),
        ("postfax activity sta", {"status=", "state=", "station="}),
        (
            "postfax activity status=no",
            {"status=No Answer", "status=Not a Fax Machine", "status=No Attachment"},
        ),
        ("postfax report us", {"usage"}),
        ("postfax cancel --wh", {"--where"}),
    ],
)
def test_the_program_completes_what_is_begun(words: str, expected: set[str]) -> None:
    asked = {"_POSTFAX_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    program = "import sys; sys.argv[0] = 'postfax'; from postfax.command import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition(",")[2] for line in ran.stdout.splitlines()} == expected


def test_bash_takes_the_script(postfax: CommandLine, tmp_path: Path) -> None:
    said = postfax("completion", "bash").out
    assert said == script("bash")
    (tmp_path / "postfax.bash").write_text(said, encoding="utf-8")
    told = f"source {tmp_path}/postfax.bash && complete -p postfax"
    ran = subprocess.run(["bash", "-c", told], capture_output=True, text=True, check=True)
    assert "_postfax_completion" in ran.stdout
    for shell in ("zsh", "fish"):
        assert "_POSTFAX_COMPLETE" in script(shell)


@pytest.fixture
def postfax(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_every_command_has_a_manual_page(tmp_path: Path, postfax: CommandLine) -> None:
    assert set(pages()) == {"postfax.1", *(f"postfax-{name}.1" for name in COMMANDS)}
    count = write_pages(tmp_path / "man1")
    assert postfax("manual", tmp_path / "man1").out == f"{tmp_path / 'man1'}  {count} pages\n"


def test_the_manual_pages_ask_roff_for_nothing_but_its_man_macros() -> None:
    known = {".TH", ".SH", ".PP", ".TP", ".B", ".BR", ".I", ".nf", ".fi"}
    for name, text in pages().items():
        lines = text.splitlines()
        assert {line.split()[0] for line in lines if line.startswith((".", "'"))} <= known, name
        escapes = [part[:1] for line in lines for part in line.split("\\")[1:]]
        assert set(escapes) <= {"-", "e", "&"}, name
        headings = [line for line in lines if line.startswith(".SH")]
        assert headings[:2] == [".SH NAME", ".SH SYNOPSIS"]
        assert ".SH EXIT STATUS" in headings
    activity = pages()["postfax-activity.1"]
    assert ".B \\-\\-since WHEN" in activity
    assert "[CONDITION]" in activity


def test_a_time_that_has_not_come_is_told(postfax: CommandLine) -> None:
    for command in ("list", "refused", "audit"):
        with pytest.raises(click.BadParameter, match="'2190-01-01' has not come yet"):
            postfax(command, "--since", "2190-01-01")
        assert postfax(command, "--since", "yesterday").out


def test_stats_tell_what_waits_and_what_was_done(postfax: CommandLine, tmp_path: Path) -> None:
    assert "no faxes" in postfax("stats").out
    fax = RecordedFaxes(postfax=postfax, folder=tmp_path)
    fax(Status.SUCCESS, pages=3)
    fax(Status.BUSY)
    waiting = fax()
    told = postfax("stats", "--json").json
    assert told["jobs"]["queued"] == 1
    assert told["oldest_unfinished"].startswith(f"{waiting.created_at:%Y-}")
    today = told["last_hour"]
    assert (today["faxes"], today["successful"], today["failed"], today["pages"]) == (3, 1, 1, 3)
    assert "3 faxes, 1 sent, 1 failed, 3 pages, first dial after" in postfax("stats").out
