"""The key by which a mail and its re-delivery are one.

A client that never saw the 250 sends the same mail again: same Message-ID, same envelope, same content. What
servers on the way add or sign anew may differ, so those fields do not count, and neither do the boundaries
between MIME parts: a client that puts its mail together anew for each try draws new ones. Anything else that
differs makes it another mail, even under a Message-ID that was used before.
"""

import hashlib
import re
from itertools import islice

from mta.header_scan import HeaderFacts, header_block
from store.mail import Envelope

_TRACE = re.compile(
    rb"^(?:Received|Received-SPF|X-Received|Return-Path|Delivered-To|X-Original-To|Authentication-Results"
    rb"|DKIM-Signature|DomainKey-Signature|ARC-[A-Z-]+)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*(?:\r\n)?",
    re.IGNORECASE | re.MULTILINE,
)

# RFC 2046 §5.1.1: at most 70 characters. Shorter ones than eight are not drawn by chance.
_BOUNDARY = re.compile(rb"""\bboundary=(?:"([^"\r\n]{8,70})"|([^\s";]{8,70}))""", re.IGNORECASE)
_MOST_BOUNDARIES = 50


def dedupe_key(*, envelope: Envelope, header: HeaderFacts, message: bytes, nonce: str) -> str:
    """A SHA-256 as 64 hexadecimal digits.

    Args:
        envelope: of this delivery; the order of its recipients does not count.
        header: scanned from the message.
        message: as received.
        nonce: a text that never comes twice. It counts where the mail has neither a Message-ID nor a Date:
            some devices send every page so, and two equal pages on two days are two faxes.
    """
    message = _without_boundaries(message)
    block = header_block(message)
    digest = hashlib.sha256()
    for text in (header.message_id, envelope.return_path, *sorted(envelope.recipients)):
        _add(digest, text.encode(errors="surrogateescape"))
    if not header.message_id and not header.dated:
        _add(digest, nonce.encode())
    _add(digest, _TRACE.sub(b"", block))
    digest.update(memoryview(message)[len(block) :])
    return digest.hexdigest()


def _without_boundaries(message: bytes) -> bytes:
    named = (quoted or bare for quoted, bare in _BOUNDARY.findall(message))
    # The longest first: one may be the beginning of another.
    for boundary in sorted(set(islice(named, _MOST_BOUNDARIES)), key=len, reverse=True):
        message = message.replace(boundary, b"")
    return message


def _add(digest: "hashlib._Hash", octets: bytes) -> None:
    """Each text with its length before it, so that two lists of texts never look alike."""
    digest.update(b"%d:" % len(octets))
    digest.update(octets)
