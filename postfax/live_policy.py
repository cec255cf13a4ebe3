"""The policy that is in force, and its replacement while the service runs.

A reload with mistakes changes nothing: the last good policy stays in force, and the log says so.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import structlog

from config.mistakes import ConfigError
from config.policy import Policy, read_policy

log = structlog.get_logger()


class LivePolicy:
    """Holds the policy; `current` is replaced as a whole."""

    def __init__(self, path: Path, *, lines: Iterable[str], now: datetime) -> None:
        """Read the policy; `lines` are the names of the lines that there are.

        Raises:
            ConfigError: It has mistakes.
        """
        self._path = path
        self._lines = tuple(lines)
        self.current: Policy = read_policy(path, lines=self._lines)
        self.loaded_at = now

    def reload(self, *, now: datetime) -> bool:
        """Read the policy again; False if it has mistakes and the old one stays."""
        try:
            replacement = read_policy(self._path, lines=self._lines)
        except ConfigError as problem:
            log.error(
                "policy_not_reloaded",
                mistakes=[str(mistake) for mistake in problem.mistakes],
                kept_since=self.loaded_at.isoformat(),
            )
            return False
        self.current = replacement
        self.loaded_at = now
        log.info("policy_reloaded", users=len(replacement))
        return True
