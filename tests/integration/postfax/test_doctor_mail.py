"""What the doctor says of the ways in and out for mail, with servers on loopback."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from doctor_site import DOMAIN, issue, make_site, only, states, write_certificate

from config.mail import Smarthost
from config.values import HostPort
from notify.mailer import Mailer, Rehearsal
from postfax.demonstration.mail_sink import MailSink
from postfax.doctor.finding import Finding, State
from postfax.doctor.front_ends import front_ends
from postfax.doctor.pickup import pickup
from postfax.doctor.ports import _bindable, is_postfax, ports, privileges
from postfax.doctor.smarthost import smarthost

Dialogue = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(dialogue: Dialogue, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback; its port."""
    server = await asyncio.start_server(ended(dialogue), "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def ended(dialogue: Dialogue) -> Dialogue:
    """The dialogue, and the end of its connection."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await dialogue(reader, writer)
        writer.close()

    return converse


def saying(line: str) -> Dialogue:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{line}\r\n".encode())
        assert await reader.readline() == b"QUIT\r\n"

    return greet


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def look_at_port(
    folder: Path, port: int, *, certificate: dict[str, Path] | None = None, **listener: Any
) -> Finding:
    listen = [{"smtp": f"127.0.0.1:{port}", **listener}]
    mail: dict[str, Any] = {"listen": listen} | ({"tls": certificate} if certificate else {})
    return only(await ports(make_site(folder, mail=mail)))


async def test_a_free_port(tmp_path: Path) -> None:
    finding = await look_at_port(tmp_path, free_port())
    assert (finding.state, "free" in finding.found) == (State.OK, True)


async def test_a_port_that_our_own_service_serves(tmp_path: Path) -> None:
    async with serving(saying(f"220 {DOMAIN} ESMTP Postfax")) as port:
        finding = await look_at_port(tmp_path, port)
    assert (finding.state, finding.found) == (State.OK, "served by Postfax")


async def test_implicit_tls_is_greeted_through(tmp_path: Path) -> None:
    files = write_certificate(tmp_path, issue(DOMAIN))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(files["certificate"], files["key"])
    async with serving(saying(f"220 {DOMAIN} ESMTP Postfax"), tls=tls) as port:
        finding = await look_at_port(tmp_path, port, certificate=files, tls="implicit")
    assert (finding.state, finding.found) == (State.OK, "served by Postfax")


async def test_a_port_of_a_postfax_with_other_settings(tmp_path: Path) -> None:
    async with serving(saying("220 other.example ESMTP Postfax")) as port:
        assert (await look_at_port(tmp_path, port)).state is State.WARNING


async def test_a_port_that_another_program_holds_is_told_with_its_name(tmp_path: Path) -> None:
    async with serving(saying("220 mail.example ESMTP Exim 4.96")) as port:
        finding = await look_at_port(tmp_path, port)
    assert finding.state is State.FAILURE
    assert f"(pid {os.getpid()})" in finding.found
    assert "Exim" in finding.found


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["/usr/lib/postfax/.venv/bin/python", "/usr/lib/postfax/.venv/bin/postfax", "serve"], True),
        (["python", "-P", "-m", "postfax.command", "--config", "x", "serve"], True),
        (["python", "-m", "pytest", "tests/integration/postfax/test_x.py"], False),
        ([], False),
    ],
)
def test_which_process_is_our_own(arguments: list[str], *, answer: bool) -> None:
    assert is_postfax(arguments) is answer


@pytest.mark.parametrize(
    ("listener", "line", "state"),
    [
        ({}, "421 4.3.2 too many connections", State.WARNING),
        ({"proxy_protocol": True}, "421 4.3.2 no PROXY header", State.OK),
    ],
)
async def test_our_own_service_that_does_not_greet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: dict[str, Any], line: str, state: State
) -> None:
    monkeypatch.setattr("postfax.doctor.ports._arguments", lambda _: ["/usr/bin/postfax", "serve"])
    async with serving(saying(line)) as port:
        assert (await look_at_port(tmp_path, port, **listener)).state is state


async def test_an_address_that_no_interface_has(tmp_path: Path) -> None:
    listen = [{"smtp": f"192.0.2.1:{free_port()}"}]
    finding = await asyncio.wait_for(ports(make_site(tmp_path, mail={"listen": listen})), 60)
    assert only(finding).state is State.FAILURE


async def test_looking_takes_no_port_away() -> None:
    """A service binds and listens while the probe of the doctor is open."""
    address = HostPort("127.0.0.1", free_port())
    with _bindable(address), socket.socket() as service:
        service.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        service.bind(tuple(address))
        service.listen()
        with socket.create_connection(address, timeout=30):
            pass


async def test_unix_sockets(tmp_path: Path) -> None:
    async def state(path: Path) -> State:
        site = make_site(tmp_path, mail={"listen": [{"lmtp": f"unix:{path}"}]})
        return only(await ports(site)).state

    path = tmp_path / "lmtp"
    assert await state(path) is State.OK
    assert await state(tmp_path / "missing" / "lmtp") is State.WARNING
    server = await asyncio.start_unix_server(ended(saying(f"220 {DOMAIN} LMTP Postfax")), path)
    async with server:
        assert await state(path) is State.OK
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    assert await state(path) is State.OK
    path.unlink()
    path.write_text("something else")
    assert await state(path) is State.FAILURE


@pytest.mark.parametrize(
    ("first", "may", "opened", "state"),
    [
        (1024, True, False, State.OK),
        (1024, False, True, State.OK),
        (1024, False, False, State.WARNING),
        (25, False, False, State.OK),
    ],
)
async def test_privileged_ports(tmp_path: Path, first: int, state: State, *, may: bool, opened: bool) -> None:
    site = make_site(tmp_path, mail={"listen": [{"smtp": "127.0.0.1:25"}]})
    findings = await privileges(
        site, first_unprivileged=lambda: first, may_open=lambda: may, opened=lambda: opened
    )
    assert states(findings) == [state]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("normalize", [State.OK]),
        ("no", [State.WARNING]),
        ("", [State.WARNING]),
        (None, [State.NOT_CHECKED]),
    ],
)
async def test_a_front_end_on_this_host_is_asked(
    tmp_path: Path, said: str | None, expected: list[State]
) -> None:
    site = make_site(tmp_path, mail={"front_ends": ["127.0.0.0/8"]})
    assert states(await front_ends(site, ask=lambda: said)) == expected


async def test_a_front_end_elsewhere_is_a_reminder(tmp_path: Path) -> None:
    site = make_site(tmp_path, mail={"front_ends": ["192.0.2.0/24"]})
    finding = only(await front_ends(site, ask=lambda: "normalize"))
    assert finding.state is State.NOT_CHECKED
    assert "smtpd_forbid_bare_newline=normalize" in finding.advice
    assert states(await front_ends(make_site(tmp_path))) == [State.OK]


async def look_at_smarthost(
    folder: Path, sink: MailSink, recipient: str = "", more: dict[str, Any] | None = None
) -> Finding:
    host = {"host": "127.0.0.1", "port": sink.port, "tls": "none", **(more or {})}
    return only(await smarthost(make_site(folder, mail={"smarthost": host}, recipient=recipient)))


async def test_a_smarthost_that_takes_notices_gets_no_mail(tmp_path: Path) -> None:
    heard: list[tuple[str, str]] = []

    def reply(command: str, recipient: str) -> str:
        heard.append((command, recipient))
        return ""

    async with MailSink(tmp_path / "sink", reply=reply) as sink:
        first_user = await look_at_smarthost(tmp_path, sink)
        given = await look_at_smarthost(tmp_path, sink, "boss@hospital.example")
        assert not sink.mails
    assert (first_user.state, given.state) == (State.OK, State.OK)
    assert "takes notices to ana@hospital.example" in first_user.found
    assert heard == [("RCPT", "ana@hospital.example"), ("RCPT", "boss@hospital.example")]


@pytest.mark.parametrize("answer", ["550 5.1.8 no null return path", "450 4.2.0 later"])
async def test_a_smarthost_that_refuses_notices(tmp_path: Path, answer: str) -> None:
    async with MailSink(tmp_path / "sink", reply=lambda *_: answer) as sink:
        finding = await look_at_smarthost(tmp_path, sink)
    assert finding.state is State.FAILURE
    assert answer in finding.found
    assert "none is lost" in finding.advice


async def test_a_login(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    login = {"username": "postfax", "password_file": secret}
    async with MailSink(tmp_path / "sink", login=("postfax", "right")) as sink:
        secret.write_text("right\n")
        taken = await look_at_smarthost(tmp_path, sink, more=login)
        secret.write_text("wrong\n")
        refused = await look_at_smarthost(tmp_path, sink, more=login)
    assert (taken.state, "in the clear" in taken.advice) == (State.WARNING, True)
    assert (refused.state, "535" in refused.found) == (State.FAILURE, True)


async def test_a_smarthost_without_starttls_or_not_there(tmp_path: Path) -> None:
    async with MailSink(tmp_path / "sink") as sink:
        without = await look_at_smarthost(tmp_path, sink, more={"tls": "starttls"})
    gone = await look_at_smarthost(tmp_path, sink)
    assert (without.state, gone.state) == (State.FAILURE, State.FAILURE)


async def test_a_smarthost_whose_certificate_is_not_trusted(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path)
    async with MailSink(tmp_path / "sink", tls_context=server) as sink:
        refused = await look_at_smarthost(tmp_path, sink, more={"tls": "starttls"})
        host = Smarthost(host="localhost", port=sink.port)
        rehearsal = await Mailer(host, DOMAIN, tls_context=client).rehearse("ana@hospital.example")
        assert not sink.mails
    assert (refused.state, "certificate" in refused.found.lower()) == (State.FAILURE, True)
    assert rehearsal == Rehearsal(tls_version="TLSv1.3", logged_in=False)


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and its client's, for localhost."""
    files = write_certificate(folder, issue("localhost", begins=datetime(2020, 1, 1, tzinfo=UTC), days=36500))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(files["certificate"], files["key"])
    return server, ssl.create_default_context(cafile=str(files["certificate"]))


def imap(*, password: str) -> Dialogue:
    """As much of an IMAP server as a login needs (RFC 3501)."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode():
            tag, command, *words = line.split()
            answer = f"{tag} OK done\r\n"
            if command.upper() == "CAPABILITY":
                answer = f"* CAPABILITY IMAP4rev1 IDLE\r\n{answer}"
            elif command.upper() == "LOGIN" and words[-1].strip('"') != password:
                answer = f"{tag} NO wrong password\r\n"
            elif command.upper() == "LOGOUT":
                answer = f"* BYE\r\n{answer}"
            writer.write(answer.encode())
            await writer.drain()

    return converse


@pytest.mark.parametrize(("password", "state"), [("right", State.OK), ("other", State.FAILURE)])
async def test_a_pickup_account(tmp_path: Path, password: str, state: State) -> None:
    secret = tmp_path / "secret"
    secret.write_text("right\n")
    async with serving(imap(password=password)) as port:
        account = {
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "username": "fax",
            "password_file": secret,
            "authserv_id": "mx.hospital.example",
        }
        finding = only(await pickup(make_site(tmp_path, mail={"pickup": [account]})))
    assert finding.state is state
    assert finding.subject == f"fax at 127.0.0.1:{port}"


async def test_a_pickup_server_that_is_not_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("right\n")
    account = {
        "host": "127.0.0.1",
        "port": free_port(),
        "tls": "none",
        "username": "fax",
        "password_file": secret,
        "authserv_id": "mx.hospital.example",
    }
    assert only(await pickup(make_site(tmp_path, mail={"pickup": [account]}))).state is State.FAILURE
    assert only(await pickup(make_site(tmp_path))).state is State.OK
