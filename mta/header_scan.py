"""The facts of a header block that the decision about a mail needs, found in bounded time.

The block is not parsed: a full parser spends seconds on a hostile one (30,000 encoded words in a Subject),
and this runs in the service's own process. Only the fields that matter are looked at, and the block has a
limit.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

from store.outbox import LOOP_FIELD

HEADER_LIMIT = 256 * 1024
"""Octets of a header block."""

_PROGRAMS_FIELDS = ("List-Post", "Mailing-List", "X-Autoreply", "X-Autorespond")
"""Fields that lists without a List-Id and answering machines without Auto-Submitted write."""
_REPORT = "multipart/report"  # RFC 6522: a bounce, a receipt
_FIELDS = (
    *("From", "Message-ID", "Date", "Auto-Submitted", "Precedence", "List-Id", "Received", LOOP_FIELD),
    *("DKIM-Signature", "ARC-Seal", "Content-Type"),
    *_PROGRAMS_FIELDS,
)
# RFC 5322 §4.5 lets old mails have blanks before the colon.
_FIELD = re.compile(
    rb"^(" + "|".join(_FIELDS).encode() + rb")[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_LOOP_FIELD = LOOP_FIELD.lower().encode()
_AFTER_KEYWORD = re.compile(r"[;(\s]")
_MESSAGE_ID_LIMIT = 998


class HeaderTooLarge(Exception):  # noqa: N818 - named as what is wrong
    """The header block has more than `HEADER_LIMIT` octets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderFacts:
    """What the header block says of a mail's origin."""

    authors: tuple[str, ...] = ()
    """The value of every From field, unfolded."""
    message_id: str = ""
    """The first Message-ID, with its angle brackets."""
    dated: bool = False
    """Whether there is a Date field."""
    auto_submitted: str = ""
    """The keyword of RFC 3834 §5 in lower case; empty if the field is not there."""
    precedence: str = ""
    """In lower case."""
    listed: bool = False
    """Whether there is a List-Id field (RFC 2919)."""
    programs_mark: str = ""
    """What else a list, an answering machine or a mail system's report shows itself by; empty for none."""
    looped: bool = False
    """Whether a notice of ours began it."""
    hops: int = 0
    """How many Received fields there are."""
    signed: bool = False
    """Whether there is a DKIM-Signature field (RFC 6376)."""
    sealed: bool = False
    """Whether there is an ARC-Seal field (RFC 8617)."""


def header_block(message: bytes) -> bytes:
    """The header fields with their line ends, without the empty line.

    Raises:
        HeaderTooLarge: it has more than `HEADER_LIMIT` octets.
    """
    if message.startswith(b"\r\n"):
        return b""
    end = message.find(b"\r\n\r\n", 0, HEADER_LIMIT + 2)
    if end >= 0:
        return message[: end + 2]
    if len(message) > HEADER_LIMIT:
        raise HeaderTooLarge
    return message


def scan_header(message: bytes) -> HeaderFacts:
    """The facts of the message's header block.

    Raises:
        HeaderTooLarge: see `header_block`.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(header_block(message)):
        found.setdefault(name.lower(), []).append(value)

    def first(name: bytes) -> str:
        values = found.get(name)
        return _unfolded(values[0]) if values else ""

    return HeaderFacts(
        authors=tuple(map(_unfolded, found.get(b"from", ()))),
        message_id=first(b"message-id")[:_MESSAGE_ID_LIMIT],
        dated=b"date" in found,
        auto_submitted=_keyword(first(b"auto-submitted")),
        precedence=_keyword(first(b"precedence")),
        listed=b"list-id" in found,
        programs_mark=_REPORT if _keyword(first(b"content-type")) == _REPORT else _programs_field(found),
        looped=_LOOP_FIELD in found,
        hops=len(found.get(b"received", ())),
        signed=b"dkim-signature" in found,
        sealed=b"arc-seal" in found,
    )


def _programs_field(found: Container[bytes]) -> str:
    return next((name for name in _PROGRAMS_FIELDS if name.lower().encode() in found), "")


def _unfolded(value: bytes) -> str:
    return readable(value.replace(b"\r\n", b"").strip())


def _keyword(value: str) -> str:
    """The value without comments and parameters: `auto-replied` of `auto-replied (vacation); x=y`."""
    return _AFTER_KEYWORD.split(value, maxsplit=1)[0].lower() if value else ""


def readable(octets: bytes) -> str:
    """Header octets as text: UTF-8 (RFC 6532), or else the old habit of Western European 8-bit text."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")
