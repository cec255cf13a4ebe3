"""A way to a server that breaks at a chosen line of the client's: before the server hears it, or after."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from config.values import HostPort


class CuttingProxy:
    """Passes connections on; the first that says `word` is cut, those after it are not."""

    def __init__(self, target: HostPort, word: bytes, *, heard: bool) -> None:
        self._target, self._word, self._heard = target, word, heard
        self.cut = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        back = asyncio.create_task(_pass_on(there_reader, writer))
        try:
            while line := await reader.readline():
                if line.startswith(self._word) and not self.cut:
                    self.cut += 1
                    back.cancel()
                    if self._heard:
                        there_writer.write(line)
                        await there_reader.readline()
                    return
                there_writer.write(line)
        finally:
            back.cancel()
            there_writer.close()
            writer.close()


@contextlib.asynccontextmanager
async def cutting_proxy(target: HostPort, word: bytes, *, heard: bool) -> AsyncIterator[HostPort]:
    proxy = CuttingProxy(target, word, heard=heard)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        yield HostPort("127.0.0.1", server.sockets[0].getsockname()[1])
        assert proxy.cut == 1


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(65536):
        writer.write(octets)
