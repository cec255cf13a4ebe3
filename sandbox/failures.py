"""How a task ends when it does not end well.

`Refused` is raised inside a task, by design; `TaskRefused` and `TaskFailed` are what its caller sees.
"""

from enum import StrEnum


class Refused(Exception):  # noqa: N818 - named as what happened
    """The input cannot be worked on, for a reason that a person may read. Raised inside a task."""


class TaskRefused(Exception):  # noqa: N818 - named as what happened
    """The task refused its input; the text is meant for a person."""


class FailureKind(StrEnum):
    """What ended a task that did not answer."""

    TIME = "time"
    """It took longer than its limits allow."""
    MEMORY = "memory"
    """It wanted more memory than its limits allow."""
    CRASHED = "crashed"
    """A signal ended it, or it ended without an answer."""
    ERROR = "error"
    """It raised an exception that nobody foresaw."""


class TaskFailed(Exception):  # noqa: N818 - named as what happened
    """The task ended without an answer; `detail` is for the log."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(f"{kind}: {detail}")
