"""The mailer against a real SMTP server, in good order and in trouble."""

import asyncio
import socket
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from loopback_certificate import Certificate

from config.mail import Smarthost
from notify.mailer import Mailer, MailPermanent, MailTemporary, MailTooLarge, MailTrouble, NotServed
from postfax.demonstration.mail_sink import MailSink

MAIL = b"Message-ID: <one@fax.example.com>\r\nSubject: x\r\n\r\n.dot\r\n"
ANA = "ana@hospital.example"


def mailer(sink: MailSink, **smarthost: object) -> Mailer:
    settings = {"host": "127.0.0.1", "port": sink.port, "tls": "none"} | smarthost
    return Mailer(Smarthost.model_validate(settings), "fax.example.com")


async def test_a_mail_arrives_with_the_null_return_path(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        await mailer(sink).send(MAIL, ANA)
        [kept] = sink.mails
        assert kept.read_bytes() == b"Return-Path: <>\r\nDelivered-To: ana@hospital.example\r\n" + MAIL


async def test_a_repetition_is_counted_by_its_message_id(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        for _ in range(2):
            await mailer(sink).send(MAIL, ANA)
    async with MailSink(tmp_path) as sink:
        await mailer(sink).send(MAIL, ANA)
        assert sink.kept() == {"<one@fax.example.com>": 3}
        assert len(sink.mails) == 3


async def test_an_email_message_and_an_address_outside_ascii(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Überweisung"
    message.set_content("Grüße\n")
    async with MailSink(tmp_path) as sink:
        await mailer(sink).send(message, "jürgen@example.com")
        [kept] = sink.mails
        assert "Delivered-To: jürgen@example.com\r\n".encode() in kept.read_bytes()
        assert message_from_bytes(kept.read_bytes(), policy=default)["Subject"] == "Überweisung"


async def test_a_domain_outside_ascii_is_told_the_server_as_the_dns_has_it(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        await mailer(sink).send(MAIL, "ana@straße.example")
        [kept] = sink.mails
        assert b"Delivered-To: ana@xn--strae-oqa.example\r\n" in kept.read_bytes()


@pytest.mark.parametrize("offered", [True, False])
@pytest.mark.parametrize("octets", [MAIL, MAIL + "Grüße\r\n".encode()])
async def test_eight_bits_are_announced_where_the_server_takes_them(*, octets: bytes, offered: bool) -> None:
    commands: list[bytes] = []
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 plain.example\r\n")
        while line := await reader.readline():
            commands.append(line)
            if line.upper().startswith(b"EHLO"):
                writer.write(
                    b"250-plain.example\r\n250-8BITMIME\r\n250 HELP\r\n" if offered else b"250 HELP\r\n"
                )
            elif line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                commands.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"250 OK\r\n")
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
        await Mailer(smarthost, "fax.example.com").send(octets, ANA)
        await over.wait()
    announced = any(b"BODY=8BITMIME" in command for command in commands if command.startswith(b"MAIL"))
    assert announced == (offered and not octets.isascii())
    assert octets.replace(b"\r\n.", b"\r\n..") + b".\r\n" in commands


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_4yz_is_temporary_and_5yz_permanent(tmp_path: Path, command: str) -> None:
    replies = {"soft@example.com": "451 4.3.0 later", "hard@example.com": "550 5.1.1 never"}

    def reply(now: str, recipient: str) -> str:
        return replies[recipient] if now == command else ""

    async with MailSink(tmp_path, reply=reply) as sink:
        with pytest.raises(MailTemporary, match=rf"127.0.0.1:{sink.port} answered 451 4.3.0 later"):
            await mailer(sink).send(MAIL, "soft@example.com")
        with pytest.raises(MailPermanent, match=r"answered 550 5\.1\.1 never"):
            await mailer(sink).send(MAIL, "hard@example.com")
        assert not sink.mails


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("MAIL", "550 5.7.1 no mails without a return path", NotServed),
        ("MAIL", "553 5.7.1 <>: Sender address rejected: not logged in", NotServed),
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit", MailTooLarge),
        ("MAIL", "552 message too large", MailTooLarge),
        ("MAIL", "550 5.6.7 no addresses outside ASCII", MailPermanent),
        ("RCPT", "554 5.7.1 <ana@hospital.example>: Relay access denied", NotServed),
        ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", NotServed),
        ("RCPT", "553 5.7.1 <>: Sender address rejected: not logged in", NotServed),
        ("RCPT", "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", NotServed),
        ("RCPT", "550 5.1.8 no null return path", NotServed),
        ("RCPT", "550 5.1.1 nobody is called that", MailPermanent),
        ("RCPT", "550 5.7.1 we want no mail of yours", MailPermanent),
        ("RCPT", "552 5.2.2 mailbox full", MailPermanent),
        ("DATA", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", NotServed),
    ],
)
async def test_what_is_refused_of_us_can_be_put_right(
    command: str, answer: str, kind: type[MailTrouble]
) -> None:
    over = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smarthost.example\r\n")
        while line := await reader.readline():
            said = line[:4].decode()
            if said == "DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(f"{answer if said == command else '250 OK'}\r\n".encode())
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
        with pytest.raises(MailTrouble) as told:
            await Mailer(smarthost, "fax.example.com").send(MAIL, ANA)
        await over.wait()
    assert type(told.value) is kind


async def test_a_login_is_asked_for_is_temporary_trouble(tmp_path: Path) -> None:
    async with MailSink(tmp_path, login=("postfax", "right")) as sink:
        with pytest.raises(MailTemporary, match="answered 530"):
            await mailer(sink).send(MAIL, ANA)


async def test_nobody_listens(unused_port: int) -> None:
    smarthost = Smarthost(host="127.0.0.1", port=unused_port, tls="none")
    with pytest.raises(MailTemporary, match=rf"The connection to 127.0.0.1:{unused_port} failed"):
        await Mailer(smarthost, "fax.example.com").send(MAIL, ANA)


async def test_an_address_that_smtp_cannot_carry(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        with pytest.raises(MailPermanent, match="is not an address"):
            await mailer(sink).send(MAIL, "ana@example.com>\r\nRCPT TO:<x@example.com")


async def test_a_server_that_hangs_up_during_the_data_is_tried_again() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 rude.example\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                break
            writer.write(b"250 OK\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(rude, "127.0.0.1", 0) as server:
        smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
        with pytest.raises(MailTemporary, match=r"The connection to .* failed"):
            await Mailer(smarthost, "fax.example.com").send(MAIL, ANA)


async def test_a_greeting_of_554_may_be_another_one_tomorrow() -> None:
    async def closed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service here\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(closed, "127.0.0.1", 0) as server:
        smarthost = Smarthost(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
        with pytest.raises(MailTemporary, match="answered 554 no service here"):
            await Mailer(smarthost, "fax.example.com").send(MAIL, ANA)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


def secured(sink: MailSink, certificate: Certificate, **smarthost: object) -> Mailer:
    settings = Smarthost.model_validate({"host": "127.0.0.1", "port": sink.port} | smarthost)
    return Mailer(settings, "fax.example.com", tls_context=certificate.client)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_tls_and_a_login(tmp_path: Path, certificate: Certificate, tls: str) -> None:
    password = tmp_path / "password"
    password.write_text("right\n")
    sink = MailSink(
        tmp_path / "mails",
        tls_context=certificate.server,
        implicit_tls=tls == "implicit",
        login=("postfax", "right"),
    )
    async with sink:
        login = {"tls": tls, "username": "postfax", "password_file": password}
        await secured(sink, certificate, **login).send(MAIL, ANA)
        assert sink.kept() == {"<one@fax.example.com>": 1}
        password.write_text("wrong\n")
        with pytest.raises(MailTemporary, match="answered 535"):
            await secured(sink, certificate, **login).send(MAIL, ANA)
        password.unlink()
        with pytest.raises(MailTemporary, match=r"password of mail\.smarthost cannot be read"):
            await secured(sink, certificate, **login).send(MAIL, ANA)


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with MailSink(tmp_path, tls_context=certificate.server) as sink:
        with pytest.raises(MailTemporary, match="CERTIFICATE_VERIFY_FAILED"):
            await mailer(sink, tls="starttls").send(MAIL, ANA)
        assert not sink.mails


async def test_no_mail_in_the_clear_where_starttls_is_asked_for(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with MailSink(tmp_path) as sink:
        with pytest.raises(MailTemporary, match="STARTTLS"):
            await secured(sink, certificate).send(MAIL, ANA)
        assert not sink.mails
