"""Addresses and URIs as peers write them: taken apart, never re-encoded (RFC 3261 §19.1, §20.10)."""

import re
from urllib.parse import unquote

from config.values import HostPort

DEFAULT_PORT = 5060
HIGHEST_PORT = 65535

_TAG = re.compile(r";\s*tag\s*=\s*([^;,\s]+)", re.IGNORECASE)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
"""A quoted string: what stands in it separates nothing (RFC 3261 §25.1)."""
_BRACKETED = re.compile(r"<([^>]*)>")
_URI = re.compile(
    r"sips?:(?:(?P<user>[^@<>\s]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?(?=[;?]|$)",
    re.IGNORECASE | re.ASCII,
)  # RFC 3261 §19.1.1; the parser's own does not take a user part with parameters


def tag_of(address: str) -> str:
    """The tag parameter of a From or To value, verbatim; empty if there is none."""
    outside = address.rpartition(">")[2] if ">" in address else address
    found = _TAG.search(outside)
    return found[1] if found else ""


def uri_of(address: str) -> str:
    """The URI of a From, To, Contact, Route or Record-Route value, verbatim."""
    found = _BRACKETED.search(QUOTED.sub("", address))
    return found[1] if found else address.partition(";")[0].strip()


def user_of(address: str) -> str:
    """The user part of an address's URI, decoded; empty if there is none."""
    return user_in(uri_of(address))


def user_in(uri: str) -> str:
    """The user part of a SIP URI with its parameters, or the number of a tel URI (RFC 3966); decoded."""
    if uri.lower().startswith("tel:"):
        return uri[4:].partition(";")[0]
    found = _URI.match(uri)
    return unquote((found["user"] or "").partition(":")[0]) if found else ""


def host_of(uri: str, default_port: int = DEFAULT_PORT) -> HostPort | None:
    """Host and port of a SIP URI, or None where it has none."""
    found = place_of(uri)
    return HostPort(found[0], default_port if found[1] is None else found[1]) if found else None


def place_of(uri: str) -> tuple[str, int | None] | None:
    """Host, without brackets, and port of a SIP URI, where it has one; None if it is no SIP URI."""
    found = _URI.match(uri)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port <= HIGHEST_PORT):
        return None
    return found["host"].strip("[]"), port
