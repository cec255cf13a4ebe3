"""Where the values of a YAML file stand: packed into three arrays, for a large file has a million of them.

Every node of the tree, names included, has a number in the order of the file: a mapping, then its first name,
that one's value and everything in it, its second name, and so on. `_at` has the place of each and `_size` how
many numbers it takes with all that is in it, so that a way into the tree is found by skipping what is before.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from config.mistakes import Step

Value = str | None | list["Value"] | dict[str, "Value"]
"""What a YAML file holds: texts, None where nothing stands, lists and tables. Never changed once read."""

_LINE = 32
_COLUMN = (1 << _LINE) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something is written."""

    file: Path
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""


class Places:
    """Line and column of every value and every name of one file."""

    def __init__(self) -> None:
        self._at = array("Q")
        self._size = array("L")
        self._aliases: dict[int, int] = {}
        """The number of an alias to the number of what it stands for."""
        self._dropped: set[int] = set()
        """The numbers of names that were said before: neither they nor their values are in the tree."""
        self._inside: dict[int, dict[Step, int]] = {}
        """The numbers of what is directly in a list or a mapping, of those that were asked for."""

    def __len__(self) -> int:
        """How many nodes there are."""
        return len(self._at)

    def add(self, line: int, column: int) -> int:
        """The number of the next node, which counts from 0 as the parser does."""
        self._at.append(line + 1 << _LINE | column + 1)
        self._size.append(1)
        return len(self._at) - 1

    def close(self, node: int) -> None:
        """Everything since is in the node."""
        self._size[node] = len(self._at) - node

    def stand_for(self, alias: int, node: int) -> None:
        """An alias is where what it stands for is."""
        self._aliases[alias] = node

    def drop(self, name: int) -> None:
        """A name and its value do not count."""
        self._dropped.add(name)

    def of(self, node: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        packed = self._at[self._aliases.get(node, node)]
        return packed >> _LINE, packed & _COLUMN

    def find(self, root: Value, steps: Iterable[Step]) -> tuple[int, int]:
        """The node that the steps lead to, or the last one on the way; and how many steps led to it."""
        node, value, taken = 0, root, 0
        for step in steps:
            inside = self._of_collection(self._aliases.get(node, node), value)
            if step not in inside:
                break
            node, taken = inside[step], taken + 1
            value = value[step]  # type: ignore[index]  # it is inside
        return node, taken

    def _of_collection(self, node: int, value: Value) -> dict[Step, int]:
        if node not in self._inside and isinstance(value, dict | list):
            self._inside[node] = (
                self._names(node, value) if isinstance(value, dict) else self._items(node, value)
            )
        return self._inside.get(node, {})

    def _items(self, node: int, value: list[Value]) -> dict[Step, int]:
        numbers: dict[Step, int] = {}
        item = node + 1
        for index in range(len(value)):
            numbers[index] = item
            item += self._size[item]
        return numbers

    def _names(self, node: int, value: dict[str, Value]) -> dict[Step, int]:
        """The number of each value; its name is the one before."""
        numbers: dict[Step, int] = {}
        name = node + 1
        for written in value:
            while name in self._dropped:
                name += 1 + self._size[name + 1]
            numbers[written] = name + 1
            name += 1 + self._size[name + 1]
        return numbers
