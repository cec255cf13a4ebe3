"""The fuzz targets hold for their seeds and for what comes of them, and `./dev fuzz` runs them."""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import confined_seeds
import fuzzing
import pytest
from bounded_work import bounded_work
from fuzzing import CONFINED, TARGETS, seeds_of, stretched, target_named
from mutation import mutants

_MUTANTS = 300
_STRETCHED = 20
_CONFINED_MUTANTS = 12
_PATTERN = re.compile(r"smtp_commands: (\d+) executions in \d+ s, \d+/s; coverage (\d+) -> (\d+) edges")


def some_mutants(name: str, number: int) -> Iterator[bytes]:
    """The same ones every time."""
    dice = random.Random(20)  # noqa: S311 - a repeatable choice
    return islice(mutants(seeds_of(name), target_named(name).WORDS, dice), number)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds_and_their_mutants(name: str) -> None:
    target = target_named(name)
    for octets in (b"", *seeds_of(name), *some_mutants(name, _MUTANTS)):
        target.check(octets)


@pytest.mark.parametrize("name", CONFINED)
def test_a_confined_target_holds_for_its_seeds_and_a_few_mutants(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, confined_seeds.__file__, name, str(_CONFINED_MUTANTS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith(f" seeds, {_CONFINED_MUTANTS + 1} inputs\n"), ran.stdout


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_time_in_proportion(name: str) -> None:
    target = target_named(name)
    for octets in (*seeds_of(name), *some_mutants(name, _STRETCHED)):
        with bounded_work():
            target.check(stretched(octets, target.LARGEST))


def test_an_input_is_stretched_in_its_middle() -> None:
    assert stretched(b"\x00\x00abc", 10) == b"aaaaaaaabc"
    assert stretched(b"\x80\x01abcd", 12) == b"ab" + b"cd" * 5
    assert stretched(b"\xff\xffab", 2) == b"ab"
    assert stretched(b"ab", 100) == b"ab"


def test_the_command_counts_what_it_did(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, fuzzing.__file__, "smtp_commands", "--seconds", "1", "--folder", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    figures = _PATTERN.search(ran.stdout)
    assert figures, ran.stdout + ran.stderr
    assert (ran.returncode, ran.stderr) == (0, "")
    assert int(figures[1]) > 0
    assert int(figures[3]) >= int(figures[2]) > 50
