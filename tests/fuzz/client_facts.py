"""Fuzz target: what a front end says of the client it speaks for: PROXY headers, XFORWARD, XCLIENT."""

import contextlib
import ipaddress

from mta.smtp.command import SyntaxRefused
from mta.smtp.forwarded_client import (
    XCLIENT_ATTRIBUTES,
    XFORWARD_ATTRIBUTES,
    client_address,
    parse_attributes,
)
from mta.smtp.proxy_protocol import HEADER_LIMIT, ProxyHeader, ProxyHeaderMalformed, parse_proxy_header

USUAL = 4096
LARGEST = 8192

WORDS = (
    b"PROXY ", b"TCP4 ", b"TCP6 ", b"UNKNOWN", b"\r\n", b"\r\n\r\n\x00\r\nQUIT\n", b"\x21\x11\x00\x0c",
    b"\x21\x21\x00\x24", b"\x20\x00\x00\x00", b"NAME=", b" ADDR=", b" PORT=", b" PROTO=SMTP", b" HELO=",
    b" IDENT=", b" SOURCE=LOCAL", b" LOGIN=", b" DESTADDR=", b" DESTPORT=", b"[UNAVAILABLE]",
    b"[TEMPUNAVAIL]", b"IPV6:", b"::ffff:", b"+20", b"%eth0",
)  # fmt: skip


def check(octets: bytes) -> None:
    """A header is the same however it arrives, and an address is written as it is everywhere."""
    _check_proxy_header(octets)
    text = octets.decode("utf-8", errors="replace")
    for known in (XFORWARD_ATTRIBUTES, XCLIENT_ATTRIBUTES):
        with contextlib.suppress(SyntaxRefused):
            _check_attributes(parse_attributes(text, known), known)


def _check_proxy_header(octets: bytes) -> None:
    outcome = _parsed(octets)
    if outcome is None:
        assert len(octets) < HEADER_LIMIT
    if not isinstance(outcome, ProxyHeader):
        return
    assert 0 < outcome.length <= min(HEADER_LIMIT, len(octets))
    _check_address(outcome.client_address)
    assert not (outcome.own and outcome.client_address)
    assert _parsed(octets[: outcome.length]) == outcome
    for length in {0, 1, 12, 16, outcome.length // 2, outcome.length - 1} - {outcome.length}:
        assert length > outcome.length or _parsed(octets[:length]) is None


def _parsed(octets: bytes) -> ProxyHeader | ProxyHeaderMalformed | None:
    try:
        return parse_proxy_header(octets)
    except ProxyHeaderMalformed as malformed:
        return malformed


def _check_attributes(attributes: dict[str, str], known: tuple[str, ...]) -> None:
    assert attributes
    assert attributes.keys() <= set(known)
    assert all(value.isascii() and value.isprintable() and " " not in value for value in attributes.values())
    _check_address(client_address(attributes))
    for name in {"PORT", "DESTPORT"} & attributes.keys():
        assert attributes[name] == "" or 0 <= int(attributes[name]) <= 65535


def _check_address(text: str) -> None:
    assert text == "" or str(ipaddress.ip_address(text)) == text
