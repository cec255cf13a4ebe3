"""The sockets that clients connect to, bound once for all worker processes.

Each worker gets a socket of its own on the same address and port (SO_REUSEPORT), among which the kernel deals
out the connections; they belong to the parent, so those that wait in a dead worker's queue are still there
for the worker that takes its place. A Unix socket is one for all workers, and so is one that was opened for
the service by whoever started it.
"""

import errno
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from config.mail import Listener
from config.values import HostPort, UnixSocket
from mta.smtp.port_holder import port_holder

BACKLOG = 1024
"""Connections that wait to be taken; bursts are turned away beyond."""

_FOR_THE_GROUP = 0o660


class ListenerError(Exception):
    """The service cannot listen as it is set; the text is a sentence for the administrator."""

    def __init__(self, sentence: str, *, in_use: bool = False) -> None:
        super().__init__(sentence)
        self.in_use = in_use
        """Whether an address is taken, which may pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One address that is listened on."""

    listener: Listener
    address: HostPort | UnixSocket
    """As bound: the port is known also where the kernel chose it."""
    sockets: tuple[socket.socket, ...]
    """One for each worker, or one for all; they listen already."""
    passed: bool = False
    """Whether it was opened by another program, which goes on listening when this one does no more."""

    def of_worker(self, number: int) -> socket.socket:
        """The socket that this worker takes connections from, counted from 0."""
        return self.sockets[number % len(self.sockets)]

    def close(self) -> None:
        """Listen no more."""
        for bound in self.sockets:
            bound.close()
        if isinstance(self.address, UnixSocket) and not self.passed:
            with suppress(OSError):
                self.address.path.unlink()


def bind(listeners: Sequence[Listener], *, workers: int, passed: Sequence[socket.socket] = ()) -> list[Place]:
    """Bind every address, in their order.

    Args:
        listeners: what the settings name.
        workers: processes that take connections.
        passed: sockets that listen already; each is the place of the listener with its address.

    Raises:
        ListenerError: an address cannot be had, or the settings do not name one that was passed. Nothing
            stays bound but what was passed.
    """
    open_already = {_address_of(each): each for each in passed}
    places: list[Place] = []
    try:
        for listener in listeners:
            places.extend(_places_of(listener, workers, open_already))
        _check_all_named(open_already)
    except ListenerError:
        for place in places:
            if not place.passed:
                place.close()
        raise
    return places


def _places_of(
    listener: Listener, workers: int, open_already: dict[HostPort | UnixSocket, socket.socket]
) -> list[Place]:
    """The places of one listener; what of them was open is taken out of `open_already`."""
    address = listener.smtp or listener.lmtp
    if isinstance(address, UnixSocket):
        if passed := open_already.pop(address, None):
            return [Place(listener=listener, address=address, sockets=(passed,), passed=True)]
        return [_unix_place(listener, address)]
    if address is None:
        raise AssertionError("a listener has one address")
    try:
        found = socket.getaddrinfo(
            address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ListenerError(
            f"{address.host} is no address that can be listened on ({error.strerror}). Check mail.listen"
        ) from error
    addresses = dict.fromkeys((family, where) for family, *_, where in found)
    places: list[Place] = []
    for family, where in addresses:
        bound = HostPort(str(where[0]), int(where[1]))
        if passed := open_already.pop(bound, None):
            places.append(Place(listener=listener, address=bound, sockets=(passed,), passed=True))
        else:
            places.append(_tcp_place(listener, address, family, where, workers))
    return places


def _address_of(passed: socket.socket) -> HostPort | UnixSocket:
    name = passed.getsockname()
    return UnixSocket(Path(name)) if passed.family == socket.AF_UNIX else HostPort(*name[:2])


def _check_all_named(left_over: dict[HostPort | UnixSocket, socket.socket]) -> None:
    for address in left_over:
        raise ListenerError(
            f"systemd hands over a socket on {address}, and mail.listen does not name it. Name it there, or "
            "take its ListenStream= out of postfax.socket"
        )


def _tcp_place(
    listener: Listener, address: HostPort, family: int, where: tuple[object, ...], workers: int
) -> Place:
    sockets: list[socket.socket] = []
    try:
        # SO_REUSEPORT would let a second service of the same user share the port: this one must be alone.
        with closing(_bound(family, where, shared=False)) as alone:
            where = (where[0], alone.getsockname()[1], *where[2:])
        sockets.extend(_bound(family, where, shared=True) for _ in range(workers))
        for bound in sockets:
            bound.listen(BACKLOG)
    except OSError as error:
        for bound in sockets:
            bound.close()
        raise ListenerError(_sentence(address, error), in_use=error.errno == errno.EADDRINUSE) from error
    return Place(listener=listener, address=HostPort(*sockets[0].getsockname()[:2]), sockets=tuple(sockets))


def _bound(family: int, where: tuple[object, ...], *, shared: bool) -> socket.socket:
    # With its protocol named: of a socket made with 0, asyncio would not know that it may set TCP_NODELAY.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(where)
    except OSError:
        made.close()
        raise
    return made


def _unix_place(listener: Listener, address: UnixSocket) -> Place:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        _remove_left_over(address)
        made.bind(str(address.path))
        # Who may connect is who may write here: the service's user and group.
        os.chmod(address.path, _FOR_THE_GROUP)  # noqa: PTH101 - beside the bind of the same path
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise ListenerError(
            f"{address} cannot be listened on ({error.strerror or error}). Check mail.listen",
            in_use=error.errno == errno.EADDRINUSE,
        ) from error
    return Place(listener=listener, address=address, sockets=(made,))


def _remove_left_over(address: UnixSocket) -> None:
    """Remove the socket of a service that is gone.

    Raises:
        OSError: something answers there, or it is no socket.
    """
    try:
        if not stat.S_ISSOCK(address.path.lstat().st_mode):
            raise OSError(errno.EADDRINUSE, "there is something else than a socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(address.path))
        except ConnectionRefusedError:
            address.path.unlink(missing_ok=True)
            return
    raise OSError(errno.EADDRINUSE, "another program listens there")


def _sentence(address: HostPort, error: OSError) -> str:
    place = f"port {address.port} on {address.host}"
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(address.port)
        who = f"by {holder}. Stop it" if holder else "by another program. Stop it"
        return f"{place} is in use {who}, or listen elsewhere: mail.listen"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"{place} may not be opened by this user. Let systemd open it (systemctl enable --now "
            "postfax.socket), or listen on a port above 1023: mail.listen"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"no interface here has the address {address.host}. Listen on one that has: mail.listen"
    return f"{place} cannot be listened on ({error.strerror or error}). Check mail.listen"
