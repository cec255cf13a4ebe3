"""Who answers at a listener's address: connect, hear the greeting, say QUIT. Sends nothing else."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from config.values import HostPort, UnixSocket

SECONDS = 4.0
_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared, not bound


async def greeting(address: HostPort | UnixSocket, *, implicit_tls: bool = False) -> str:
    """The first line that the server says; empty where it says nothing in time.

    Raises:
        OSError: nobody can be connected to.
    """
    async with connection(address, implicit_tls=implicit_tls) as (reader, writer):
        line = b""
        with contextlib.suppress(TimeoutError, ConnectionError, ValueError):
            async with asyncio.timeout(SECONDS):
                line = await reader.readline()
            writer.write(b"QUIT\r\n")
        return line.decode("utf-8", "replace").strip()


@contextlib.asynccontextmanager
async def connection(
    address: HostPort | UnixSocket, *, implicit_tls: bool
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a listener of this host, whose certificate another check looks at."""
    async with asyncio.timeout(SECONDS):
        if isinstance(address, UnixSocket):
            reader, writer = await asyncio.open_unix_connection(address.path)
        else:
            host = _UNSPECIFIED.get(address.host, address.host)
            trust = _any_certificate() if implicit_tls else None
            reader, writer = await asyncio.open_connection(host, address.port, ssl=trust)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await writer.wait_closed()


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
