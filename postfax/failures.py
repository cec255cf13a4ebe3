"""Failures that a person reads on the terminal: a sentence and an exit code.

Exit codes: 0 done, 1 done in part, 2 usage, 3 not found, 4 refused, 5 service or part of it not reachable.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell learns."""

    DONE = 0
    PARTLY = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    UNREACHABLE = 5


class Failure(Exception):  # noqa: N818 - named as what happened
    """The command cannot do what was asked. The text says what, why, and what to do."""

    def __init__(self, sentence: str, exit_code: ExitCode = ExitCode.REFUSED) -> None:
        self.exit_code = exit_code
        super().__init__(sentence)
