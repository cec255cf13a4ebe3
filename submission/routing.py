"""Over which lines a number may be called, the preferred one first.

A line carries the numbers that its settings name, or all. Where the policy, or the sender, names lines, those
are taken in that order; else the cheapest goes first. With lines that carry everything at the same cost there
is nothing to choose, and a fax keeps to none: it takes whichever is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from store.job import Refusal
from store.status import Status
from submission.allowance import NO_BLOCKS, Blocks


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What one line carries."""

    numbers: Blocks = NO_BLOCKS
    """The patterns of its numbers; without any it carries all."""
    cost: int = 0
    """Less is better."""

    def carries(self, e164: str) -> bool:
        """Whether calls to a number may go over it."""
        return not len(self.numbers) or bool(self.numbers.blocking(e164))


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """The routes of all lines."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    """By the lines' names, in the order of the settings."""

    @property
    def _is_plain(self) -> bool:
        """Whether every line is as good as any other."""
        return len({route.cost for route in self.routes.values()}) <= 1 and not any(
            len(route.numbers) for route in self.routes.values()
        )

    def lines_for(self, e164: str, chosen: Sequence[str]) -> tuple[str, ...] | Refusal:
        """The lines for a number.

        Args:
            e164: the number.
            chosen: lines that the policy or the sender names, in their order; empty for all.

        Returns:
            Their names, the first choice first; empty for any line. A refusal where none carries the number.
        """
        if not self.routes or self._is_plain:
            return tuple(chosen)
        names = [name for name in chosen or self._by_cost() if name in self.routes]
        carrying = tuple(name for name in names if self.routes[name].carries(e164))
        return carrying or _nothing_carries(e164)

    def _by_cost(self) -> list[str]:
        return sorted(self.routes, key=lambda name: self.routes[name].cost)


ANYWHERE = Routing()
"""Of lines that all carry everything."""


def _nothing_carries(e164: str) -> Refusal:
    return Refusal(
        status=Status.BLOCKED,
        explanation=f"No telephone line that you may use carries calls to {e164}.",
        advice="Ask the administrator of the fax service for a line to that country or area.",
    )
