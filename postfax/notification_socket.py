"""Telling systemd how the service is (sd_notify(3)): one datagram on the socket that it names.

Without NOTIFY_SOCKET in the environment nothing happens. A socket that cannot be reached is logged and costs
nothing else: a reload must not fail because of it.
"""

import os
import socket

import structlog

log = structlog.get_logger()


def notify_systemd(state: str) -> None:
    """Send `READY=1`, `STOPPING=1`, `RELOADING=1` or `STATUS=…`; several are joined by line ends."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket, unix(7)
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall(state.encode())
    except OSError as problem:
        log.warning("systemd_not_notified", state=state, cause=str(problem))
