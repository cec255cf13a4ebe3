"""Users who would vanish together with their department, and whether somebody said that this is meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from config.difference import Person, orphaned_users
from config.policy import Policy
from store.seen_policy import SeenPolicy

_NAMED = 5
"""How many are named; the others are counted."""


class PoliciesSeen(Protocol):
    """`store.book.Book`, as far as it knows policies."""

    async def policy_in_force(self) -> SeenPolicy | None:
        """The policy that was in force last."""

    async def policy_approved_by(self, digest: str) -> str:
        """Who approved a policy; empty for nobody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vanishing:
    """What a policy would take away, against the one that was in force last."""

    people: tuple[Person, ...]
    approved_by: str
    """Who said that it is meant; empty for nobody."""

    @property
    def refused(self) -> bool:
        """Whether a running service does not take the policy over."""
        return bool(self.people) and not self.approved_by


async def vanishing(book: PoliciesSeen, policy: Policy, digest: str) -> Vanishing:
    """Who would vanish with this policy.

    Raises:
        BookUnavailable: it is not known.
    """
    last = await book.policy_in_force()
    people = orphaned_users(last.users, policy) if last else ()
    return Vanishing(people=people, approved_by=await book.policy_approved_by(digest) if people else "")


def names_of(people: Sequence[Person]) -> str:
    """The first of them by address, and how many more there are."""
    named = ", ".join(person.email for person in people[:_NAMED])
    return f"{named} and {len(people) - _NAMED} more" if len(people) > _NAMED else named


def departments_of(people: Sequence[Person]) -> str:
    """The departments that would be gone, the first of them by name."""
    departments = list(dict.fromkeys(person.department for person in people))
    named = ", ".join(departments[:_NAMED])
    return f"{named} and {len(departments) - _NAMED} more" if len(departments) > _NAMED else named
