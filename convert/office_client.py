"""A call to `convert/office_server.py`: XML-RPC over a Unix socket, with a time-out that holds."""

import http.client
import socket
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Binary, Fault, ProtocolError, ServerProxy, Transport

from convert.office_wear import OfficeWear

_MORE_SECONDS = 5.0
"""The server ends a call that is late; only if it does not either do we."""

_LONGEST_NAME = 200
"""Octets; a file's name has 255 at most, and LibreOffice makes longer ones of it for its own files."""


class OfficeFault(Exception):  # noqa: N818 - named as XML-RPC names it
    """LibreOffice raised an error; the text is for the log."""


class OfficeGone(Exception):  # noqa: N818 - named as what happened
    """There is no answer, and none will come. `late` if the time was used up."""

    def __init__(self, detail: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(detail)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise


class _UnixTransport(Transport):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__()
        self._path = path
        self._timeout = timeout

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path, self._timeout)
        self._connection = host, connection  # so that `close` knows it
        return connection

    def request(
        self,
        host: Any,
        handler: str,
        request_body: Any,
        verbose: bool = False,  # noqa: FBT001, FBT002 - as Transport has it
    ) -> Any:
        """One try, not two."""
        # Transport.request tries again after a lost connection; a document that ends LibreOffice must not
        # be given to the next one unasked.
        return self.single_request(host, handler, request_body, verbose)


def convert(
    path: Path,
    document: bytes,
    *,
    load_filter: str,
    load_options: str,
    pages: int,
    seconds: float,
    name: str = "document",
) -> bytes:
    """The first pages of a document as PDF. Blocks.

    `name` is what the document shows where it says its own name.

    Raises:
        OfficeFault: LibreOffice could not do it, and is still there.
        OfficeGone: It is not there any more, or too slow.
    """
    transport = _UnixTransport(path, seconds + _MORE_SECONDS)
    try:
        with ServerProxy("http://localhost/", transport=transport, allow_none=True) as server:
            answer = server.convert(
                Binary(document), load_filter, load_options, pages, seconds, _file_name(name)
            )
    except Fault as fault:
        raise OfficeFault(fault.faultString[:300]) from fault
    except TimeoutError as problem:
        raise OfficeGone("no answer in time", late=True) from problem
    except (OSError, http.client.HTTPException, ProtocolError) as problem:
        raise OfficeGone(repr(problem)) from problem
    if not isinstance(answer, Binary) or not answer.data.startswith(b"%PDF"):
        raise OfficeFault("the answer is no PDF")
    return answer.data


def _file_name(name: str) -> str:
    """A name that a file can have, and that XML can carry."""
    kept = "".join(letter for letter in name if letter.isprintable() and letter not in "/\\")
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[1:]
    return kept if kept.strip(". ") else "document"


def wear(path: Path) -> OfficeWear | None:
    """What it has behind it; None if it does not say. Blocks."""
    try:
        with ServerProxy("http://localhost/", transport=_UnixTransport(path, 2.0)) as server:
            conversions, seconds, mebibytes = cast("list[int]", server.wear())
        return OfficeWear(conversions=conversions, seconds=seconds, memory=mebibytes << 20)
    except (OSError, http.client.HTTPException, ProtocolError, Fault, TypeError, ValueError):
        return None


def end(path: Path) -> None:
    """Ask it to end; who watches it starts another."""
    try:
        with ServerProxy("http://localhost/", transport=_UnixTransport(path, 2.0)) as server:
            server.end()
    except (OSError, http.client.HTTPException, ProtocolError, Fault):
        return  # it ends without an answer
