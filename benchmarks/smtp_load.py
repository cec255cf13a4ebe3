"""Mails over SMTP, as many as a server takes, from a process of its own.

    python benchmarks/smtp_load.py --port 2525 [--connections 10] [--seconds 4] [--size 5000] [--number +1206]

Each connection sends mail after mail, each command after the reply to the last one (no PIPELINING). A mail
has its own Message-ID, its own recipient and a one-page PDF. Only mails whose 250 came within the seconds
count; before them lies a warm-up. Prints one line of JSON: mails a second, and how long one took. The first
mail that is not accepted ends it with exit status 1: a server that takes nine mails of ten is not fast.
"""

import argparse
import asyncio
import base64
import itertools
import json
import secrets
import textwrap
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Self

import uvloop
from figures import percentile
from sample_pdfs import small_pdf

from postfax.demonstration.world import DOMAIN, SENDER

WARM_UP = 1.0
"""Seconds in which connections are made and processes started."""
_HEADER_OCTETS = 500
_BASE64_GROWTH = 78 / 57
"""A line of 57 octets becomes 76 characters and a line end."""
_FIRST_NUMBER = 2_000_000


class NotAccepted(Exception):  # noqa: N818 - named as what happened
    """The server said something else than was expected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """What is to be sent."""

    recipient: str
    message: bytes
    """With CRLF line ends; no line begins with a dot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What came of it. Times are in milliseconds, from MAIL FROM to the reply after the final dot."""

    mails: int
    per_second: float
    p50: float
    p99: float


class Connection:
    """A client's side of one SMTP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over a connection that is open."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect, and wait for the server's greeting; nothing has been sent."""
        connection = cls(*await asyncio.open_connection("127.0.0.1", port))
        await connection._expect(b"220")
        return connection

    async def greet(self) -> None:
        """Say EHLO."""
        await self._say(b"EHLO mail.hospital.example\r\n", b"250")

    async def send(self, mail: Mail) -> None:
        """Send a mail; it is accepted when this returns.

        Raises:
            NotAccepted: The server refused it.
        """
        await self._say(f"MAIL FROM:<{SENDER}>\r\n".encode(), b"250")
        await self._say(f"RCPT TO:<{mail.recipient}>\r\n".encode(), b"250")
        await self._say(b"DATA\r\n", b"354")
        await self._say(mail.message + b".\r\n", b"250")

    async def close(self) -> None:
        """Say QUIT and hang up."""
        await self._say(b"QUIT\r\n", b"221")
        self._writer.close()
        await self._writer.wait_closed()

    async def _say(self, octets: bytes, code: bytes) -> None:
        self._writer.write(octets)
        await self._expect(code)

    async def _expect(self, code: bytes) -> None:
        line = await self._reader.readline()
        while line[3:4] == b"-":
            line = await self._reader.readline()
        if not line.startswith(code):
            raise NotAccepted(line.decode().strip() or "the server hung up")


def mail_with(pdf: bytes, *, number: str, name: str = "") -> Mail:
    """A mail to a fax number whose one part is the PDF."""
    recipient = f"{number}@{DOMAIN}"
    header = (
        f"From: Ana Ruiz <{SENDER}>\r\n"
        f"To: <{recipient}>\r\n"
        f"Subject: Referral\r\n"
        f"Message-ID: <{name or secrets.token_hex(12)}@hospital.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: application/pdf; name="referral.pdf"\r\n'
        'Content-Disposition: attachment; filename="referral.pdf"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return Mail(recipient=recipient, message=header.encode() + _coded(pdf))


def _coded(octets: bytes) -> bytes:
    lines = textwrap.wrap(base64.b64encode(octets).decode(), 76)
    return "".join(f"{line}\r\n" for line in lines).encode()


def mails_of(size: int, number: str) -> Iterator[Mail]:
    """Endless mails of about so many octets, to numbers with this beginning."""
    pdf = small_pdf(int((size - _HEADER_OCTETS) / _BASE64_GROWTH))
    run = secrets.token_hex(6)
    template = mail_with(pdf, number="@NUMBER@", name="@NAME@")
    for count in itertools.count(_FIRST_NUMBER):
        called = f"{number}{count}"
        message = template.message.replace(b"@NAME@", f"{run}.{count}".encode())
        message = message.replace(b"@NUMBER@", called.encode())
        yield Mail(recipient=f"{called}@{DOMAIN}", message=message)


async def load(port: int, mails: Iterator[Mail], *, connections: int, seconds: float) -> Load:
    """Send mails over so many connections at one time.

    Raises:
        NotAccepted: A mail was refused.
        OSError: The server cannot be reached.
    """
    begin = time.perf_counter() + WARM_UP
    took: list[float] = []

    async def keep_sending() -> None:
        connection = await Connection.open(port)
        await connection.greet()
        while (begun := time.perf_counter()) < begin + seconds:
            await connection.send(next(mails))
            if begin <= (ended := time.perf_counter()) < begin + seconds:
                took.append((ended - begun) * 1000)
        await connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(keep_sending())
    return Load(
        mails=len(took),
        per_second=len(took) / seconds,
        p50=percentile(took, 50),
        p99=percentile(took, 99),
    )


def main() -> None:
    """Read the options and send."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--size", type=int, default=5000, help="octets of a mail")
    parser.add_argument("--number", default="+1206", help="how the recipients' numbers begin")
    options = parser.parse_args()
    mails = mails_of(options.size, options.number)
    sent = load(options.port, mails, connections=options.connections, seconds=options.seconds)
    try:
        print(json.dumps(asdict(uvloop.run(sent))))
    except ExceptionGroup as problems:  # of the connections that did not come to their end
        parser.exit(1, f"smtp_load: a mail was not accepted: {problems.exceptions[0]}\n")


if __name__ == "__main__":
    main()
