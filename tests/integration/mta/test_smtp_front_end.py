"""LMTP, XFORWARD, XCLIENT, the PROXY protocol and implicit TLS: who a mail is said to come from."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import uvloop
from smtp_certificate import make_certificate
from smtp_desk import Desk, open_desk
from smtp_house import DOMAIN, Client
from structlog.testing import capture_logs

from config.values import HostPort

MAIL = b"From: a@b.example\r\nSubject: Referral\r\n\r\nBody.\r\n"
BEGIN = f"MAIL FROM:<a@b.example>\r\nRCPT TO:<1@{DOMAIN}>\r\nDATA\r\n".encode()
HERE = ["127.0.0.0/8"]
V2 = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def deliver(client: Client, *, replies: int = 4) -> list[str]:
    client.send(BEGIN + MAIL + b".\r\n")
    return [await client.reply() for _ in range(replies)]


def origins(desk: Desk) -> list[tuple[str, str]]:
    return [(delivery.client_address, delivery.helo) for delivery, _ in desk.intake.taken]


async def test_lmtp_on_a_unix_socket_answers_each_recipient(tmp_path: Path) -> None:
    async with open_desk({"lmtp": f"unix:{tmp_path}/lmtp"}) as desk, desk.client(hello="") as client:
        assert (await client.reply()) == f"220 {DOMAIN} LMTP Postfax"
        assert (await client.say("EHLO mx.example")).startswith("500 5.5.1 ")
        assert "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE" in await client.say("LHLO mx.example")
        assert (await client.say("XFORWARD ADDR=192.0.2.9 HELO=client.example")).startswith("250 ")
        await client.say("MAIL FROM:<a@b.example>")
        for number in (1, 2, 1):
            assert (await client.say(f"RCPT TO:<{number}@{DOMAIN}>")).startswith("250 ")
        assert (await client.say("RCPT TO:<3@elsewhere.example>")).startswith("550 ")
        assert (await client.say("DATA")).startswith("354 ")
        client.send(MAIL + b".\r\nNOOP\r\n")
        assert [await client.reply() for _ in range(4)] == ["250 2.0.0 accepted as MAIL-1"] * 3 + [
            "250 2.0.0 ok"
        ]
    assert origins(desk) == [("192.0.2.9", "client.example")]
    assert desk.only.envelope.recipients == (f"1@{DOMAIN}", f"2@{DOMAIN}")


async def test_lmtp_owes_a_reply_to_each_recipient_of_a_refused_mail_too(tmp_path: Path) -> None:
    listener = {"lmtp": f"unix:{tmp_path}/lmtp"}
    async with open_desk(listener, max_size="1 kB") as desk, desk.client(hello="LHLO mx.example") as client:
        begin = f"MAIL FROM:<>\r\nRCPT TO:<1@{DOMAIN}>\r\nRCPT TO:<2@{DOMAIN}>\r\n".encode()
        client.send(begin + b"DATA\r\n" + b"x" * 1500 + b"\r\n.\r\n")
        assert [(await client.reply())[:3] for _ in range(6)] == ["250", "250", "250", "354", "552", "552"]
        client.send(begin + b"BDAT 1100 LAST\r\n" + b"x" * 1100 + b"RSET\r\n")
        assert [(await client.reply())[:3] for _ in range(6)] == ["250"] * 3 + ["552", "552", "250"]
        client.send(begin + b"BDAT %d LAST\r\n" % len(MAIL) + MAIL + b"QUIT\r\n")
        assert [(await client.reply())[:3] for _ in range(6)] == ["250"] * 5 + ["221"]
    assert [client_address for client_address, _ in origins(desk)] == [""]


async def test_lmtp_on_tcp_needs_no_trust(tmp_path: Path) -> None:
    async with open_desk({"lmtp": "127.0.0.1:0"}) as desk, desk.client(hello="LHLO mx.example") as client:
        assert "XFORWARD" not in await client.say("LHLO mx.example")
        assert (await deliver(client))[-1].startswith("250 2.0.0 accepted")
    assert origins(desk) == [("127.0.0.1", "mx.example")]


async def test_what_is_forwarded_holds_for_one_mail_and_is_never_mixed_with_the_front_end() -> None:
    async with open_desk(front_ends=HERE) as desk, desk.client() as client:
        assert (await client.say("XFORWARD NAME=c.example ADDR=IPV6:2001:DB8::1 PROTO=ESMTP")).startswith(
            "250 "
        )
        await deliver(client)
        await deliver(client)
        await client.say("XFORWARD ADDR=192.0.2.9 HELO=one.example")
        await client.say("XFORWARD HELO=[UNAVAILABLE] IDENT=4B7C SOURCE=REMOTE")
        await deliver(client)
        await client.say("XFORWARD ADDR=192.0.2.9 HELO=one.example")
        await client.say("RSET")
        await deliver(client)
        await client.say("XFORWARD ADDR=[UNAVAILABLE] SOURCE=LOCAL")
        await deliver(client)
    assert origins(desk) == [
        ("2001:db8::1", ""),
        ("127.0.0.1", "client.example"),
        ("192.0.2.9", ""),
        ("127.0.0.1", "client.example"),
        ("", ""),
    ]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("XFORWARD", "501"),
        ("XFORWARD ADDR", "501"),
        ("XFORWARD ADDR=300.1.1.1", "501"),
        ("XFORWARD LOGIN=ana", "501"),
        ("XFORWARD HELO=a+0Ab", "501"),
        ("XCLIENT PORT=65536", "501"),
        ("XCLIENT ADDR=192.0.2.9 ADDR=192.0.2.9", "501"),
        ("MAIL FROM:<a@b.example>\r\nXFORWARD ADDR=192.0.2.9", "503"),
        ("MAIL FROM:<a@b.example>\r\nXCLIENT ADDR=192.0.2.9", "503"),
    ],
)
async def test_front_ends_make_mistakes_too(command: str, code: str) -> None:
    async with open_desk(front_ends=HERE) as desk, desk.client() as client:
        reply = await client.say(command)
        if "\r\n" in command:
            reply = await client.reply()
        assert reply.startswith(f"{code} 5.5.")
        assert (await client.say("NOOP")).startswith("250 ")


async def test_xclient_begins_the_session_anew_for_another_client() -> None:
    async with open_desk(front_ends=HERE) as desk, desk.client() as client:
        assert (await client.say("XCLIENT ADDR=192.0.2.9 NAME=c.example")).startswith("220 ")
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503 5.5.1 say EHLO")
        assert "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT" in await client.say(
            "EHLO c.example"
        )
        await deliver(client)
        assert (await client.say("XCLIENT HELO=d.example LOGIN=ana+40hospital.example")).startswith("220 ")
        await deliver(client)
        assert (await client.say("XCLIENT ADDR=[TEMPUNAVAIL] LOGIN=[UNAVAILABLE]")).startswith("220 ")
        await client.say("EHLO e.example")
        await deliver(client)
    assert origins(desk) == [("192.0.2.9", "c.example"), ("192.0.2.9", "d.example"), ("", "e.example")]
    assert [one.authenticated for one, _ in desk.intake.taken] == ["", "ana@hospital.example", ""]


def v2(command: int, family: int, block: bytes) -> bytes:
    return V2 + bytes([command, family]) + struct.pack("!H", len(block)) + block


V2_IPV4 = v2(0x21, 0x11, socket.inet_aton("192.0.2.7") + socket.inet_aton("10.0.0.1") + b"\x1f\x90\x00\x19")
V2_IPV6 = v2(
    0x21,
    0x21,
    socket.inet_pton(socket.AF_INET6, "2001:db8::7") + bytes(16) + b"\x1f\x90\x00\x19\x04\x00\x03abc",
)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 25\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 25\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", ""),
        (V2_IPV4, "192.0.2.7"),
        (V2_IPV6, "2001:db8::7"),
        (v2(0x21, 0x00, b""), ""),
        (v2(0x20, 0x00, b"\x04\x00\x03abc"), "127.0.0.1"),
    ],
)
async def test_the_proxy_header_names_the_client(header: bytes, address: str) -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    async with open_desk(listener, front_ends=HERE) as desk:
        for first, rest in (
            (header, b""),
            (header[:9], header[9:]),
            (header + b"EHLO early.example\r\n", b""),
        ):
            async with desk.client(hello="", first=first) as client:
                await asyncio.sleep(0.02)
                client.send(rest)
                assert (await client.reply()).startswith("220 ")
                ehlo = await (client.reply() if b"EHLO" in first else client.say("EHLO early.example"))
                assert ("XCLIENT" in ehlo) == (address == "127.0.0.1")
                await deliver(client)
    assert origins(desk) == [(address, "early.example")] * 3


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO client.example\r\n",
        b"PROXY TCP4 300.0.2.7 10.0.0.1 4711 25\r\n",
        b"PROXY " + b"x" * 200,
        V2 + b"\x31\x11\x00\x0c" + bytes(12),
        V2 + b"\x21\x11\xff\xff",
        V2 + b"\x21\x12\x00\x0c" + bytes(12),
    ],
)
async def test_without_a_right_header_nothing_is_said(octets: bytes) -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    async with open_desk(listener, front_ends=HERE) as desk:
        with contextlib.suppress(ConnectionResetError):
            async with desk.client(hello="", first=octets) as client:
                assert await client.reply() == ""


async def test_a_header_from_elsewhere_is_not_believed() -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    first = b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 25\r\n"
    async with open_desk(listener, front_ends=["192.0.2.0/24"]) as desk:
        with contextlib.suppress(ConnectionResetError):
            async with desk.client(hello="", first=first) as client:
                assert await client.reply() == ""


async def test_a_second_header_is_no_command() -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    header = b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 25\r\n"
    async with (
        open_desk(listener, front_ends=HERE) as desk,
        desk.client(hello="", first=header * 2) as client,
    ):
        assert (await client.reply()).startswith("220 ")
        assert (await client.reply()).startswith("500 5.5.2 ")
        await client.say("EHLO client.example")
        await deliver(client)
    assert origins(desk) == [("192.0.2.7", "client.example")]


async def test_a_header_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mta.smtp.connection.PROXY_SECONDS", 0.2)
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    async with open_desk(listener, front_ends=HERE) as desk, desk.client(hello="", first=b"PROXY") as client:
        assert await client.reply() == ""


async def look_in(*, reset: bool) -> None:
    listener = {"smtp": "127.0.0.1:0", "proxy_protocol": True}
    with capture_logs() as events:
        async with open_desk(listener, front_ends=HERE) as desk:
            assert isinstance(desk.address, HostPort)
            with socket.create_connection(desk.address) as caller:
                if reset:
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            async with desk.client(hello="", first=b"PROXY UNKNOWN\r\n") as client:
                assert (await client.reply()).startswith("220 ")
    assert [event for event in events if event["log_level"] != "info"] == []


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_a_load_balancer_may_look_whether_anybody_is_here(
    *, reset: bool, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """HAProxy does every two seconds, and resets the connection before it says anything."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(look_in(reset=reset))


