"""The nursery's own process: imports once, then forks one confined child for each task.

It is exec'd, has one thread and no event loop, so a fork copies nothing that cannot be copied. Started as
`python -m sandbox.nursery_process FD PLAN`; PLAN is {"preload": [MODULE…], "processes": N, "rehearsals":
{"module:function": [TASK…]}} (`sandbox.spares` tells of rehearsals); FD is a SOCK_SEQPACKET socket on which
the service sends one datagram a request (`sandbox.nursery` is the other end), the first with a pipe to answer
on:

    {"run": ID, "task": "module:function", "arguments": {…}, "folder": PATH, "limits": {…}}
    {"kill": ID}

and receives {"ready": true, "unconfined": [SENTENCE…]} once and {"ended": ID, "status": WAIT_STATUS,
"memory": OCTETS, "processor": SECONDS} for each child. The task's answer, {"value": …}, {"refused":
SENTENCE} or {"error": [KIND, DETAIL]}, goes straight into the pipe, a line end behind it.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import resource
import select
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.answer import END_OF_ANSWER
from sandbox.confinement import Limits, confine, die_with_parent, missing_confinement
from sandbox.failures import FailureKind, Refused
from sandbox.spares import Spare, Spares, function_named

_LARGEST_REQUEST = 1 << 20
_BEHIND = 10
"""Of the nice value: work on documents waits when mails come in or a call needs its next packet in time."""
_QUIET = 0.02
"""Seconds in which nothing is asked and nothing ends: only then is a spare made, for where tasks come one
upon another rehearsals would only be in the way."""
_COLLECTED_AFTER = 20_000
"""New objects until cyclic ones are looked for: a task ends long before it has made much rubbish."""


class _Parent:
    """Forks on request, reaps, kills."""

    def __init__(self, control: socket.socket, plan: dict[str, Any]) -> None:
        self.control = control
        self.spares = tuple(
            Spares(rehearsal, tasks, most=plan["processes"])
            for rehearsal, tasks in plan["rehearsals"].items()
        )
        self.children: dict[int, int] = {}  # request id -> process id
        self.before: dict[int, float] = {}  # process id -> processor seconds that its rehearsal took
        self.wake_reader, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when its nursery ends

    def serve(self) -> None:
        """Until the service closes its end."""
        self.tell({"ready": True, "unconfined": missing_confinement()})
        while True:
            rehearsing = [orders for spares in self.spares for orders in spares.rehearsing]
            watched: list[Any] = [self.control, self.wake_reader, *rehearsing]
            readable, _, _ = select.select(watched, [], [], _QUIET if self.wants_spares else None)
            if not readable:
                self.make_spare()
            for spares in self.spares:
                spares.note_ready(readable)
            if self.wake_reader in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake_reader, 4096)
                self.reap()
            if self.control in readable and not self.take_request():
                break
        waiting = (process_id for spares in self.spares for process_id in spares.processes)
        for process_id in (*self.children.values(), *waiting):
            _kill_group(process_id)

    def take_request(self) -> bool:
        """Handle one request; False when the service is gone."""
        data, handles, _, _ = socket.recv_fds(self.control, _LARGEST_REQUEST, 1)
        if not data:
            return False
        request = json.loads(data)
        if "kill" in request:
            if process_id := self.children.get(request["kill"]):
                _kill_group(process_id)
            return True
        (answer,) = handles
        spare = self.spare_for(request["task"], data, answer)
        if spare:
            self.before[spare.process] = spare.took
        self.children[request["run"]] = spare.process if spare else self.fork(request, answer)
        os.close(answer)
        return True

    def spare_for(self, task: str, request: bytes, answer: int) -> Spare | None:
        """One that has been given the task; None if none is ready."""
        for spares in self.spares:
            if task in spares.tasks:
                return spares.hand_over(request, answer)
        return None

    def fork(self, request: dict[str, Any], answer: int) -> int:
        """A child for this task; its process id."""
        process_id = os.fork()
        if process_id == 0:
            self.let_go()
            become_child(request, answer)
        return process_id

    @property
    def wants_spares(self) -> bool:
        """Whether a child should be forked ahead of its task: nothing is done, no other rehearsal either.

        Processors share what their memory can give, and often more: beside a rehearsal a task takes longer.
        """
        at_rest = not self.children and not any(spares.rehearsing for spares in self.spares)
        return at_rest and any(spares.wanting for spares in self.spares)

    def make_spare(self) -> None:
        """Fork a child ahead of its task, where the fewest are."""
        spares = min((each for each in self.spares if each.wanting), key=lambda each: len(each.processes))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process_id = os.fork()
        if process_id == 0:
            ours.close()
            self.let_go()
            become_spare(theirs, spares.rehearsal)
        theirs.close()
        spares.add(process_id, ours)

    def let_go(self) -> None:
        """Within a child: close what belongs to the parent; who holds a spare's socket gives it its task."""
        self.control.close()
        for spares in self.spares:
            spares.let_go()

    def reap(self) -> None:
        """Report every child that has ended."""
        for request_id, process_id in list(self.children.items()):
            done, status, used = os.wait4(process_id, os.WNOHANG)
            if done:
                del self.children[request_id]
                _kill_group(process_id)  # whatever it has started must not outlive it
                spent = used.ru_utime + used.ru_stime - self.before.pop(process_id, 0.0)
                memory = used.ru_maxrss * 1024
                self.tell({"ended": request_id, "status": status, "memory": memory, "processor": spent})
        for spares in self.spares:
            spares.reap()

    def tell(self, message: dict[str, Any]) -> None:
        """Send one datagram; the service's death ends us, so nothing is done about it here."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps(message).encode())


def _kill_group(process_id: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)


def become_child(request: dict[str, Any], answer: int) -> None:
    """Confine, run the task, answer, end. Never returns."""
    status = 1
    try:
        _leave_parent()
        _run(request, answer)
        status = 0
    finally:
        os._exit(status)


def become_spare(orders: socket.socket, rehearsal: str) -> None:
    """Rehearse, wait for the task, then as `become_child`. Never returns.

    Until the task is there this process has met nothing but code and texts of our own.
    """
    status = 1
    try:
        _leave_parent()
        function_named(rehearsal)()
        gc.freeze()  # what the rehearsal has left is not looked through again
        orders.send(str(time.process_time()).encode())
        data, handles, _, _ = socket.recv_fds(orders, _LARGEST_REQUEST, 1)
        orders.close()
        if data:
            _run(json.loads(data), handles[0])
        status = 0
    finally:
        os._exit(status)


def _leave_parent() -> None:
    os.setsid()
    die_with_parent()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # libraries print about broken documents
        os.dup2(silence, standard)


def _run(request: dict[str, Any], answer: int) -> None:
    folder = Path(request["folder"])
    os.chdir(folder)
    limits = Limits(**request["limits"])
    rehearsed = math.ceil(time.process_time())  # the kernel counts from the fork on
    confine(replace(limits, cpu_seconds=limits.cpu_seconds + rehearsed), folder)
    _write_all(answer, json.dumps(_answer_to(request)).encode() + END_OF_ANSWER)
    os.close(answer)  # heard at once; the kernel would do it after everything else


def _answer_to(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": function_named(request["task"])(request["arguments"])}
    except Refused as refusal:
        return {"refused": str(refusal)}
    except MemoryError:
        return {"error": [FailureKind.MEMORY, "the address space was used up"]}
    except Exception as problem:  # noqa: BLE001 - whatever a foreign library raises is told, not lost
        if _is_out_of_memory(problem):
            return {"error": [FailureKind.MEMORY, repr(problem)[:300]]}
        return {"error": [FailureKind.ERROR, repr(problem)[:300]]}


def _is_out_of_memory(problem: Exception) -> bool:
    # Libraries wrap their failed allocations in errors of their own (cv2.error, OSError ENOMEM).
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    ceiling, _ = resource.getrlimit(resource.RLIMIT_AS)
    words = repr(problem).lower()
    return "memory" in words or "alloc" in words or (ceiling > 0 and used > 0.8 * ceiling)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def main() -> None:
    """Import what the tasks need, then serve."""
    die_with_parent()
    os.nice(_BEHIND)
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = json.loads(sys.argv[2])
    gc.disable()  # what is loaded stays: there is nothing to be found in it
    for module in plan["preload"]:
        importlib.import_module(module)
    gc.enable()
    _tidy_up()
    _Parent(control, plan).serve()


def _tidy_up() -> None:
    """Leave to the children as little as possible that they would have to copy when they write to it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)
    with contextlib.suppress(AttributeError):  # a C library that has no such call
        # Free memory that goes back to the kernel comes to a child as zeros, which costs less than a copy.
        ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    main()
