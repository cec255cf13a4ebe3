"""An S3 server for tests, and a way to it that does what a test wants done to requests.

The server is moto's: it speaks S3 and keeps objects in memory. It runs in this process, once for all tests,
and each test has a bucket of its own.
"""

import http.client
import itertools
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from config.object_store import ObjectStoreSettings

_BUCKETS = itertools.count(1)
_NOT_PASSED_ON = frozenset({"connection", "transfer-encoding", "content-length", "server", "date"})


class Fault(Enum):
    """What happens to a request."""

    UNAVAILABLE = "503, and the server never hears of it"
    REFUSED = "403, as for a wrong key"
    UNHEARD = "the connection breaks before the server hears of it"
    REPLY_LOST = "the server does it, and the connection breaks before its answer"
    CUT = "half of the answer comes, then the connection breaks"
    ALTERED = "one octet of the answer is another one"


@cache
def _server() -> int:
    """The port of the one server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    return int(server.get_host_and_port()[1])


class Bucket:
    """A bucket, and the way to it."""

    def __init__(self) -> None:
        self.name = f"faxes-{next(_BUCKETS)}"
        self.requests: list[tuple[str, str]] = []
        """Methods and keys, as they came."""
        self.faults: list[Fault | None] = []
        """What happens to the next requests, one after the other."""
        self.always: Fault | None = None
        """What happens to all others."""
        self.keys_used: list[str] = []
        """The Authorization of each request."""
        self.done: Callable[[str], None] = lambda _: None
        """Called with the method when the server has done a request, before its answer goes back."""
        self._backend().create_bucket(self.name, "us-east-1")
        self._held = self._backend().buckets[self.name]
        self._proxy = _Server(self)
        self._serve()

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._proxy.socket = context.wrap_socket(self._proxy.socket, server_side=True)

    def settings(self, folder: Path, **others: Any) -> ObjectStoreSettings:
        """The settings with which it is used, with files of keys in this folder."""
        for name in ("access", "secret"):
            (folder / name).write_text(f"{name} key\n")
        values = {
            "url": f"s3://{self.name}/office",
            "endpoint": self.address,
            "access_key_file": folder / "access",
            "secret_key_file": folder / "secret",
            "patience": timedelta(seconds=1),
        }
        return ObjectStoreSettings.model_validate(values | others)

    @property
    def address(self) -> str:
        """Where the way to it begins."""
        scheme = "https" if isinstance(self._proxy.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://127.0.0.1:{self._proxy.server_address[1]}"

    def bodies(self) -> dict[str, bytes]:
        """Its objects that are bodies, by name."""
        prefix = "office/bodies/"
        keys = self._held.keys
        return {key.removeprefix(prefix): keys[key].value for key in keys if key.startswith(prefix)}

    def age(self, name: str, age: timedelta) -> None:
        """Let a body be older."""
        key = self._held.keys[f"office/bodies/{name}"]
        key.last_modified -= age

    def remove(self, name: str) -> None:
        """Remove a body behind our back."""
        del self._held.keys[f"office/bodies/{name}"]

    def write(self, name: str, octets: bytes) -> None:
        """Write a body behind our back."""
        self._backend().put_object(self.name, f"office/bodies/{name}", octets)

    def keep_versions(self) -> None:
        """Let nothing be removed any more, as a bucket with versioning does."""
        self._backend().put_bucket_versioning(self.name, "Enabled")

    def count(self, method: str) -> int:
        """How many requests of this method came for bodies."""
        return sum(1 for each, key in self.requests if each == method and "/bodies/" in key)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have nobody listen at the address, and break off whoever is connected; the port stays ours."""
        before, self.always = self.always, Fault.UNHEARD
        host, port = self._proxy.server_address[:2]
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind((host, port))
            self.close()
            yield
            self._proxy = _Server(self, int(port))
        self.always = before
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._proxy.serve_forever, kwargs={"poll_interval": 0.02}).start()

    def close(self) -> None:
        """Take no more requests."""
        self._proxy.shutdown()
        self._proxy.server_close()

    @staticmethod
    def _backend() -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def fault(self) -> Fault | None:
        """What happens to the request that came."""
        return self.faults.pop(0) if self.faults else self.always


@contextmanager
def a_bucket() -> Iterator[Bucket]:
    """A new, empty bucket."""
    bucket = Bucket()
    try:
        yield bucket
    finally:
        bucket.close()


class _Server(ThreadingHTTPServer):
    """Passes on what comes, as its bucket says."""

    daemon_threads = True
    allow_reuse_port = True
    """With others that want it: see `Bucket.stopped`."""

    def __init__(self, bucket: "Bucket", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.bucket = bucket

    def handle_error(self, *_: object) -> None:
        """A client that goes away, or trusts nobody, is what a test wants."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        bucket = self.server.bucket
        bucket.requests.append((self.command, self.path))
        bucket.keys_used.append(self.headers.get("Authorization", ""))
        fault = bucket.fault()
        if fault is Fault.UNAVAILABLE:
            self._answer(503, {}, b"<Error><Code>SlowDown</Code></Error>")
        elif fault is Fault.REFUSED:
            self._answer(403, {}, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif fault is Fault.UNHEARD:
            self._break_off()
        else:
            self._ask(body, fault)

    def _ask(self, body: bytes, fault: Fault | None) -> None:
        way = http.client.HTTPConnection("127.0.0.1", _server())
        way.request(self.command, self.path, body, dict(self.headers))
        answer = way.getresponse()
        octets = answer.read()
        way.close()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON}
        self.server.bucket.done(self.command)
        if fault is Fault.REPLY_LOST:
            self._break_off()
            return
        if fault is Fault.ALTERED:
            octets = bytes([octets[0] ^ 1]) + octets[1:]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(octets))
        self._answer(
            answer.status, headers, octets[: len(octets) // 2] if fault is Fault.CUT else octets, length
        )
        if fault is Fault.CUT:
            self._break_off()

    def _answer(self, status: int, headers: dict[str, str], octets: bytes, length: str | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def _break_off(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    do_GET = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - as http.server calls them
