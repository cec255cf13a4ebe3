"""The facts of a header block that the decision about a mail needs, found in bounded time.

The block is not parsed: a full parser spends seconds on a hostile one (30,000 encoded words in a Subject),
and this runs in the service's own process. Only the fields that matter are looked at, and the block has a
limit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from store.outbox import LOOP_FIELD

HEADER_LIMIT = 256 * 1024
"""Octets of a header block."""

_FIELDS = (
    *("From", "Message-ID", "Date", "Auto-Submitted", "Precedence", "List-Id", "Received", LOOP_FIELD),
    *("DKIM-Signature", "ARC-Seal"),
)
# RFC 5322 §4.5 lets old mails have blanks before the colon.
_FIELD = re.compile(
    rb"^(" + "|".join(_FIELDS).encode() + rb")[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
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
    found: dict[str, list[str]] = {}
    for name, value in _fields(header_block(message)):
        found.setdefault(name, []).append(value)

    def first(name: str) -> str:
        return found.get(name, [""])[0]

    return HeaderFacts(
        authors=tuple(found.get("from", ())),
        message_id=first("message-id")[:_MESSAGE_ID_LIMIT],
        dated="date" in found,
        auto_submitted=_keyword(first("auto-submitted")),
        precedence=_keyword(first("precedence")),
        listed="list-id" in found,
        looped=LOOP_FIELD.lower() in found,
        hops=len(found.get("received", ())),
        signed="dkim-signature" in found,
        sealed="arc-seal" in found,
    )


def _fields(block: bytes) -> Iterator[tuple[str, str]]:
    for field in _FIELD.finditer(block):
        value = field[2].replace(b"\r\n", b"").strip()
        yield field[1].decode("ascii").lower(), readable(value)


def _keyword(value: str) -> str:
    """The value without comments and parameters: `auto-replied` of `auto-replied (vacation); x=y`."""
    return re.split(r"[;(\s]", value.strip(), maxsplit=1)[0].lower()


def readable(octets: bytes) -> str:
    """Header octets as text: UTF-8 (RFC 6532), or else the old habit of Western European 8-bit text."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")
