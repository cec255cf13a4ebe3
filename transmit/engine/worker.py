"""A worker process: many fax sessions in one thread, each ticking every 20 ms of its media.

    python -m transmit.engine.worker FD         (FD: its end of the control socket pair)

It ends when the service closes the control socket, and dies with the service; so it does when a service that
told it for how long it would be heard (`StillHere`) is not: that stands still, others may have taken its
calls over, and they must not go on here. It leaves SIGTERM and SIGINT to
the service, which lets calls in progress finish: systemd and terminals send them to every process.
"""

import contextlib
import ctypes
import gc
import heapq
import math
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transmit.engine.control import (
    MessageReader,
    Open,
    Opened,
    Order,
    Ready,
    Refused,
    Released,
    Report,
    StillHere,
    encode,
)
from transmit.engine.events import EngineResult

if TYPE_CHECKING:
    from transmit.engine.call import Call

_PR_SET_PDEATHSIG = 1
_CHUNK = 65536


class Worker:
    """The sessions of one process and the control socket."""

    def __init__(self, control: socket.socket, call_type: "type[Call]") -> None:
        control.setblocking(False)
        self._control = control
        self._call_type = call_type
        self._reader = MessageReader[Order]()
        self._unsent = bytearray()
        self._calls: dict[int, Call] = {}
        self._turns: list[tuple[float, int]] = []
        """A heap: when which call is due."""
        self._alone_from = math.inf
        """When the service is taken to stand still."""

    def run(self) -> None:
        """Work until the service closes the control socket, or stands still."""
        self._report(0, Ready())
        while True:
            writable = [self._control] if self._unsent else []
            readable, _, _ = select.select([self._control], writable, [], self._pause())
            if readable and not self._take_orders():
                return
            if time.monotonic() > self._alone_from:
                return
            self._run_due_calls()
            self._flush()

    def _pause(self) -> float | None:
        """Seconds until something is to be done; None for ever."""
        due = min(self._turns[0][0] if self._turns else math.inf, self._alone_from)
        return None if due == math.inf else max(0.0, due - time.monotonic())

    def _take_orders(self) -> bool:
        """Whether the service is still there."""
        try:
            octets = self._control.recv(_CHUNK)
        except ConnectionResetError:
            return False
        for number, order in self._reader.feed(octets):
            self._obey(number, order)
        return bool(octets)

    def _obey(self, number: int, order: Order) -> None:
        if isinstance(order, Open):
            self._open(number, order)
        elif isinstance(order, StillHere):
            self._alone_from = time.monotonic() + order.seconds
        elif number in self._calls:
            with self._contained(number):
                self._calls[number].obey(order)

    def _open(self, number: int, order: Open) -> None:
        try:
            call = self._call_type(order.order, time.monotonic())
        except (OSError, ValueError) as error:
            self._report(number, Refused(errno=getattr(error, "errno", None) or 0, reason=str(error)))
            return
        self._calls[number] = call
        heapq.heappush(self._turns, (call.due, number))
        self._report(number, Opened(port=call.port))

    def _run_due_calls(self) -> None:
        # At most one turn a call, so that orders are heard even under a load that is too high.
        for _ in range(len(self._turns)):
            now = time.monotonic()
            if self._turns[0][0] > now:
                return
            _, number = heapq.heappop(self._turns)
            if number in self._calls:
                with self._contained(number):
                    self._run_call(number, now)

    def _run_call(self, number: int, now: float) -> None:
        call = self._calls[number]
        for report in call.run(now):
            self._report(number, report)
            if isinstance(report, Released):
                self._drop(number)
                return
        heapq.heappush(self._turns, (call.due, number))

    @contextlib.contextmanager
    def _contained(self, number: int) -> Iterator[None]:
        """A fault of ours in one call costs that call alone."""
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever it is, the other calls go on; the service logs it
            self._report(number, Released(result=EngineResult(crashed=True), fault=traceback.format_exc()))
            self._drop(number)

    def _drop(self, number: int) -> None:
        call = self._calls.pop(number, None)
        if call is not None:
            call.close()

    def _report(self, number: int, report: Report) -> None:
        self._unsent += encode(number, report)

    def _flush(self) -> None:
        if not self._unsent:
            return
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            del self._unsent[: self._control.send(self._unsent)]


def main(descriptor: int) -> int:
    """Run a worker on its end of the control socket pair; the exit status."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as control:
        try:
            from transmit.engine.call import Call  # noqa: PLC0415 - here a missing libspandsp is met
        except ImportError as error:
            control.sendall(encode(0, Ready(unavailable=str(error))))
            return 1
        gc.freeze()  # what is loaded stays: no collection in the middle of a tick has to look at it
        Worker(control, Call).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
