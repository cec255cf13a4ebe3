"""What a task's end means: its value, its refusal, or its failure."""

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from typing import Any

from sandbox.failures import FailureKind, TaskFailed, TaskRefused

END_OF_ANSWER = b"\n"
"""Stands in no answer, as JSON is written in one line: one that ends so is whole."""
_WHERE_MEMORY_ENDS = {signal.SIGABRT, signal.SIGILL, signal.SIGTRAP, signal.SIGSEGV, signal.SIGBUS}
"""How libraries end that get no memory: pdfium by a trap, C++ by SIGABRT, others at an address of zero."""
_MUCH = 4
"""One part in so many of the address space: a vector that doubles fails long before all of it is used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a task's process ended."""

    status: int
    """Its wait status."""
    memory: int = 0
    """The most octets of memory that it held at one time."""


def value_of(answer: bytes, ended: Ended, *, in_time: bool, task: str, memory: int) -> Any:
    """The task's value.

    Args:
        answer: The octets that it answered.
        ended: How its process ended.
        in_time: Whether it ended by itself.
        task: For the log.
        memory: The octets of address space that it was allowed.

    Raises:
        TaskRefused: The function raised `sandbox.Refused`.
        TaskFailed: It ended without an answer.
    """
    told: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        told = json.loads(answer)
    if "value" in told:
        return told["value"]
    if "refused" in told:
        raise TaskRefused(told["refused"])
    if "error" in told:
        kind, detail = told["error"]
        raise TaskFailed(FailureKind(kind), f"{task}: {detail}")
    kind, detail = _without_answer(ended, in_time=in_time, memory=memory)
    raise TaskFailed(kind, f"{task} {detail}")


def _without_answer(ended: Ended, *, in_time: bool, memory: int) -> tuple[FailureKind, str]:
    number = os.WTERMSIG(ended.status) if os.WIFSIGNALED(ended.status) else 0
    if not in_time or number == signal.SIGXCPU:
        return FailureKind.TIME, "took longer than it may"
    how = f"ended by signal {number}" if number else f"ended by wait status {ended.status}"
    if number in _WHERE_MEMORY_ENDS and ended.memory * _MUCH > memory:
        return FailureKind.MEMORY, f"{how} with {ended.memory >> 20} MiB of {memory >> 20} MiB in use"
    return FailureKind.CRASHED, how
