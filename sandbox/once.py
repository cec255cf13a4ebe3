"""Confined tasks for a program that runs a few and ends: forked from the program itself, without event loop.

The program must have one thread, and has imported what the tasks need. A service uses `sandbox.Nursery`.
"""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.answer import Ended, value_of
from sandbox.confinement import Limits, missing_confinement
from sandbox.failures import TaskFailed, TaskRefused
from sandbox.nursery_process import become_child

_TO_DIE = 10.0
"""Seconds until a killed child is looked at again, should its end not show before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnceTask:
    """A call of `module:function` with JSON arguments, in a child whose working folder is `folder`."""

    task: str
    arguments: dict[str, Any]
    folder: Path
    limits: Limits


@dataclass(kw_only=True, slots=True)
class _Child:
    task: OnceTask
    process: int
    reader: int
    deadline: float
    answer: bytes = b""
    in_time: bool = True


def run_together(tasks: Sequence[OnceTask]) -> list[Any]:
    """Run all tasks at one time.

    Returns:
        For each task its value, or the `TaskRefused` or `TaskFailed` that it came to.
    """
    missing_confinement()  # learnt once, for all of them
    children = [_fork(task) for task in tasks]
    _collect(children)
    return [_result(child) for child in children]


def _result(child: _Child) -> Any:
    _, status, used = os.wait4(child.process, 0)
    ended, task = Ended(status=status, memory=used.ru_maxrss * 1024), child.task
    try:
        return value_of(child.answer, ended, in_time=child.in_time, task=task.task, memory=task.limits.memory)
    except (TaskRefused, TaskFailed) as failure:
        return failure


def _fork(task: OnceTask) -> _Child:
    reader, writer = os.pipe2(os.O_CLOEXEC)
    process = os.fork()
    if process == 0:
        os.close(reader)
        become_child({**asdict(task), "folder": str(task.folder)}, writer)
    os.close(writer)
    return _Child(task=task, process=process, reader=reader, deadline=time.monotonic() + task.limits.seconds)


def _collect(children: Sequence[_Child]) -> None:
    """Read every answer to its end; a child that is late is killed."""
    with selectors.DefaultSelector() as waiting:
        for child in children:
            waiting.register(child.reader, selectors.EVENT_READ, child)
        while open_children := [key.data for key in waiting.get_map().values()]:
            soonest = min(child.deadline for child in open_children)
            for key, _ in waiting.select(max(0.0, soonest - time.monotonic())):
                chunk = os.read(key.data.reader, 1 << 16)
                key.data.answer += chunk
                if not chunk:
                    waiting.unregister(key.data.reader)
                    os.close(key.data.reader)
            _kill_late(open_children)


def _kill_late(children: Sequence[_Child]) -> None:
    for child in children:
        if child.in_time and time.monotonic() > child.deadline:
            child.in_time = False
            child.deadline += _TO_DIE
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process, signal.SIGKILL)
