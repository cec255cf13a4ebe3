"""A relay between a front end and the service, which can kill the service at the worst moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Kill = Callable[[], Awaitable[object]]


class LmtpRelay:
    """Passes on what both say; once it is armed, the next acceptance is never heard of."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._kill: Kill | None = None
        self.killed = asyncio.Event()

    def arm(self, kill: Kill) -> None:
        """When the next mail is accepted, kill the service and swallow its reply."""
        self._kill = kill
        self.killed.clear()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LmtpRelay"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            service_reader, service_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        asking = asyncio.create_task(_pass_on(reader, service_writer))
        try:
            await self._answer(service_reader, writer)
        finally:
            asking.cancel()
            for one in (writer, service_writer):
                one.close()

    async def _answer(self, service: asyncio.StreamReader, front_end: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while octets := await service.read(1 << 16):
                if self._kill and b"250 2.0.0 accepted" in octets:
                    kill, self._kill = self._kill, None
                    await kill()
                    self.killed.set()
                    return
                front_end.write(octets)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while octets := await reader.read(1 << 16):
            writer.write(octets)
