"""What aioimaplib's protocol leaves to be done.

It does not notice by itself that a connection is gone, ends a greeting that is no welcome in a time-out,
answers no challenge of AUTHENTICATE (RFC 3501 §6.2.2), forgets news that come while it does something else,
and what goes wrong in it is told with the command, password and all. Here nothing of that gets out.
"""

import asyncio
import base64
import logging
import re

from aioimaplib.aioimaplib import CONNECTED, AioImapException, IMAP4ClientProtocol
from aioimaplib.aioimaplib import Command as ImapCommand

# It logs what it sends and receives, which is passwords and mails.
logging.getLogger("aioimaplib").setLevel(logging.CRITICAL)

_WELCOME = (b"* OK", b"* PREAUTH")
_EXISTS = re.compile(rb"\* [0-9]+ EXISTS", re.IGNORECASE)
_SAID = 300
"""Octets of what a server says that are worth keeping."""


class PickupProtocol(IMAP4ClientProtocol):  # type: ignore[misc] # aioimaplib has no types
    """One connection."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop, self._note_loss)
        self.lost: asyncio.Future[None] = loop.create_future()
        """Done when the connection is gone."""
        self.why_lost = ""
        """For the log."""
        self.news = asyncio.Event()
        """Set when the server says how many messages there are: some may be new."""
        self.challenge = ""
        """What the server said before it refused the token, decoded."""
        self._sasl_response: bytes | None = None

    async def authenticate(self, mechanism: str, response: bytes) -> tuple[str, list[bytes | bytearray]]:
        """AUTHENTICATE with one message of the client: the result (`OK`, `NO`, `BAD`) and the lines.

        The message goes with the command where the server knows SASL-IR (RFC 4959), else when it asks.
        """
        self.challenge = ""
        encoded = base64.b64encode(response)
        at_once = "SASL-IR" in self.capabilities
        self._sasl_response = None if at_once else encoded
        arguments = (mechanism, encoded.decode("ascii")) if at_once else (mechanism,)
        result, lines = await self.execute(ImapCommand("AUTHENTICATE", self.new_tag(), *arguments))
        return result, lines

    def data_received(self, d: bytes) -> None:  # noqa: D102 - asyncio's
        try:
            super().data_received(d)
        except (AioImapException, ValueError, LookupError, RecursionError) as error:
            # Its text may have the command in it.
            self.why_lost = f"a reply that was not understood ({type(error).__name__})"
            self.transport.abort()

    def _handle_line(self, line: bytes, current_cmd: ImapCommand | None) -> ImapCommand | None:
        if line and self.state == CONNECTED and not line.upper().startswith(_WELCOME):
            self.why_lost = f"greeted with {said(line)}"
            self.transport.abort()
            return None
        return super()._handle_line(line, current_cmd)

    def _untagged_response(self, line: bytes) -> ImapCommand | None:
        if _EXISTS.fullmatch(line):
            self.news.set()
        if line[:5].upper() == b"* BYE":
            self.why_lost = said(line)
        return super()._untagged_response(line)

    def _continuation(self, line: bytes) -> None:
        command = self.pending_sync_command
        if command is None or command.name != "AUTHENTICATE":
            super()._continuation(line)
            return
        response, self._sasl_response = self._sasl_response, None
        if response is None:
            # The reason of a refusal, which the empty answer lets follow (RFC 7628 §3.2.3).
            self.challenge = _decoded(line[1:])
        self.transport.write((response or b"") + b"\r\n")

    def _note_loss(self, error: Exception | None) -> None:
        self.why_lost = self.why_lost or (f"{type(error).__name__}: {error}" if error else "closed")
        if not self.lost.done():
            self.lost.set_result(None)


def said(line: bytes | bytearray) -> str:
    """What a server said, as text that can stand in a log."""
    text = bytes(line[:_SAID]).decode("utf-8", errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _decoded(challenge: bytes) -> str:
    try:
        return said(base64.b64decode(challenge.strip(), validate=True))
    except ValueError:
        return ""
