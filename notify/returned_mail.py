"""What of the sender's mail a report carries as its last part (RFC 3461 §4.3, RFC 6522 §3): pure.

The header block goes with every report, as `text/rfc822-headers`. The whole mail goes with a failure if the
sender asked for it (RET=FULL), octet for octet as `message/rfc822`, unless it is larger than `FULL_LIMIT` or
could not pass through SMTP again; then its header block stands for it.
"""

import quopri
import re

from store.mail import ReturnContent

FULL_LIMIT = 5_000_000
"""Octets of a mail that is returned whole: a notice that the smarthost refuses for its size is lost, and many
take no more than 10 MB."""
HEADERS_LIMIT = 256 * 1024
"""Octets of a header block; intake takes no longer one."""

_LINE_LIMIT = 998
"""RFC 5322 §2.1.1."""
_LONG_LINE = re.compile(rb"[^\r\n]{%d}" % (_LINE_LIMIT + 1))
_BARE = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n")


def octets_needed(wanted: ReturnContent | None, *, success: bool, phi_free: bool) -> int:
    """How many octets of the mail `returned_part` looks at, from its beginning; 0 if it returns nothing."""
    if phi_free:
        return 0
    return FULL_LIMIT + 1 if wanted is ReturnContent.FULL and not success else HEADERS_LIMIT


def returned_part(mail: bytes, wanted: ReturnContent | None, *, success: bool, phi_free: bool) -> bytes:
    """The last part with its own header; empty if nothing is returned, as always with `phi_free`.

    `mail` is the mail as received, or so much of its beginning as `octets_needed` says.
    """
    if phi_free or not mail:
        return b""
    if wanted is ReturnContent.FULL and not success and len(mail) <= FULL_LIMIT and _passes_smtp(mail):
        encoding = b"7bit" if mail.isascii() else b"8bit"
        return _part(b"message/rfc822", encoding, mail)
    headers = mail.partition(b"\r\n\r\n")[0].removesuffix(b"\r\n") + b"\r\n"
    if headers.isascii() and _passes_smtp(headers):
        return _part(b"text/rfc822-headers", b"7bit", headers)
    return _part(b"text/rfc822-headers", b"quoted-printable", _quoted(headers))


def _part(media_type: bytes, encoding: bytes, content: bytes) -> bytes:
    fields = b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n" % (media_type, encoding)
    return fields + b"\r\n" + content


def _passes_smtp(octets: bytes) -> bool:
    """Whether it can be sent as it is: no NUL, no bare CR or LF, no line over the limit (RFC 5321 §2.3.8)."""
    return not (_BARE.search(octets) or _LONG_LINE.search(octets))


def _quoted(headers: bytes) -> bytes:
    """As quoted-printable, which RFC 6522 §4 allows for header blocks that are not legal by themselves."""
    quoted = quopri.encodestring(headers.replace(b"\r\n", b"\n"))
    return quoted.replace(b"\n", b"\r\n")
