"""What is wrong with a file that an administrator wrote, in words, with its place.

A `Mistake` keeps a file from being used; a `Caution` is only told. Both are rendered as one line:
`hospital.yaml:11:46  settings.coverpage.mode: 'with_body' is not one of automatic, none, …   did you mean …?`
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

Step = str | int
"""One step into a file's structure: a name, or a place in a list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One thing that must be changed before a file can be used."""

    file: Path
    line: int = 0
    """From 1; 0 where the file as a whole is meant."""
    column: int = 0
    """From 1, in characters."""
    path: str = ""
    """Which setting, as `users[0].email`."""
    value: str = ""
    """As it is written."""
    expected: str = ""
    """What may stand there: "an e-mail address"."""
    problem: str = ""
    """What is wrong, where it is not that the value is not what was expected."""
    hint: str = ""
    """A question or a remark that helps to mend it."""

    def __str__(self) -> str:
        problem = self.problem or f"'{self.value}' is not {self.expected}"
        return _line(self.file, self.line, self.column, self.path, problem) + (
            f"   {self.hint}" if self.hint else ""
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caution:
    """Something that is allowed and may not be meant."""

    file: Path
    line: int
    column: int
    path: str
    remark: str
    advice: str = ""
    """What to do about it."""

    def __str__(self) -> str:
        return _line(self.file, self.line, self.column, self.path, self.remark)


def _line(file: Path, line: int, column: int, path: str, sentence: str) -> str:
    place = f"{file.name}:{line}:{column}" if line else str(file)
    return f"{place}  {path}: {sentence}" if path else f"{place}  {sentence}"


class ConfigError(Exception):
    """A file, or a folder of them, cannot be used; carries every mistake, in the order of the files."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(
            sorted(mistakes, key=lambda mistake: (mistake.file, mistake.line, mistake.column))
        )
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def path_text(steps: Iterable[Step]) -> str:
    """Steps as people read them: `departments.Radiology.users[0].email`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def quoted(value: str) -> str:
    """A value in one short line."""
    line = " ".join(value.split()) or value
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


_LONGEST_QUOTE = 60
