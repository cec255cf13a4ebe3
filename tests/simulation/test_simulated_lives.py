"""A few seeds of the simulation: the promises hold, and a broken service is found out.

Each life runs in a process of its own, for it needs the whole event loop and its own order of sets.
"""

import os
import subprocess
import sys

import pytest


def lived(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simulation", "--mails", "6", "--jobs", "1", *options],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_promises_hold_through_kills_lost_replies_and_full_disks() -> None:
    ran = lived("--seed", "1", "--seeds", "3")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 seeds, 18 mails" in ran.stdout
    assert "; 0 seeds with a broken promise" in ran.stdout


def test_a_seed_lives_through_the_same_again() -> None:
    first, second = (lived("--seed", "3", "--seeds", "1").stdout.rpartition(";")[0] for _ in range(2))
    assert first == second
    assert "1 seeds, 6 mails" in first


@pytest.mark.parametrize(
    ("seed", "mutation", "broken"),
    [
        (2, "success-too-early", "success_is_true"),
        (1, "claim-without-lease", "nobody_is_told_twice"),
        (1, "start-fails", "nothing_fails"),
    ],
)
def test_a_broken_service_is_found_out(seed: int, mutation: str, broken: str) -> None:
    ran = lived("--seed", str(seed), "--seeds", "1", "--mutation", mutation)
    assert ran.returncode == 1, ran.stderr
    assert f": {broken}: " in ran.stdout
