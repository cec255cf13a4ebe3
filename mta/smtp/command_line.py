"""A command line as it came (RFC 5321 §2.3.8, §4.1): its verb and argument, or why it is none. Pure.

Only CRLF ends a line. Two servers that disagree on where a line ends can be played against each other, so a
bare CR or LF is refused like every other control character; the dialogue goes on behind it.
"""

import re

from mta.reply import Reply

COMMAND_LIMIT = 4096
"""Octets; RFC 5321 §4.5.3.1.4 asks for 512, and for more with every extension (RFC 3461 §5.4: 500 each)."""

_END = b"\r\n"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_WITH_UTF8 = {"MAIL", "RCPT", "VRFY", "EXPN"}  # RFC 6531 §3.4, §3.7.4

_BARE_LF = Reply(500, "5.5.2", "a command must end with CRLF, not with a bare LF")
_CONTROL_CHARACTER = Reply(500, "5.5.2", "a command may not have control characters in it")
_NOT_ASCII = Reply(500, "5.5.2", "a command must be in ASCII")
_NOT_UTF8 = Reply(500, "5.5.2", "what is beyond ASCII must be in UTF-8")
_EMPTY = Reply(500, "5.5.2", "an empty line is no command")
TOO_LONG = Reply(500, "5.5.2", f"a command may have {COMMAND_LIMIT} octets here")


def parse_command_line(line: bytes) -> tuple[str, str] | Reply:
    """The verb in upper case and its argument without blanks around it, or the reply that refuses the line.

    Args:
        line: up to and with its LF.
    """
    if refusal := _refusal(line):
        return refusal
    try:
        text = line[:-2].decode()
    except UnicodeDecodeError:
        return _NOT_UTF8
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    if not text.isascii() and verb not in _WITH_UTF8:
        return _NOT_ASCII
    return (verb, argument.strip(" ")) if verb else _EMPTY


def _refusal(line: bytes) -> Reply | None:
    """Why the line cannot be looked at further."""
    if len(line) > COMMAND_LIMIT:
        return TOO_LONG
    if line[-2:] != _END:
        return _BARE_LF
    return _CONTROL_CHARACTER if _CONTROL.search(line, 0, len(line) - 2) else None
