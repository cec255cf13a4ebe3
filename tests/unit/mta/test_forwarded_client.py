"""The PROXY header and the attributes of XFORWARD and XCLIENT: read rightly, or refused by name."""

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mta.smtp.command import SyntaxRefused
from mta.smtp.forwarded_client import XCLIENT_ATTRIBUTES, XFORWARD_ATTRIBUTES, parse_attributes
from mta.smtp.proxy_protocol import HEADER_LIMIT, ProxyHeader, ProxyHeaderMalformed, parse_proxy_header

V2 = b"\r\n\r\n\x00\r\nQUIT\n"
ADDRESSES = st.ip_addresses()


def v1(client: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> bytes:
    here = "10.0.0.1" if client.version == 4 else "::1"
    return f"PROXY TCP{client.version} {client} {here} {port} 25\r\n".encode()


def v2(client: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int, extensions: bytes = b"") -> bytes:
    block = client.packed * 2 + struct.pack("!HH", port, 25) + extensions
    family = 0x11 if client.version == 4 else 0x21
    return V2 + bytes([0x21, family]) + struct.pack("!H", len(block)) + block


@given(ADDRESSES, st.integers(0, 65535), st.binary(max_size=50), st.binary(max_size=300), st.booleans())
def test_a_header_is_read_when_it_is_whole_and_not_before(
    client: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
    rest: bytes,
    extensions: bytes,
    new: bool,  # noqa: FBT001 - drawn
) -> None:
    header = v2(client, port, extensions) if new else v1(client, port)
    for cut in range(len(header)):
        assert parse_proxy_header(header[:cut]) is None
    found = parse_proxy_header(header + rest)
    assert found is not None
    assert found.length == len(header)
    mapped = client.ipv4_mapped if isinstance(client, ipaddress.IPv6Address) else None
    assert found.client_address == str(mapped or client)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 1.2.3.4 ", V2, V2 + b"\x21\x11"])
)
def test_any_octets_are_a_header_or_refused(octets: bytes, start: bytes) -> None:
    with contextlib.suppress(ProxyHeaderMalformed):
        header = parse_proxy_header(start + octets)
        assert header is None or 0 < header.length <= len(start + octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"PROXY\r\n",
        b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        b"PROXY TCP4 ::1 ::1 1 2\r\n",
        b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
        b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        b"PROXY UNIX a b\r\n",
        b"PROXY UNKNOWN " + b"x" * 200,
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        b"GET / HTTP/1.1\r\n",
        V2 + b"\x11\x11\x00\x0c",
        V2 + b"\x22\x11\x00\x0c",
        V2 + b"\x21\x12\x00\x0c",
        V2 + b"\x21\x11\x00\x0b",
        V2 + b"\x21\x21\x00\x0c",
        V2 + b"\x21\x41\x00\xff",
        V2 + b"\x20\x00" + struct.pack("!H", HEADER_LIMIT),
    ],
)
def test_what_is_no_header(octets: bytes) -> None:
    with pytest.raises(ProxyHeaderMalformed):
        parse_proxy_header(octets)


def test_a_load_balancer_may_speak_for_itself_or_not_know() -> None:
    assert parse_proxy_header(V2 + b"\x20\x00\x00\x02ab") == ProxyHeader(
        length=18, client_address="", own=True
    )
    assert parse_proxy_header(V2 + b"\x21\x00\x00\x00") == ProxyHeader(length=16, client_address="")
    assert parse_proxy_header(V2 + b"\x21\x31\x00\xd8" + bytes(216)) == ProxyHeader(
        length=232, client_address=""
    )
    assert parse_proxy_header(b"PROXY UNKNOWN ff::1 :: 1 2\r\n") == ProxyHeader(length=28, client_address="")


@given(st.text(max_size=80))
def test_any_text_is_attributes_or_refused(text: str) -> None:
    for known in (XFORWARD_ATTRIBUTES, XCLIENT_ATTRIBUTES):
        for argument in (text, f"ADDR={text}", f"HELO={text}", f"PORT={text}"):
            with contextlib.suppress(SyntaxRefused):
                attributes = parse_attributes(argument, known)
                assert set(attributes) <= set(known)
                assert all(value.isascii() and value.isprintable() for value in attributes.values())


@pytest.mark.parametrize(
    ("argument", "attributes"),
    [
        ("addr=192.0.2.1 Helo=c.example", {"ADDR": "192.0.2.1", "HELO": "c.example"}),
        ("ADDR=IPv6:2001:DB8:0::1", {"ADDR": "2001:db8::1"}),
        ("ADDR=2001:db8::1", {"ADDR": "2001:db8::1"}),
        ("ADDR=::ffff:192.0.2.1", {"ADDR": "192.0.2.1"}),
        ("ADDR=[unavailable] NAME=[TEMPUNAVAIL] PORT=[UNAVAILABLE]", {"ADDR": "", "NAME": "", "PORT": ""}),
        ("HELO=a+2Bb PORT=0 PROTO=ESMTP", {"HELO": "a+b", "PORT": "0", "PROTO": "ESMTP"}),
    ],
)
def test_attributes(argument: str, attributes: dict[str, str]) -> None:
    assert parse_attributes(argument, XFORWARD_ATTRIBUTES) == attributes


@pytest.mark.parametrize(
    "argument",
    [
        "", "ADDR", "ADDR=", "ADDR=x", "NAME=a NAME=b", "X=1", "PORT=-1", "PORT=65536", "HELO=a+20b",
        "HELO=" + "x" * 256,
    ],
)  # fmt: skip
def test_malformed_attributes_are_refused(argument: str) -> None:
    with pytest.raises(SyntaxRefused, match=r"501 5\.5\.4"):
        parse_attributes(argument, XFORWARD_ATTRIBUTES)
