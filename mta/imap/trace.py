"""Which fields of a header our own servers wrote. Pure.

Every server puts its fields above those that it finds, and begins them with a Received field that names
itself behind `by` (RFC 5321 §4.4). So what our servers wrote stands at the top, as far down as the first
Received field of another host: that one and all below it came with the mail. Directly above it there may
already be fields from outside, behind the last ones of our own: a client may send its message with whatever
it likes at the top. What may be believed of a field in between is for its reader to say.

Ours are a host of the organisation that the trusted server belongs to, an IP address (Google writes those of
its inner hosts), and a name that exists only inside (no dot, `.local`, …). A sender may write such a Received
field too; that gains nothing over writing none at all.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import takewhile

from mta.domain_name import aligned
from mta.header_scan import readable

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.MULTILINE)
_COMMENT = re.compile(r"\([^()]*\)")
_COMMENT_DEPTH = 5
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_RECEIVED_LIMIT = 4000
"""Characters of a Received field that are looked at."""
_TWO_NAMES = {"mail.protection.outlook.com": "office365.com"}
"""Exchange Online's own hosts are called after one organisation or the other."""
_INSIDE = (".local", ".internal", ".lan", ".corp", ".intra", ".localdomain", ".home.arpa")


@dataclass(frozen=True, slots=True)
class HeaderField:
    """A header field."""

    name: str
    """In lower case."""
    value: str
    """Unfolded."""


def header_fields(block: bytes) -> Iterator[HeaderField]:
    """The fields of a header block (`mta.header_scan.header_block`), top first."""
    for field in _FIELD.finditer(block):
        value = field[2].replace(b"\r\n", b"").strip()
        yield HeaderField(field[1].decode("ascii").lower(), readable(value))


def above_other_hosts(fields: Iterable[HeaderField], trusted: str) -> list[HeaderField]:
    """The fields above the first Received field of a host that is none of ours.

    Args:
        fields: all of them, top first.
        trusted: the name of the server that is believed.
    """
    return list(takewhile(lambda field: field.name != "received" or _is_ours(field.value, trusted), fields))


def above_all_hops(fields: Iterable[HeaderField]) -> list[HeaderField]:
    """The fields above the first Received field: only the server that delivered can have written those."""
    return list(takewhile(lambda field: field.name != "received", fields))


def receiving_host(received: str) -> str:
    """Who wrote a Received field: what stands behind `by`; empty if that is not said."""
    text = received[:_RECEIVED_LIMIT]
    for _ in range(_COMMENT_DEPTH):
        text = _COMMENT.sub(" ", text)
    found = _BY.search(text)
    return found[1].lower().rstrip(".") if found else ""


def _is_ours(received: str, trusted: str) -> bool:
    host = receiving_host(received)
    return bool(host) and (
        "." not in host
        or host.endswith(_INSIDE)
        or _is_address(host)
        or aligned(host, trusted)
        or aligned(host, _TWO_NAMES.get(trusted.lower(), trusted))
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]").removeprefix("ipv6:"))
    except ValueError:
        return False
    return True
