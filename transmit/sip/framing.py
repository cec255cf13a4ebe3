"""Messages in a stream: where one ends and the next begins (RFC 3261 §18.3, RFC 5626 §3.5.1).

Incremental: it takes octets as they come, in any pieces, and its work is in proportion to them.
"""

import re

from transmit.sip.message import SipError

PING = b"\r\n\r\n"
"""What a peer sends to see whether the connection lives; it wants a `PONG`."""
PONG = b"\r\n"

LARGEST_HEAD = 16 * 1024
LARGEST_BODY = 64 * 1024

_LINE_BREAKS = (b"", b"\r", b"\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d{1,6})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_NAMED = re.compile(rb"^(?:content-length|l)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_LONGEST_END = len(b"\r\n\r\n")


class MessageSplitter:
    """Cuts one connection's octets into messages."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._looked_at = 0
        self._whole = 0
        """Length of the message that has begun; 0 as long as its head is not complete."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Takes octets and gives what is complete with them: messages, and each `PING`.

        Raises:
            SipError: what comes is no SIP, or too large; the connection is of no use any more.
        """
        self._octets += octets
        found: list[bytes] = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> bytes | None:
        if not self._whole and self._octets[:1] in _LINE_BREAKS:
            if not self._skip_line_breaks():
                return None
            if self._octets.startswith(PING):
                return self._take(len(PING))
        if not self._whole:
            self._read_head()
        if not self._whole or len(self._octets) < self._whole:
            return None
        return self._take(self._whole)

    def _skip_line_breaks(self) -> bool:
        """Comes to a message or a `PING`; False where more octets must tell which of them it is."""
        while self._octets[:1] in _LINE_BREAKS:
            begun = bytes(self._octets[: len(PING)])
            if begun == PING or PING.startswith(begun):
                return begun == PING
            del self._octets[:1]
        return True

    def _read_head(self) -> None:
        end = _HEAD_END.search(self._octets, max(0, self._looked_at - _LONGEST_END))
        self._looked_at = len(self._octets)
        if end is None:
            if len(self._octets) > LARGEST_HEAD:
                raise SipError("the header does not end")
            return
        if end.end() > LARGEST_HEAD:
            raise SipError("the header is too long")
        self._whole = end.end() + _length_of(bytes(self._octets[: end.end()]))

    def _take(self, length: int) -> bytes:
        message = bytes(self._octets[:length])
        del self._octets[:length]
        self._whole = self._looked_at = 0
        return message


def _length_of(head: bytes) -> int:
    """Content-Length; without one there is no body."""
    lengths = {int(value) for value in _LENGTH.findall(head)}
    if len(lengths) > 1 or len(_LENGTH.findall(head)) != len(_NAMED.findall(head)):
        raise SipError("Content-Length cannot be read")
    length = lengths.pop() if lengths else 0
    if length > LARGEST_BODY:
        raise SipError("the body is too long")
    return length
