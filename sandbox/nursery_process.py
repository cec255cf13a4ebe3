"""The nursery's own process: imports once, then forks one confined child for each task.

It is exec'd, has one thread and no event loop, so a fork copies nothing that cannot be copied. Started as
`python -m sandbox.nursery_process FD MODULE…`; FD is a SOCK_SEQPACKET socket on which the service sends one
datagram a request (`sandbox.nursery` is the other end), the first with a pipe to answer on:

    {"run": ID, "task": "module:function", "arguments": {…}, "folder": PATH, "limits": {…}}
    {"kill": ID}

and receives {"ready": true, "unconfined": [SENTENCE…]} once and {"ended": ID, "status": WAIT_STATUS} for each
child.
The task's answer, {"value": …}, {"refused": SENTENCE} or {"error": [KIND, DETAIL]}, goes straight into the
pipe.
"""

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from sandbox.confinement import Limits, confine, die_with_parent, missing_confinement
from sandbox.failures import FailureKind, Refused

_LARGEST_REQUEST = 1 << 20
_BEHIND = 10
"""Of the nice value: work on documents waits when mails come in or a call needs its next packet in time."""


class _Parent:
    """Forks on request, reaps, kills."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, int] = {}  # request id -> process id
        self.wake_reader, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when its nursery ends

    def serve(self) -> None:
        """Until the service closes its end."""
        self.tell({"ready": True, "unconfined": missing_confinement()})
        while True:
            readable, _, _ = select.select([self.control.fileno(), self.wake_reader], [], [])
            if self.wake_reader in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake_reader, 4096)
                self.reap()
            if self.control.fileno() in readable and not self.take_request():
                break
        for process_id in self.children.values():
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
        process_id = os.fork()
        if process_id == 0:
            self.control.close()
            become_child(request, answer)
        os.close(answer)
        self.children[request["run"]] = process_id
        return True

    def reap(self) -> None:
        """Report every child that has ended."""
        for request_id, process_id in list(self.children.items()):
            done, status = os.waitpid(process_id, os.WNOHANG)
            if done:
                del self.children[request_id]
                _kill_group(process_id)  # whatever it has started must not outlive it
                self.tell({"ended": request_id, "status": status})

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
        os.setsid()
        die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        silence = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):  # libraries print about broken documents
            os.dup2(silence, standard)
        folder = Path(request["folder"])
        os.chdir(folder)
        confine(Limits(**request["limits"]), folder)
        _write_all(answer, json.dumps(_answer_to(request)).encode())
        status = 0
    finally:
        os._exit(status)


def _answer_to(request: dict[str, Any]) -> dict[str, Any]:
    try:
        module, _, function = request["task"].partition(":")
        return {"value": getattr(importlib.import_module(module), function)(request["arguments"])}
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
    for module in sys.argv[2:]:
        importlib.import_module(module)
    _Parent(control).serve()


if __name__ == "__main__":
    main()
