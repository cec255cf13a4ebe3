"""A provider on loopback that behaves as Sinch's documentation of its Fax API 3.0 says."""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT, KEY, SECRET = "project-1", "key-1", "secret-1"
_AUTHORIZED = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
Answer = tuple[int, Any]


class ProviderSite:
    """Faxes are what was handed over; tests say how they go on, and what is answered instead."""

    def __init__(self) -> None:
        self.faxes: dict[str, dict[str, Any]] = {}
        self.documents: list[bytes] = []
        self.handed_over = 0
        self.looks: list[str] = []
        self.instead: list[Answer | str] = []
        """What the next POSTs come to: an answer, or `take` / `lose`: the connection breaks after, before."""
        self.first: dict[str, Any] = {"status": "IN_PROGRESS"}
        self.port = 0
        self.talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self, fax_id: str, **told: Any) -> None:
        self.faxes[fax_id].update(told)

    async def some_fax(self) -> str:
        async with asyncio.timeout(60):
            while not self.faxes:
                await asyncio.sleep(0.01)
        return next(iter(self.faxes))

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(self.serve(reader, writer))
        self.talks.add(talk)
        talk.add_done_callback(self.talks.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while answer := await self._one(reader):
                status, told = answer
                body = json.dumps(told).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader) -> Answer | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        method, target, _ = head.split(" ", 2)
        headers = message_from_bytes(head.partition("\r\n")[2].encode())
        if headers["Authorization"] != _AUTHORIZED:
            return 401, {}
        path = urlsplit(target)
        if method == "POST":
            return self._post(headers, body)
        if path.path == f"/v3/projects/{PROJECT}/faxes":
            return 200, {"faxes": self._listed(parse_qs(path.query))}
        fax_id = path.path.rpartition("/")[2]
        self.looks.append(fax_id)
        if fax_id not in self.faxes:
            return 404, {"code": "404", "error": "Not found", "message": "The resource is not found."}
        return 200, self.faxes[fax_id]

    def _listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        to = query.get("to", [""])[0]
        return [fax for fax in self.faxes.values() if fax["to"].startswith(to)]

    def _post(self, headers: Message, body: bytes) -> Answer | None:
        instead = self.instead.pop(0) if self.instead else None
        if isinstance(instead, tuple):
            return instead
        if instead == "lose":
            return None
        form = message_from_bytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + body)
        fields: dict[str, str] = {}
        for part in form.get_payload():
            assert isinstance(part, Message)
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            name = str(part.get_param("name", header="content-disposition"))
            if name == "file":
                self.documents.append(content)
            else:
                fields[name] = content.decode().rstrip("\r\n")
        self.handed_over += 1
        fax_id = f"01HDF{self.handed_over:04d}"
        labels = {name[7:-1]: value for name, value in fields.items() if name.startswith("labels[")}
        self.faxes[fax_id] = {"id": fax_id, "direction": "OUTBOUND", **fields, "labels": labels, **self.first}
        return None if instead == "take" else (200, self.faxes[fax_id])


@contextlib.asynccontextmanager
async def provider_site() -> AsyncIterator[ProviderSite]:
    site = ProviderSite()
    server = await asyncio.start_server(site.accept, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
    for talk in site.talks:
        talk.cancel()
    await asyncio.gather(*site.talks, return_exceptions=True)
