"""The client that a mail server of ours speaks for: the attributes of XFORWARD and XCLIENT. Pure.

Both are extensions of Postfix, described in its XFORWARD_README and XCLIENT_README. Values are xtext; an
attribute that is not known is written `[UNAVAILABLE]`, or `[TEMPUNAVAIL]` where it may be known later.
"""

import ipaddress
from collections.abc import Iterable, Mapping

from mta.reply import Reply
from mta.smtp.command import SyntaxRefused
from mta.smtp.xtext import decode_xtext

XFORWARD_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
XCLIENT_ATTRIBUTES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
VALUE_LIMIT = 255
"""Characters of a value."""

_UNKNOWN = {"[UNAVAILABLE]", "[TEMPUNAVAIL]"}
_HIGHEST_PORT = 65535

_MALFORMED = Reply(501, "5.5.4", "write NAME=value, in xtext, for each attribute")
_NOT_KNOWN = Reply(501, "5.5.4", "an attribute is not known here")
_BAD_VALUE = Reply(501, "5.5.4", "the value of an attribute is malformed")


def parse_attributes(argument: str, known: Iterable[str]) -> dict[str, str]:
    """The attributes of one command by name, decoded; an empty value is one that is said to be not known.

    Args:
        argument: what follows the verb.
        known: the names that the command may have.

    Raises:
        SyntaxRefused: the argument is malformed.
    """
    attributes: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition("=")
        name = name.upper()
        if not equals or name in attributes:
            raise SyntaxRefused(_MALFORMED)
        if name not in known:
            raise SyntaxRefused(_NOT_KNOWN)
        attributes[name] = _value(name, value)
    if not attributes:
        raise SyntaxRefused(_MALFORMED)
    return attributes


def client_address(attributes: Mapping[str, str]) -> str:
    """The client's IP address, or an empty text where it is not known or the mail began on the front end."""
    return attributes.get("ADDR", "")


def _value(name: str, value: str) -> str:
    decoded = decode_xtext(value)
    if decoded is None or not 0 < len(value) <= VALUE_LIMIT or " " in decoded:
        raise SyntaxRefused(_BAD_VALUE)
    if decoded.upper() in _UNKNOWN:
        return ""
    if name in {"ADDR", "DESTADDR"}:
        return _address(decoded)
    if name in {"PORT", "DESTPORT"} and not _is_port(decoded):
        raise SyntaxRefused(_BAD_VALUE)
    return decoded


def _address(text: str) -> str:
    """An IP address as it is written everywhere, IPv6 with or without its tag."""
    try:
        address = ipaddress.ip_address(text[5:] if text.upper().startswith("IPV6:") else text)
    except ValueError:
        raise SyntaxRefused(_BAD_VALUE) from None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _is_port(text: str) -> bool:
    return text.isdigit() and len(text) <= len(str(_HIGHEST_PORT)) and int(text) <= _HIGHEST_PORT
