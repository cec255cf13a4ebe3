"""A policy as the service knew it: what a new one is held against, so that no users vanish unnoticed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

UsersByDepartment = Mapping[str, Iterable[str]]
"""Department, from the top down with ` › ` between, to the accounts of those who are in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPolicy:
    """The policy that was in force last."""

    digest: str
    in_force_at: datetime
    users: UsersByDepartment