async def test_implicit_tls(certificate: dict[str, str]) -> None:
    listener = {"smtp": "127.0.0.1:0", "tls": "implicit"}
    async with open_desk(listener, tls=certificate) as desk, desk.client(tls=True) as client:
        assert "STARTTLS" not in await client.say("EHLO client.example")
        assert (await client.say("STARTTLS")).startswith("503 5.5.1 ")
        assert (await deliver(client))[-1].startswith("250 ")
    assert desk.only.client_address == "127.0.0.1"


async def test_a_proxy_header_stands_before_implicit_tls(certificate: dict[str, str]) -> None:
    listener = {"smtp": "127.0.0.1:0", "tls": "implicit", "proxy_protocol": True}
    opened = open_desk(listener, tls=certificate, front_ends=HERE)
    async with opened as desk, desk.client(first=V2_IPV4, tls=True) as client:
        assert (await deliver(client))[-1].startswith("250 ")
    assert origins(desk) == [("192.0.2.7", "client.example")]


async def test_plain_text_at_an_implicit_tls_port_is_cut_off(certificate: dict[str, str]) -> None:
    listener = {"smtp": "127.0.0.1:0", "tls": "implicit"}
    async with open_desk(listener, tls=certificate) as desk:
        async with desk.client(hello="", first=b"EHLO client.example\r\n") as client:
            assert b"250" not in await asyncio.wait_for(client.reader.read(), 60)
        assert desk.intake.refused == []


@pytest.mark.parametrize("test", [test_implicit_tls, test_a_proxy_header_stands_before_implicit_tls])
def test_it_is_the_same_on_uvloop(
    test: Callable[[dict[str, str]], Coroutine[None, None, None]], certificate: dict[str, str]
) -> None:
    """Its TLS is other code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test(certificate))
