"""The dialogue: a command, its reply, until one side has enough (RFC 5321 §2.1).

A command that needs to wait for nothing is answered where its octets arrive, and the replies to commands
that came together are sent together (RFC 2920 §3.2). One that takes time is a task of its own, and what came
behind it waits in the stream until it is done. A client that does not take its replies in is not listened to;
a fault of ours is answered by a constant.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import structlog

from mta.reply import NOT_NOW, Reply
from mta.smtp.command_line import parse_command_line
from mta.smtp.connection import GOING_DOWN, DialogueOver, SmtpConnection
from mta.smtp.limits import ClientLimits
from mta.smtp.rules import SessionRules
from mta.smtp.tolerance import Tolerance

Command = Callable[[Any, str], Reply | bytes | Awaitable[bytes]]
"""Does a command of a session with this argument: its reply, or its octets where they are several lines."""

_TURN = 100
"""Commands that are done in a row before other sessions have their turn."""

_REFUSED = b"5"
"""What the replies to commands that are refused for good begin with."""
_UNKNOWN = Reply(500, "5.5.2", "this is no command of mail")

log = structlog.get_logger()


class Dialogue(SmtpConnection):
    """A session without its commands."""

    commands: ClassVar[Mapping[str, Command]] = {}
    """By their verbs."""
    protocol: ClassVar[str]
    """Its name in the greeting."""

    def __init__(
        self, rules: SessionRules, limits: ClientLimits, *, ended: Callable[[SmtpConnection], None]
    ) -> None:
        super().__init__(rules, limits, ended=ended)
        self._tolerance = Tolerance()
        self._listening = False
        self._passing_over = False
        self._heard_all = False

    def greeting(self) -> bytes:
        """What the dialogue begins with."""
        return f"220 {self._rules.hostname} {self.protocol} Postfax\r\n".encode()

    async def _handle_client(self) -> None:
        """Begin the dialogue; aiosmtpd runs this as a task with the connection."""
        await self._answer_in_time(self._begin())

    async def _begin(self) -> bytes:
        await self.open()
        return self.greeting()

    def octets_came(self, octets: bytes) -> None:
        """Commands, or what a command waits for."""
        super().octets_came(octets)
        if self._listening:
            self._answer_lines()

    def eof_received(self) -> bool | None:
        """Nothing more will come; what is there is still answered."""
        keep_open = super().eof_received()
        self._heard_all = True
        if self._listening:
            self._answer_lines()
        return keep_open

    def connection_lost(self, error: Exception | None) -> None:
        """The dialogue is over."""
        self._listening = False
        super().connection_lost(error)

    def resume_writing(self) -> None:
        """The client has taken its replies in."""
        super().resume_writing()
        if self._listening:
            self._answer_lines()

    def _answer_lines(self) -> None:
        """Answer what has come, up to a command that takes time."""
        replies: list[bytes] = []
        taking_time = over = None
        try:
            taking_time = self._collect_replies(replies)
        except DialogueOver as end:
            over = end
        if replies:
            self._writer.write(b"".join(replies))
        if over:
            self._listening = False
            self.end(over)
        elif taking_time:
            self.take_time(taking_time)
        elif not self._listening:
            self.stopped_listening()

    def _collect_replies(self, replies: list[bytes]) -> Awaitable[bytes] | None:
        while self._listening and len(replies) < _TURN:
            if self._paused:  # type: ignore[attr-defined]  # of asyncio's FlowControlMixin
                return None
            line = self._take_line() if self.unread() else None
            if line is None:
                if self._heard_all:
                    raise DialogueOver
                return None
            answer = self._do(line)
            if isinstance(answer, Reply):
                answer = answer.octets
            elif not isinstance(answer, bytes):
                return answer
            replies.append(answer)
            self._bear(answer)
        if self._listening:
            self.loop.call_soon(self._go_on)
        return None

    def stop_listening(self) -> None:
        """What comes behind this command is no command, until `take_time` has answered it."""
        self._listening = False

    def stopped_listening(self) -> None:
        """After the reply to a command that said so; what came behind it is unread."""

    def take_time(self, doing: Awaitable[bytes]) -> None:
        """Have something done that takes time; its answer follows, and then the next command."""
        self._listening = False
        self._handler_coroutine = self.loop.create_task(self._answer_in_time(doing))

    def _go_on(self) -> None:
        if self._listening:
            self._answer_lines()

    async def _answer_in_time(self, doing: Awaitable[bytes]) -> None:
        """Wait for something to be done, answer it, and listen again."""
        try:
            answer = await self._guarded(doing)
            self._writer.write(answer)
            self._bear(answer)
            if self._leaving:
                self.hang_up(GOING_DOWN)
        except DialogueOver as over:
            self.end(over)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            log.info("smtp_connection_broke", client=self._client_address, cause=repr(error))
            self.abort()
        else:
            self._listening = True
            self._answer_lines()

    async def _guarded(self, doing: Awaitable[bytes]) -> bytes:
        try:
            return await doing
        except (DialogueOver, ConnectionError, asyncio.IncompleteReadError):
            raise
        except Exception:
            log.exception("smtp_session_fault", client=self._client_address)
            return NOT_NOW.octets

    def _do(self, line: bytes) -> Reply | bytes | Awaitable[bytes]:
        """Do what a line says, or begin to."""
        parsed = parse_command_line(line)
        if isinstance(parsed, Reply):
            return parsed
        verb, argument = parsed
        command = self.commands.get(verb)
        if command is None:
            if enough := self._tolerance.unknown_command():
                self.hang_up(enough)
            return _UNKNOWN
        if enough := self._tolerance.command(verb):
            self.hang_up(enough)
        try:
            return command(self, argument)
        except DialogueOver:
            raise
        except Exception:
            log.exception("smtp_session_fault", client=self._client_address, command=verb)
            return NOT_NOW

    def _bear(self, answer: bytes) -> None:
        """Go on after this reply, unless it was one refusal too many."""
        if answer.startswith(_REFUSED) and (enough := self._tolerance.error()):
            self.hang_up(enough)

    # --- Lines --------------------------------------------------------------------------------------------

    def _take_line(self) -> bytes | None:
        """The next line up to and with its LF, or None if it is not there yet.

        Of a line that is too long for any use, nothing is kept; it is as many NULs in the end.
        """
        unread = self.unread()
        end = unread.find(b"\n") + 1
        if end:
            line = bytes(self.line_length_limit) if self._passing_over else bytes(unread[:end])
            self._passing_over = False
            del unread[:end]
            self._patience.line_taken(more=bool(unread))
        else:
            line = None
            if len(unread) > self.line_length_limit:
                self._passing_over = True
                unread.clear()
        self._reader._maybe_resume_transport()  # type: ignore[attr-defined]  # noqa: SLF001 - as with `unread`
        return line

    async def next_line(self) -> bytes:
        """The next line, for a command that takes time.

        Raises:
            LimitOverrunError: it is too long for any use.
        """
        line = await self._reader.readuntil(b"\n")
        self._patience.line_taken(more=bool(self.unread()))
        return line
