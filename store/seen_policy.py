"""A policy as the service knew it: what a new one is held against, so that no users vanish unnoticed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

UsersByAccount = Mapping[str, tuple[str, ...]]
"""The departments, from the top down, of each account in lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPolicy:
    """The policy that was in force last."""

    digest: str
    in_force_at: datetime
    users: UsersByAccount
