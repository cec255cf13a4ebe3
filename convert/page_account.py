"""What a task tells of each page that it made: by which steps, and whether anything is on it. Pure.

The task is confined because its document may take it over, so what it tells is checked like any other
untrusted input: steps are words of one list, never text of the document's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    """One step on a page's way from the document to the line."""

    OFFICE = "office"
    WEB = "web"
    DRAWN = "drawn"
    SCAN = "scan"
    PICTURE = "picture"
    PASSED = "passed"
    CUT = "cut"


WORDS = {
    Step.OFFICE: "LibreOffice",
    Step.WEB: "WeasyPrint",
    Step.DRAWN: "drawn by pdfium",
    Step.SCAN: "the page's scan, pixel for pixel",
    Step.PICTURE: "picture, scaled",
    Step.PASSED: "a fax page already, untouched",
    Step.CUT: "cut into sheets",
}
"""What people read of each."""


class NoAccount(Exception):  # noqa: N818 - named as what happened
    """The answer is not what our own task tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAccount:
    """What is told of one page."""

    steps: tuple[Step, ...]
    """In their order."""
    has_content: bool
    """Whether the document's page has anything that should be seen."""
    inked: bool
    """Whether anything is on the fax page."""

    def to_json(self) -> dict[str, Any]:
        """As the task answers it."""
        return {"steps": list(self.steps), "has_content": self.has_content, "inked": self.inked}


def told_by(answer: Mapping[str, Any]) -> tuple[PageAccount, ...]:
    """The accounts in a task's answer.

    Raises:
        NoAccount: It holds something else.
    """
    try:
        return tuple(
            PageAccount(
                steps=tuple(map(Step, page["steps"])),
                has_content=page["has_content"] is True,
                inked=page["inked"] is True,
            )
            for page in answer["pages"]
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise NoAccount("the task's answer tells no pages") from problem


def without_blank_ends(accounts: Sequence[PageAccount]) -> int:
    """How many pages remain when the blank ones at the end are left out; at least one."""
    inked = [number for number, account in enumerate(accounts, 1) if account.inked]
    return inked[-1] if inked else min(1, len(accounts))
