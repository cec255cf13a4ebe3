"""Children that are forked ahead of their tasks, and have rehearsed them.

A forked child shares its parent's memory until it writes to it; each page that it then touches for the first
time is copied. For a task that runs through much code and many small objects this takes as long as half of
its work. A spare has done such a task once, on a text of our own, before its real one comes: it is confined
when that comes, before it sees anything of it, and does that one only.

A rehearsal costs processor time of its own. So spares are for the tasks that gain by it, and are forked in a
moment's quiet, one after the other, while no task runs; where tasks come one upon another, they are forked as
ever.
"""

import contextlib
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any


def function_named(name: str) -> Callable[..., Any]:
    """The function `module:function`."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


@dataclass(kw_only=True, slots=True)
class Spare:
    """One of them."""

    process: int
    orders: socket.socket
    """On which it is given its task."""
    ready: bool = False
    took: float = 0.0
    """Processor seconds of its rehearsal."""


class Spares:
    """The parent's view of those that have rehearsed one function."""

    def __init__(self, rehearsal: str, tasks: Collection[str], *, most: int) -> None:
        """Name the function that is rehearsed, the tasks that gain by it, and how many spares are kept."""
        self.rehearsal = rehearsal
        self.tasks = frozenset(tasks)
        self._most = most
        self._spares: list[Spare] = []

    @property
    def wanting(self) -> bool:
        """Whether there should be one more."""
        return len(self._spares) < self._most

    @property
    def rehearsing(self) -> list[socket.socket]:
        """What becomes readable when one has rehearsed."""
        return [spare.orders for spare in self._spares if not spare.ready]

    @property
    def processes(self) -> list[int]:
        """Their process ids."""
        return [spare.process for spare in self._spares]

    def add(self, process: int, orders: socket.socket) -> None:
        """Count in one that was forked just now."""
        self._spares.append(Spare(process=process, orders=orders))

    def note_ready(self, readable: Collection[Any]) -> None:
        """Look at what could be read."""
        for spare in self._spares:
            if not spare.ready and spare.orders in readable:
                took = spare.orders.recv(64)
                spare.ready = bool(took)  # nothing comes if it died: `reap` counts it out
                spare.took = float(took or 0.0)

    def hand_over(self, request: bytes, answer: int) -> Spare | None:
        """Give the task to one that is ready; None if none is."""
        for spare in [each for each in self._spares if each.ready]:
            self._spares.remove(spare)
            with spare.orders, contextlib.suppress(OSError):
                socket.send_fds(spare.orders, [request], [answer])
                return spare
            with contextlib.suppress(ProcessLookupError):  # nobody listens: it has ended, or is about to
                os.kill(spare.process, signal.SIGKILL)
            os.waitpid(spare.process, 0)
        return None

    def reap(self) -> None:
        """Count out those that have ended without a task.

        One that ends while it rehearses would do so again: there are no more spares then.
        """
        for spare in list(self._spares):
            ended, status = os.waitpid(spare.process, os.WNOHANG)
            if ended:
                self._spares.remove(spare)
                spare.orders.close()
                if not spare.ready:
                    self._most = 0
                    print(f"{self.rehearsal} failed with wait status {status}", file=sys.stderr, flush=True)  # noqa: T201

    def let_go(self) -> None:
        """Within a child: close what is the parent's alone."""
        for spare in self._spares:
            spare.orders.close()
