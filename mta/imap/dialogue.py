"""A dialogue with an IMAP server: opened, with TLS or without, and every wait in it has an end.

Whatever is asked ends in the server's answer, in `CommandRefused` (it said NO or BAD: the connection is as
good as before), or in `ConnectionTrouble` (no answer in time, or the connection is gone: it is closed then
and of no more use). A wait that is cancelled ends the connection too: its answer would be taken for that of
the next command.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aioimaplib.aioimaplib import AioImapException
from aioimaplib.aioimaplib import Command as ImapCommand

from config.mail import Pickup
from mta.imap.protocol import PickupProtocol, said
from mta.imap.replies import Line
from mta.imap.trouble import CommandRefused, ConnectionTrouble

T = TypeVar("T")
Answer = tuple[str, list[Line]]
"""`OK`, `NO` or `BAD`, and all lines, the tagged one last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long is waited, in seconds."""

    connect: float = 30.0
    command: float = 60.0
    """For an answer; a message has more time, the larger it is."""
    idle: float = 300.0
    """Until IDLE begins anew. RFC 2177 asks for 29 minutes at most; routers forget sooner."""
    goodbye: float = 2.0


_PATIENCE = Patience()


class ImapDialogue:
    """One connection; made by `open`, to be closed."""

    def __init__(self, settings: Pickup, protocol: PickupProtocol, patience: Patience) -> None:
        self._host = settings.host
        self._protocol = protocol
        self._patience = patience

    @classmethod
    async def open(cls, settings: Pickup, tls: ssl.SSLContext, *, patience: Patience = _PATIENCE) -> Self:
        """Connect, with TLS as the settings say, and read the greeting.

        Raises:
            ConnectionTrouble: there is no such server, it does not greet, or TLS cannot be had.
        """
        loop = asyncio.get_running_loop()
        protocol = PickupProtocol()
        implicit = tls if settings.tls == "implicit" else None
        try:
            async with asyncio.timeout(patience.connect):
                await loop.create_connection(lambda: protocol, settings.host, settings.port, ssl=implicit)
        except (OSError, TimeoutError) as trouble:
            raise _no_connection(settings, trouble, patience) from trouble
        connection = cls(settings, protocol, patience)
        try:
            await connection._ended(protocol.wait("AUTH|NONAUTH"), patience.connect)
            if settings.tls == "starttls":
                await connection._start_tls(tls)
        except BaseException:
            await connection._hang_up_and_finish()
            raise
        return connection

    async def close(self) -> None:
        """Say goodbye if there is somebody to hear it, and hang up. Never raises."""
        protocol = self._protocol
        try:
            if not protocol.transport.is_closing() and protocol.pending_sync_command is None:
                await self._ended(protocol.logout(), self._patience.goodbye)
        except ConnectionTrouble:
            pass
        finally:
            await self._hang_up_and_finish()

    # --- Asking -------------------------------------------------------------------------------------------

    async def _start_tls(self, tls: ssl.SSLContext) -> None:
        """STARTTLS (RFC 3501 §6.2.1); what came in the clear before it counts for nothing."""
        protocol = self._protocol
        insecure = ConnectionTrouble(
            f"{self._host} does not begin TLS on this connection; set tls: implicit with its port 993, "
            "or ask who runs it."
        )
        if protocol.state != "NONAUTH" or not self._offers("STARTTLS"):
            raise insecure
        result, _ = await self._answer(protocol.execute(ImapCommand("STARTTLS", protocol.new_tag())))
        if result != "OK" or protocol.incomplete_line or protocol.lost.done():
            raise insecure
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience.connect):
                protocol.transport = await loop.start_tls(
                    protocol.transport, protocol, tls, server_hostname=self._host
                )
        except (OSError, TimeoutError) as trouble:
            raise ConnectionTrouble(
                f"TLS with {self._host} failed; {_remedy(trouble)}", f"{type(trouble).__name__}: {trouble}"
            ) from trouble
        if protocol.incomplete_line:
            raise insecure
        await self._learn_capabilities()

    async def _learn_capabilities(self) -> None:
        await self._ended(self._protocol.capability(), self._patience.command)

    def _offers(self, capability: str) -> bool:
        return capability in {offered.upper() for offered in self._protocol.capabilities}

    async def _succeeds(self, command: Awaitable[Answer]) -> bool:
        result, _ = await self._answer(command)
        return result == "OK"

    async def _done(self, command: Awaitable[Answer], seconds: float | None = None) -> list[Line]:
        result, lines = await self._answer(command, seconds)
        if result != "OK":
            cause = f"{result} {said(lines[-1])}"
            raise CommandRefused(f"{self._host} refused a command: {cause}.", cause)
        return lines

    async def _answer(self, command: Awaitable[Answer], seconds: float | None = None) -> Answer:
        result, lines = await self._ended(command, seconds or self._patience.command)
        return result, lines or [b""]

    async def _ended(self, awaitable: Awaitable[T], seconds: float) -> T:
        """What becomes of it.

        Raises:
            ConnectionTrouble: it did not end in time, or not at all.
        """
        task = asyncio.ensure_future(awaitable)
        try:
            if task not in await self._first_of(task, seconds=seconds):
                raise self._silent(seconds)
            return task.result()
        except AioImapException as error:
            self._hang_up()
            # Its text may have the command in it, and that a password.
            raise ConnectionTrouble(
                f"{self._host} answered out of turn; the connection begins anew.", type(error).__name__
            ) from None
        finally:
            if not task.done():
                task.cancel()
                self._hang_up()

    async def _first_of(
        self, *awaitables: Awaitable[Any] | Coroutine[Any, Any, Any], seconds: float
    ) -> set[asyncio.Future[Any]]:
        """Those that ended first, within so many seconds; what was begun here and did not is cancelled.

        Raises:
            ConnectionTrouble: the connection is gone, and none of them has ended.
        """
        futures = {asyncio.ensure_future(awaitable): awaitable for awaitable in awaitables}
        lost = self._protocol.lost
        try:
            ended, _ = await asyncio.wait(
                {*futures, lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for future, awaitable in futures.items():
                if future is not awaitable and not future.done():
                    future.cancel()
        if ended == {lost}:
            raise ConnectionTrouble(f"the connection to {self._host} was lost.", self._protocol.why_lost)
        return ended - {lost}

    def _silent(self, seconds: float) -> ConnectionTrouble:
        return ConnectionTrouble(f"{self._host} did not answer within {seconds:.0f} seconds.")

    async def _hang_up_and_finish(self) -> None:
        self._hang_up()
        await asyncio.gather(*self._protocol.tasks, return_exceptions=True)

    def _hang_up(self) -> None:
        for task in self._protocol.tasks:
            task.cancel()
        if self._protocol.transport is not None:
            self._protocol.transport.abort()


def _no_connection(settings: Pickup, trouble: Exception, patience: Patience) -> ConnectionTrouble:
    where = f"{settings.host}:{settings.port}"
    if isinstance(trouble, TimeoutError) and not str(trouble):
        return ConnectionTrouble(f"{where} did not answer within {patience.connect:.0f} seconds.")
    return ConnectionTrouble(
        f"{where} cannot be reached; {_remedy(trouble)}", f"{type(trouble).__name__}: {trouble}"
    )


def _remedy(trouble: Exception) -> str:
    if isinstance(trouble, ssl.SSLCertVerificationError):
        return "its certificate is not trusted here: have it renewed, or correct host."
    if isinstance(trouble, ssl.SSLError):
        return "it does not speak TLS as it should: correct tls and port."
    return "see that it runs, and that host and port are right."
