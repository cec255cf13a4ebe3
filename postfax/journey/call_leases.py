"""For how long calls in progress are surely this node's; one whose lease is over is ended.

A node that cannot reach the book cannot renew its leases, and another node will place its calls anew. So it
ends them by its own clock before that (`postfax.lease`), though the far end may be listening.
"""

import asyncio
from collections.abc import Callable, Iterable

from postfax.lease import Lease


class CallLeases:
    """The leases of one node's calls, by their attempts."""

    def __init__(self, over: Callable[[str], None] | None) -> None:
        """`over` is called with an attempt whose lease has ended; without it leases have no end."""
        self._over = over
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._leases: dict[str, Lease] = {}

    def begin(self, attempts: Iterable[str], lease: Lease) -> None:
        """Of calls that were claimed."""
        for attempt in attempts:
            self._leases[attempt] = lease
        self.renewed(attempts, lease)

    def renewed(self, attempts: Iterable[str], lease: Lease) -> None:
        """Let the leases of these begin anew; of one that has ended meanwhile nothing is kept."""
        if self._over is None:
            return
        for attempt in attempts:
            if attempt in self._leases:
                self._stop(attempt)
                self._leases[attempt] = lease
                self._timers[attempt] = asyncio.get_running_loop().call_at(lease.ends_at, self._over, attempt)

    def end(self, attempts: Iterable[str]) -> None:
        """These calls are over."""
        for attempt in attempts:
            self._stop(attempt)
            self._leases.pop(attempt, None)

    def holds(self, attempt: str) -> bool:
        """Whether a call is surely ours."""
        lease = self._leases.get(attempt)
        return self._over is None or lease is None or lease.holds

    def _stop(self, attempt: str) -> None:
        if timer := self._timers.pop(attempt, None):
            timer.cancel()
