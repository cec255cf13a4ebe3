"""What a task's end means: its value, its refusal, or its failure."""

import contextlib
import json
import os
import signal
from typing import Any

from sandbox.failures import FailureKind, TaskFailed, TaskRefused


def value_of(answer: bytes, status: int, *, in_time: bool, task: str) -> Any:
    """The task's value, from the octets it answered, its wait status, and whether it ended by itself.

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
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        raise TaskFailed(FailureKind.TIME, f"{task} took longer than it may")
    how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"wait status {status}"
    raise TaskFailed(FailureKind.CRASHED, f"{task} ended by {how}")
