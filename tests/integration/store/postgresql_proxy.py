"""A way to a PostgreSQL server that loses what a test wants lost."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MOST = 1 << 16


class Proxy:
    """Takes connections on a socket of its own, and passes on what comes."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._server = server
        self._cut_at = b""
        self._deliver = False
        self._open: list[socket.socket] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut_at(self, words: bytes, *, deliver: bool) -> None:
        """Break the connection on which these words come next; the server gets them if `deliver` says so."""
        self._cut_at, self._deliver = words, deliver

    @property
    def has_cut(self) -> bool:
        """Whether they came."""
        return not self._cut_at

    def close(self) -> None:
        """Take no more, and cut off what is open."""
        for end in (self._listening, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listening, *self._open):
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / ".s.PGSQL.5432"))
                self._open += [client, server]
                self._start(self._to_server, client, server)
                self._start(self._to_client, client, server)

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while octets := client.recv(_MOST):
                if self._cut_at and self._cut_at in octets:
                    self._cut_at = b""
                    client.shutdown(socket.SHUT_RDWR)
                    if self._deliver:
                        server.sendall(octets)
                    break
                server.sendall(octets)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while octets := server.recv(_MOST):
                client.sendall(octets)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(folder: Path, server: Path) -> Iterator[Proxy]:
    """A proxy in a folder, whose path must be short."""
    proxy = Proxy(folder, server)
    try:
        yield proxy
    finally:
        proxy.close()
