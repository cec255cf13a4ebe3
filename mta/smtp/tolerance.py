"""How much of what brings no mail is borne in one session. Pure.

A client that is no mail server shows it soon, and one that goes round in circles does no good to anybody.
"""

from mta.reply import Reply

UNKNOWN_COMMANDS = 5
ERRORS = 100
"""Replies that begin with 5, between two accepted mails."""
IDLE_COMMANDS = 200
"""Commands that bring no mail forward, between two accepted mails."""

_FORWARD = {"MAIL", "RCPT", "DATA", "BDAT", "XFORWARD", "XCLIENT"}

_NO_CLIENT = Reply(421, "4.7.0", "these are no commands of mail; closing the connection")
_TOO_MANY_ERRORS = Reply(421, "4.7.0", "too many mistakes; closing the connection")
_TOO_MANY_COMMANDS = Reply(421, "4.7.0", "too many commands and no mail; closing the connection")


class Tolerance:
    """What is left of it."""

    __slots__ = ("_errors", "_idle", "_unknown")

    def __init__(self) -> None:
        self._unknown = 0
        self._errors = 0
        self._idle = 0

    def command(self, verb: str) -> Reply | None:
        """A command that is known came; the last words, if it was one too many."""
        if verb in _FORWARD:
            return None
        self._idle += 1
        return _TOO_MANY_COMMANDS if self._idle > IDLE_COMMANDS else None

    def unknown_command(self) -> Reply | None:
        """A command that is not known came; the last words, if it was one too many."""
        self._unknown += 1
        return _NO_CLIENT if self._unknown >= UNKNOWN_COMMANDS else None

    def error(self) -> Reply | None:
        """A command was refused for good; the last words, if it was one too many."""
        self._errors += 1
        return _TOO_MANY_ERRORS if self._errors >= ERRORS else None

    def mail_accepted(self) -> None:
        """A mail came through: who brings mail may go on."""
        self._errors = self._idle = 0
