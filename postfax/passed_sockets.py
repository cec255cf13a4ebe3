"""Sockets that systemd opened for the service and hands over at its start (sd_listen_fds(3)).

They listen already: the service needs no right to a port below 1024, and while it is restarted clients wait
in their queues instead of being turned away.
"""

import os
import socket
from collections.abc import MutableMapping

_FIRST = 3
"""SD_LISTEN_FDS_START of sd-daemon.h."""
_NAMES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def take_passed_sockets(environment: MutableMapping[str, str]) -> tuple[socket.socket, ...]:
    """The sockets, in the order of the unit; none where the service was started otherwise.

    They can be taken once: what tells of them is removed from the environment, for it is not meant for the
    programs that the service starts.

    Raises:
        OSError: what is handed over is no socket.
    """
    meant_for, count = environment.get("LISTEN_PID"), environment.get("LISTEN_FDS", "")
    for name in _NAMES:
        environment.pop(name, None)
    if meant_for != str(os.getpid()) or not count.isdecimal():
        return ()
    return tuple(_taken(_FIRST + number) for number in range(int(count)))


def _taken(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    passed = socket.socket(fileno=descriptor)
    passed.setblocking(False)
    return passed
