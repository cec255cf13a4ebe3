"""Where the provider tells that a fax is over: the body names a fax, and whoever waits for it looks.

Nothing of what is told is believed: it may come twice, late, before its time, or from somebody else. HTTP is
read by h11; a request has limits in time and size, and there are only so many at a time.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import h11
import structlog

from config.provider_line import ProviderNews
from transmit.provider.fax import fax_of

log = structlog.get_logger(__name__)

LARGEST = 40 * 1024 * 1024
"""Octets of one piece of news: it carries the fax, as text."""
SECONDS = 60.0
"""That one connection may take."""
AT_ONE_TIME = 16
_ANSWER = b"{}"


class NewsServer:
    """One address to listen at."""

    def __init__(self, settings: ProviderNews) -> None:
        self._listen = settings.listen
        self._path = urlsplit(settings.url).path or "/"
        self._waiting: dict[str, asyncio.Event] = {}
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONE_TIME)

    async def start(self) -> None:
        """Listens.

        Raises:
            OSError: nobody can listen there.
        """
        self._server = await asyncio.start_server(self._accept, self._listen.host, self._listen.port)

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listens no more, and cuts off whoever still talks."""
        if self._server:
            self._server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            await self._server.wait_closed()

    @contextlib.contextmanager
    def about(self, fax_id: str) -> Iterator[asyncio.Event]:
        """Set each time that something is told of a fax."""
        self._waiting[fax_id] = event = asyncio.Event()
        try:
            yield event
        finally:
            del self._waiting[fax_id]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self._serve(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS), self._room:
                writer.write(await self._answer(reader))
                await writer.drain()
        except (OSError, TimeoutError, h11.RemoteProtocolError) as fault:
            log.info("provider_news_cut_off", cause=str(fault) or type(fault).__name__)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        connection = h11.Connection(h11.SERVER)
        request, body = await _read(connection, reader)
        status = 413 if body is None else self._status(request, body)
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(_ANSWER))),
            ("connection", "close"),
        ]
        events = (
            h11.Response(status_code=status, headers=headers),
            h11.Data(data=_ANSWER),
            h11.EndOfMessage(),
        )
        return b"".join(connection.send(event) or b"" for event in events)

    def _status(self, request: h11.Request, body: bytes) -> int:
        if request.target.partition(b"?")[0] != self._path.encode():
            return 404
        if request.method != b"POST":
            return 405
        try:
            told = json.loads(body)
            fax = fax_of(told.get("fax") if isinstance(told, dict) else None)
        except (ValueError, RecursionError):
            log.info("provider_news_not_understood")
            return 400
        log.info("provider_news", fax=fax.fax_id[:40], stage=fax.stage.value)
        if event := self._waiting.get(fax.fax_id):
            event.set()
        return 200


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes | None]:
    """A request and its body; None for one that is too large.

    Raises:
        h11.RemoteProtocolError: it is none.
    """
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(64 * 1024))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LARGEST and request is not None:
                return request, None
        elif request is not None:
            return request, bytes(body)
        else:
            raise h11.RemoteProtocolError("no request")
