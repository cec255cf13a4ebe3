import sys
from pathlib import Path

import pytest

from sandbox import FailureKind, Limits, TaskFailed, TaskRefused
from sandbox.once import OnceTask, run_together

LIMITS = Limits(seconds=60, cpu_seconds=3, memory=1 << 30, file_size=10 << 20)


@pytest.fixture(autouse=True)
def _tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parent), *sys.path])


def task(name: str, folder: Path, limits: Limits = LIMITS, **arguments: object) -> OnceTask:
    return OnceTask(task=f"sandbox_tasks:{name}", arguments=arguments, folder=folder, limits=limits)


def test_values_come_in_order(tmp_path: Path) -> None:
    assert run_together([task("add", tmp_path, a=number, b=1) for number in range(4)]) == [1, 2, 3, 4]


def test_refusals_and_failures_stand_where_the_values_would(tmp_path: Path) -> None:
    refused, failed, value = run_together(
        [task("refuse", tmp_path), task("stumble", tmp_path), task("add", tmp_path, a=1, b=2)]
    )
    assert isinstance(refused, TaskRefused)
    assert isinstance(failed, TaskFailed)
    assert failed.kind is FailureKind.ERROR
    assert value == 3


def test_a_late_task_is_killed_and_the_others_are_not(tmp_path: Path) -> None:
    hurry = Limits(seconds=0.3, cpu_seconds=60, memory=1 << 30, file_size=1 << 20)
    late, value = run_together([task("spin", tmp_path, hurry), task("add", tmp_path, a=1, b=2)])
    assert isinstance(late, TaskFailed)
    assert late.kind is FailureKind.TIME
    assert value == 3
