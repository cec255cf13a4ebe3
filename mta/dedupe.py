"""The key by which a mail and its re-delivery are one.

A client that never saw the 250 sends the same mail again: same Message-ID, same envelope, same content. What
servers on the way add or sign anew may differ, so those fields do not count, and neither do the boundaries
between MIME parts: a client that puts its mail together anew for each try draws new ones. Anything else that
differs makes it another mail, even under a Message-ID that was used before.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import islice

from mta.header_scan import HEADER_LIMIT, HeaderFacts
from store.mail import Envelope

_TRACE = re.compile(
    rb"^(?:Received|Received-SPF|X-Received|Return-Path|Delivered-To|X-Original-To|Authentication-Results"
    rb"|DKIM-Signature|DomainKey-Signature|ARC-[A-Z-]+)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*(?:\r\n)?",
    re.IGNORECASE | re.MULTILINE,
)

# RFC 2046 §5.1.1: at most 70 characters. Shorter ones than eight are not drawn by chance.
_BOUNDARY = re.compile(rb"""boundary=(?:"([^"\r\n]{8,70})"|([^\s";]{8,70}))""", re.IGNORECASE)
_DELIMITER = b"\r\n--"
_SEAM = 100
"""Octets; longer than a boundary with all that announces it, so that none is cut in two between pieces."""
_SMALL = 16 * 1024
_HELD = 2047
"""Octets; with more in one call, hashlib lets other threads run meanwhile."""
_MOST_BOUNDARIES = 50
_MOST_DELIMITERS = 20_000
"""A mail with more is digested as it is from there on: the search must not cost too much."""


class ContentDigest:
    """The content of a mail without what may differ, digested piece by piece while it arrives.

    It comes to the same whatever the pieces are.
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._head = bytearray()
        self._in_body = False
        self._tail = b""
        self._boundaries: list[bytes] = []
        self._delimiters = 0
        self._header = b""

    def add(self, octets: bytes) -> None:
        """The next octets of the message."""
        if self._in_body:
            self._digest(self._tail + octets, last=False)
            return
        self._head += octets
        end = _header_end(self._head)
        if end >= 0:
            self._begin_body(end)

    def finish(self) -> tuple[bytes, bytes]:
        """The header block without its trace fields, and the SHA-256 of what follows it.

        The message is whole then.
        """
        if not self._in_body:
            self._begin_body(len(self._head))
        self._digest(self._tail, last=True)
        return self._header, self._sha.digest()

    def _begin_body(self, end: int) -> None:
        """The header block ends here."""
        block, rest = bytes(self._head[:end]), bytes(self._head[end:])
        self._head.clear()
        self._in_body = True
        self._header = _TRACE.sub(b"", block)
        for start, stop in reversed(self._announced(self._header, len(self._header))):
            self._boundaries.append(self._header[start:stop])
            self._header = self._header[:start] + self._header[stop:]
        self._digest(rest, last=False)

    def _digest(self, octets: bytes, *, last: bool) -> None:
        """Digest octets, up to what may go on in the next piece."""
        end = len(octets) if last else max(0, len(octets) - _SEAM)
        position = 0
        view = memoryview(octets)
        for start, stop in self._cuts(octets, end):
            self._update(view[position:start])
            position = stop
        if position < end:
            self._update(view[position:end])
            position = end
        self._tail = octets[position:]

    def _update(self, octets: memoryview) -> None:
        # To get the interpreter back from the thread that commits mails takes longer than a small digest.
        if len(octets) > _SMALL:
            self._sha.update(octets)
            return
        for start in range(0, len(octets), _HELD):
            self._sha.update(octets[start : start + _HELD])

    def _cuts(self, octets: bytes, end: int) -> Iterator[tuple[int, int]]:
        """Where boundaries that begin before `end` stand, in order: as announced, and as delimiters."""
        if not self._boundaries:
            # One is announced in the header, or in the head of a part, before which one stands.
            return
        announced = self._announced(octets, end)
        done = 0
        delimiters = self._delimiter_lines(octets, end)
        for start, stop, is_announced in sorted(
            [*((start, stop, True) for start, stop in announced), *((at, at, False) for at in delimiters)]
        ):
            if start < done:
                continue
            if is_announced:
                self._boundaries.append(octets[start:stop])
                # The longest first: one may be the beginning of another.
                self._boundaries.sort(key=len, reverse=True)
                done = stop
                yield start, stop
            elif boundary := next((b for b in self._boundaries if octets.startswith(b, start)), None):
                done = start + len(boundary)
                yield start, done

    def _announced(self, octets: bytes, end: int) -> list[tuple[int, int]]:
        # Two searches for plain octets are far quicker than one that ignores case.
        if b"oundary=" not in octets and b"OUNDARY=" not in octets:
            return []
        room = max(0, _MOST_BOUNDARIES - len(self._boundaries))
        found = islice(_BOUNDARY.finditer(octets), room)
        return [match.span(match.lastindex or 0) for match in found if match.start() < end]

    def _delimiter_lines(self, octets: bytes, end: int) -> Iterator[int]:
        """Where the text after CRLF and two dashes begins."""
        at = octets.find(_DELIMITER)
        while 0 <= at < end and self._delimiters < _MOST_DELIMITERS:
            self._delimiters += 1
            yield at + len(_DELIMITER)
            at = octets.find(_DELIMITER, at + 1)


def _header_end(head: bytearray) -> int:
    """Where the header block ends, or -1 while that cannot be told. One that is too large is none."""
    if head.startswith(b"\r\n"):
        return 0
    end = head.find(b"\r\n\r\n", 0, HEADER_LIMIT + 2)
    if end >= 0:
        return end + 2
    return 0 if len(head) > HEADER_LIMIT else -1


def digest_of(message: bytes) -> ContentDigest:
    """The digest of a message that is there as a whole."""
    content = ContentDigest()
    content.add(message)
    return content


def dedupe_key(*, envelope: Envelope, header: HeaderFacts, content: ContentDigest, nonce: str) -> str:
    """A SHA-256 as 64 hexadecimal digits.

    Args:
        envelope: of this delivery; the order of its recipients does not count.
        header: scanned from the message.
        content: of the message as received; finished here.
        nonce: a text that never comes twice. It counts where the mail has neither a Message-ID nor a Date:
            some devices send every page so, and two equal pages on two days are two faxes.
    """
    block, body = content.finish()
    texts = [header.message_id, envelope.return_path, *sorted(envelope.recipients)]
    if not header.message_id and not header.dated:
        texts.append(nonce)
    counted = [text.encode(errors="surrogateescape") for text in texts]
    # Each with its length before it, so that two lists of texts never look alike.
    told = b"".join([b"%d:%b" % (len(octets), octets) for octets in (*counted, block)])
    return hashlib.sha256(told + body).hexdigest()
