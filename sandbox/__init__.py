"""A process with limits for one piece of untrusted input.

A `Nursery` is a single-threaded parent process that has imported everything its tasks need. For each task it
forks a child that gives up its rights (`sandbox.confinement`), works in a folder of its own and answers with
one JSON value. A hostile document costs its own task, nothing more.

This package knows nothing of mails or faxes, so that every stage may use it without importing another stage.
"""

from typing import TYPE_CHECKING, Any

from sandbox.confinement import Limits
from sandbox.failures import FailureKind, Refused, TaskFailed, TaskRefused

if TYPE_CHECKING:
    from sandbox.nursery import Nursery

__all__ = ["FailureKind", "Limits", "Nursery", "Refused", "TaskFailed", "TaskRefused"]


def __getattr__(name: str) -> Any:
    # asyncio behind it takes longer to load than a one-shot program (`sandbox.once`) takes to run its task.
    if name == "Nursery":
        from sandbox.nursery import Nursery  # noqa: PLC0415

        return Nursery
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
