"""Something that is wrong in an own cover template, as an administrator is told of it. Loads nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateMistake:
    """What is wrong, and where."""

    problem: str
    hint: str = ""
    line: int = 0
    """From 1; 0 where none can be named."""
    near: str = ""
    """Of a document: the paragraph's text."""

    @property
    def place(self) -> str:
        """The line or the paragraph; empty where none can be named."""
        return f'at "{self.near}"' if self.near else f"line {self.line}" if self.line else ""

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{place}{self.problem}" + (f"; {self.hint}" if self.hint else "")
