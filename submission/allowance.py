"""Whether a complete number may be faxed: premium rates, countries, blocked numbers."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Self

import phonenumbers

from config.fax import FaxSettings
from store.job import Refusal
from store.status import Status
from submission.number import FaxNumber


class _Shape(NamedTuple):
    """What patterns of one kind have in common."""

    prefix: bool
    """Whether a `*` ends it."""
    length: int
    """The characters before that."""
    gaps: tuple[int, ...]
    """Where a `?` stands."""

    @classmethod
    def of_pattern(cls, pattern: str) -> Self:
        """The shape of a pattern."""
        bare = pattern.removesuffix("*")
        gaps = tuple(place for place, mark in enumerate(bare) if mark == "?") if "?" in bare else ()
        return cls(prefix=bare != pattern, length=len(bare), gaps=gaps)

    @property
    def looseness(self) -> tuple[bool, int]:
        """Least for the most exact: it has no `*`, and then the most digits."""
        return self.prefix, len(self.gaps) - self.length

    def pattern_for(self, e164: str) -> str:
        """The one pattern of this shape that a number could fall under, or an empty text."""
        if len(e164) < self.length or (len(e164) > self.length and not self.prefix):
            return ""
        characters = list(e164[: self.length])
        for gap in self.gaps:
            characters[gap] = "?"
        return "".join(characters) + ("*" if self.prefix else "")


class Blocks:
    """Numbers that are blocked: whole, with `?` for any one digit, or as a prefix with a trailing `*`.

    A look-up costs as many set look-ups as there are shapes of patterns, however many patterns there are.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = frozenset(patterns)
        self._shapes = sorted(set(map(_Shape.of_pattern, self._patterns)), key=attrgetter("looseness"))
        self._others: tuple[Blocks, ...] = ()

    def __len__(self) -> int:
        return len(self._patterns) + sum(map(len, self._others))

    def blocking(self, e164: str) -> str:
        """The pattern that a number falls under, the most exact if there are several; or an empty text."""
        candidates = (shape.pattern_for(e164) for shape in self._shapes)
        own = next((pattern for pattern in candidates if pattern in self._patterns), "")
        return own or next(filter(None, (other.blocking(e164) for other in self._others)), "")

    def beside(self, other: "Blocks") -> "Blocks":
        """These and others: a number is blocked by either."""
        both = Blocks()
        both._others = (self, other)
        return both


NO_BLOCKS = Blocks()


@lru_cache(64)
def policy_blocks(patterns: tuple[str, ...]) -> Blocks:
    """The blocks of a policy, put together once for all users that they apply to."""
    return Blocks(patterns)


def refuse_number(number: FaxNumber, settings: FaxSettings, blocks: Blocks) -> Refusal | None:
    """Why the number may not be faxed, or None.

    Args:
        number: The number.
        settings: The sender's.
        blocks: Every block that applies: the policy's and the live ones.
    """
    if number.premium and not settings.premium_numbers:
        return _blocked(f"{number.e164} costs extra, and your policy does not allow premium-rate numbers.")
    if settings.allowed_countries and not _is_in(number, settings.allowed_countries):
        allowed = ", ".join(settings.allowed_countries)
        return _blocked(f"{number.e164} is not in a country that your policy allows ({allowed}).")
    if blocks.blocking(number.e164):
        return _blocked(f"Faxes to {number.e164} are blocked.")
    return None


def _is_in(number: FaxNumber, countries: Sequence[str]) -> bool:
    """Whether a number is one of these countries; toll-free numbers of North America are of several."""
    if number.region in countries:
        return True
    parsed = phonenumbers.parse(number.e164, None)
    return any(phonenumbers.is_valid_number_for_region(parsed, country) for country in countries)


def _blocked(explanation: str) -> Refusal:
    return Refusal(status=Status.BLOCKED, explanation=explanation)
