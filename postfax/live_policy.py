"""The policy that is in force, and its replacement while the service runs: as a whole, or not at all."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.difference import policy_digest
from config.policy import Policy, read_policy

_READINGS = 5
"""How often files are read that change while they are read."""


@dataclass(frozen=True, kw_only=True)
class ReadPolicy:
    """A policy, and what its files were."""

    policy: Policy
    digest: str
    """Of the files that it was read from."""


class LivePolicy:
    """Holds the policy; `current` is replaced as a whole."""

    def __init__(self, path: Path, *, lines: Iterable[str], now: datetime) -> None:
        """Read the policy; `lines` are the names of the lines that there are.

        Raises:
            ConfigError: It has mistakes.
            OSError: A file cannot be read.
        """
        self.path = path
        self._lines = tuple(lines)
        self.take(read_with_digest(path, self._lines), now=now)

    async def read_again(self) -> ReadPolicy:
        """The policy as its files are now, read beside the event loop; nothing is taken over.

        Raises:
            ConfigError: It has mistakes.
            OSError: A file cannot be read.
        """
        return await asyncio.to_thread(read_with_digest, self.path, self._lines)

    def take(self, read: ReadPolicy, *, now: datetime) -> None:
        """Let this policy be in force."""
        self.current = read.policy
        self.digest = read.digest
        self.loaded_at = now


def read_with_digest(path: Path, lines: Iterable[str]) -> ReadPolicy:
    """The policy in these files, with the digest that holds for exactly what was read.

    Raises:
        ConfigError: It has mistakes.
        OSError: A file cannot be read.
    """
    digest = policy_digest(path)
    for _ in range(_READINGS):
        policy = read_policy(path, lines=lines)
        before, digest = digest, policy_digest(path)
        if digest == before:
            return ReadPolicy(policy=policy, digest=digest)
    raise BlockingIOError(f"{path} is being changed all the time")
