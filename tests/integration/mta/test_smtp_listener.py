"""Real clients against the listener: what is accepted, what is refused, and that nothing is lost between."""

import asyncio
import errno
import smtplib
import socket
from pathlib import Path

import pytest
from smtp_house import DOMAIN, connect, mail, open_house, server_settings, user
from waiting import until

from config.mail import TlsSettings
from config.values import HostPort
from mta.proof.verdict import RefusalReason
from mta.smtp.certificate import Certificate
from mta.smtp.places import ListenerError, bind
from postfax.demonstration.dns_stub import Fault
from store.errors import BookUnavailable
from store.mail import ProofMethod


async def test_a_proven_mail_of_a_registered_sender_is_accepted_and_stored_whole() -> None:
    async with open_house() as house, connect(house) as client:
        message = mail(body="..leading dots\r\n.\r\n..\r\nlast line\r\n")
        assert await client.deliver(message) == "250 2.0.0 accepted as MAIL-1"
    (stored,) = house.book.mails
    assert stored.body == message
    assert stored.envelope.return_path == "ana@hospital.example"
    assert stored.envelope.recipients == (f"+12065550123@{DOMAIN}",)
    assert stored.header_from == "ana@hospital.example"
    assert stored.user_email == "ana@hospital.example"
    assert stored.message_id == "<1@hospital.example>"
    assert stored.proof.method is ProofMethod.SPF
    assert (stored.proof.spf_result, stored.proof.spf_domain) == ("pass", "hospital.example")
    assert stored.proof.aligned
    assert stored.proof.client_address == "127.0.0.1"
    assert stored.proof.helo == "client.example"
    assert house.refused == []


async def test_smtplib_delivers() -> None:
    def deliver(address: HostPort) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(address.host, address.port, local_hostname="client.example", timeout=60) as client:
            to = [f"+12065550123@{DOMAIN}", f"+12065550124@{DOMAIN}"]
            return client.sendmail("ana@hospital.example", to, mail(), ["BODY=8BITMIME"])

    async with open_house() as house:
        assert await asyncio.to_thread(deliver, house.address) == {}
    assert len(house.book.mails[0].envelope.recipients) == 2


async def test_ehlo_offers_what_is_there() -> None:
    async with open_house() as house, connect(house) as client:
        offered = (await client.say("EHLO client.example")).splitlines()
    assert offered == [
        f"250-{DOMAIN}", "250-PIPELINING", "250-SIZE 52428800", "250-8BITMIME", "250-SMTPUTF8",
        "250-DSN", "250-CHUNKING", "250-LIMITS RCPTMAX=1000", "250 ENHANCEDSTATUSCODES",
    ]  # fmt: skip


async def test_an_unregistered_sender_is_refused_without_a_look_up() -> None:
    async with open_house() as house, connect(house) as client:
        reply = await client.deliver(
            mail(author="mallory@elsewhere.example"), return_path="m@elsewhere.example"
        )
        assert reply == "550 5.7.1 Unauthorized Sending Address"
        assert house.dns.questions == []
    (refused,) = house.refused
    assert refused.reason is RefusalReason.UNREGISTERED
    assert refused.header_from == "mallory@elsewhere.example"
    assert refused.return_path == "m@elsewhere.example"
    assert refused.recipients == (f"+12065550123@{DOMAIN}",)
    assert refused.client_address == "127.0.0.1"
    assert house.book.mails == []


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("v=spf1 -all", "may not send mail of hospital.example"),
        ("v=spf1 ~all", "does not confirm that 127.0.0.1"),
        ("v=spf1 ?all", "leaves open whether 127.0.0.1"),
        ("v=spf1 ip4:300.1.1.1 -all", "the SPF record of hospital.example has a mistake"),
        (None, "hospital.example has no SPF record"),
    ],
)
async def test_anything_but_an_spf_pass_is_refused(record: str | None, words: str) -> None:
    async with open_house() as house, connect(house) as client:
        house.dns.zone.remove("hospital.example")
        if record:
            house.dns.zone.add_text("hospital.example", record)
        reply = await client.deliver(mail())
    assert reply.startswith("550 5.7.23 ")
    assert words in reply
    assert house.refused[0].reason is RefusalReason.UNPROVEN
    assert house.book.mails == []


async def test_an_spf_pass_of_another_organisation_proves_nothing() -> None:
    async with open_house() as house, connect(house) as client:
        house.dns.zone.add_text("elsewhere.example", "v=spf1 ip4:127.0.0.1 -all")
        reply = await client.deliver(mail(), return_path="ana@elsewhere.example")
        assert reply.startswith("550 5.7.23 SPF proves elsewhere.example")
        house.dns.zone.add_text("bounces.hospital.example", "v=spf1 ip4:127.0.0.1 -all")
        assert (await client.deliver(mail(), return_path="x@bounces.hospital.example")).startswith("250 ")


@pytest.mark.parametrize("fault", [Fault.SERVFAIL, Fault.SILENCE])
async def test_dns_trouble_is_temporary(fault: Fault) -> None:
    async with open_house() as house, connect(house) as client:
        house.dns.zone.remove("hospital.example")
        house.dns.zone.fail("hospital.example", fault)
        assert (await client.deliver(mail())).startswith("451 4.4.3 ")
        assert house.refused[0].reason is RefusalReason.DNS_TROUBLE
        house.dns.zone.remove("hospital.example")
        house.dns.zone.add_text("hospital.example", "v=spf1 ip4:127.0.0.1 -all")
        assert (await client.deliver(mail())).startswith("250 ")


async def test_a_user_who_needs_no_proof_is_accepted_unproven() -> None:
    async with open_house() as house, connect(house) as client:
        house.dns.zone.clear()
        house.people.users["ana@hospital.example"] = user("ana@hospital.example", require_spf=False)
        assert (await client.deliver(mail())).startswith("250 ")
    proof = house.book.mails[0].proof
    assert proof.method is ProofMethod.UNPROVEN
    assert proof.spf_result == ""
    assert not proof.aligned


@pytest.mark.parametrize(
    "author",
    [
        "",
        "nobody",
        "Ana",
        "a@hospital.example, b@hospital.example",
        "ana@hospital.example\r\nFrom: x@y.example",
    ],
)
async def test_there_must_be_one_author(author: str) -> None:
    async with open_house() as house, connect(house) as client:
        assert (await client.deliver(mail(author=author))).startswith("550 5.6.0 ")


@pytest.mark.parametrize(
    "extra",
    [
        "Auto-Submitted: auto-replied (vacation)\r\n",
        "Precedence: Bulk\r\n",
        "List-Id: news <news.hospital.example>\r\n",
        "Received: from a by b\r\n" * 51,
    ],
)
async def test_automatic_mail_is_refused(extra: str) -> None:
    async with open_house() as house, connect(house) as client:
        assert await client.deliver(mail(extra=extra)) == "550 5.7.1 automatic mail is not faxed"
        assert (await client.deliver(mail(extra="Auto-Submitted: no\r\n"))).startswith("250 ")


async def test_the_null_return_path_is_a_bounce() -> None:
    async with open_house() as house, connect(house) as client:
        assert await client.deliver(mail(), return_path="") == "550 5.7.1 automatic mail is not faxed"
    assert house.refused[0].detail == "null return path"


async def test_only_our_domain_and_only_so_many_recipients() -> None:
    async with open_house(limits={"recipients": 2}) as house, connect(house) as client:
        assert (await client.say("MAIL FROM:<ana@hospital.example>")).startswith("250 2.1.0 ")
        assert (await client.say("RCPT TO:<+12065550123@elsewhere.example>")).startswith("550 5.1.1 ")
        for number in (1, 2, 1):
            assert (await client.say(f"RCPT TO:<{number}@FAX.example.com>")).startswith("250 2.1.5 ")
        assert (await client.say("RCPT TO:<3@fax.example.com>")).startswith("452 4.5.3 ")
    assert [one.reason for one in house.refused] == [
        RefusalReason.NO_SUCH_RECIPIENT,
        RefusalReason.TOO_MANY_RECIPIENTS,
    ]


async def test_a_repetition_after_a_lost_250_is_the_same_mail_and_a_changed_mail_is_not() -> None:
    async with open_house() as house, connect(house) as client:
        assert await client.deliver(mail()) == "250 2.0.0 accepted as MAIL-1"
        again = b"Received: from b by c;\r\n\tlater\r\nDKIM-Signature: v=1; b=abc\r\n" + mail()
        assert await client.deliver(again) == "250 2.0.0 accepted as MAIL-1"
        assert await client.deliver(mail(body="Another text.\r\n")) == "250 2.0.0 accepted as MAIL-2"
        other = (f"+12065550199@{DOMAIN}",)
        assert await client.deliver(mail(), recipients=other) == "250 2.0.0 accepted as MAIL-3"


async def test_what_is_too_big_is_refused_announced_or_not() -> None:
    async with open_house(max_size="20 kB") as house, connect(house) as client:
        assert (await client.say("MAIL FROM:<ana@hospital.example> SIZE=20001")).startswith("552 5.3.4 ")
        assert (await client.deliver(mail(body="x" * 25_000 + "\r\n"))).startswith("552 5.3.4 ")
        assert (await client.deliver(mail(body="x" * 15_000 + "\r\n"))).startswith("250 ")
    assert house.refused[-1].reason is RefusalReason.TOO_BIG


async def test_what_never_ends_is_cut_off() -> None:
    async with open_house(max_size="100 kB") as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<1@{DOMAIN}>", "DATA"):
            await client.say(command)
        client.send(mail() + b"x" * 250_000)
        assert (await client.reply()).startswith("552 5.3.4 ")
        assert await client.reply() == ""


async def test_who_sends_on_after_a_refusal_still_hears_it() -> None:
    async with open_house(max_size="100 kB") as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<1@{DOMAIN}>", "DATA"):
            await client.say(command)
        for _ in range(40):
            client.send(b"x" * 50_000)
            await asyncio.sleep(0.005)
        assert (await client.reply()).startswith("552 5.3.4 ")


async def test_a_header_without_end_is_refused() -> None:
    async with open_house() as house, connect(house) as client:
        reply = await client.deliver(mail(extra="X-Filler: y\r\n" * 25_000))
        assert reply.startswith("552 5.3.4 the header of a mail may have 256 KiB")
        assert house.refused[0].reason is RefusalReason.TOO_BIG


async def test_a_large_mail_arrives_whole() -> None:
    body = "".join(f"{number:072d}\r\n.{number}\r\n" for number in range(30_000))
    async with open_house() as house, connect(house) as client:
        assert (await client.deliver(mail(body=body))).startswith("250 ")
    assert house.book.mails[0].body == mail(body=body)


async def test_pipelined_commands_and_mails_are_answered_in_order() -> None:
    async with open_house() as house, connect(house) as client:
        begin = f"MAIL FROM:<ana@hospital.example>\r\nRCPT TO:<1@{DOMAIN}>\r\nDATA\r\n".encode()
        client.send(begin + mail() + b".\r\n" + begin + mail(message_id="<2@h>") + b".\r\nNOOP\r\nQUIT\r\n")
        replies = [await client.reply() for _ in range(10)]
        assert await client.reply() == ""
    assert [reply[:3] for reply in replies] == ["250", "250", "354", "250"] * 2 + ["250", "221"]
    assert [one.message_id for one in house.book.mails] == ["<1@hospital.example>", "<2@h>"]


async def test_250_is_not_said_before_the_mail_is_durable() -> None:
    async with open_house() as house, connect(house) as client:
        house.book.gate = asyncio.Event()
        delivery = asyncio.create_task(client.deliver(mail()))
        await house.book.committing.wait()
        await asyncio.sleep(0.1)
        assert not delivery.done()
        house.book.gate.set()
        assert (await delivery).startswith("250 ")


@pytest.mark.parametrize("half", [True, False])
async def test_a_client_that_leaves_during_the_commit_does_not_stop_it(half: bool) -> None:  # noqa: FBT001 - a parameter
    async with open_house() as house, connect(house) as client:
        house.book.seconds = 0.2
        delivery = asyncio.create_task(client.deliver(mail()))
        await house.book.committing.wait()
        if half:
            client.writer.write_eof()
        else:
            client.writer.transport.abort()
        delivery.cancel()
    assert [one.message_id for one in house.book.mails] == ["<1@hospital.example>"]


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        (BookUnavailable("the disk is full", "SQLITE_FULL: database or disk is full"), "452 4.3.1 "),
        (OSError(errno.ENOSPC, "No space left on device"), "452 4.3.1 "),
        (BookUnavailable("the book is locked", "SQLITE_BUSY: database is locked"), "451 4.3.0 "),
        (RuntimeError("secret detail"), "451 4.3.0 a fault on our side"),
    ],
)
async def test_a_store_that_fails_is_a_temporary_refusal(fault: Exception, reply: str) -> None:
    async with open_house() as house, connect(house) as client:
        house.book.fault = fault
        answer = await client.deliver(mail())
        assert answer.startswith(reply)
        assert "secret" not in answer
        house.book.fault = None
        assert (await client.deliver(mail())).startswith("250 ")
    assert house.refused[0].reason is RefusalReason.STORAGE


async def test_a_fault_of_ours_is_answered_by_a_constant() -> None:
    async with open_house() as house, connect(house) as client:
        house.people.users = None  # type: ignore[assignment]
        assert await client.deliver(mail()) == (
            "451 4.3.0 a fault on our side, nothing was accepted; please try again later"
        )
        assert (await client.say("NOOP")).startswith("250 ")


async def test_a_silent_client_is_told_and_a_slow_one_is_served() -> None:
    async with open_house(timeout="1500 ms") as house:
        async with connect(house) as client:
            assert (await client.reply()).startswith("421 4.4.2 ")
            assert await client.reply() == ""
        async with connect(house) as client:
            for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<1@{DOMAIN}>", "DATA"):
                await client.say(command)
            message = mail() + b".\r\n"
            for start in range(0, len(message), 50):
                client.send(message[start : start + 50])
                await asyncio.sleep(0.4)
            assert (await client.reply()).startswith("250 ")


async def test_our_own_work_is_not_the_clients_silence() -> None:
    async with open_house(timeout="1 s") as house, connect(house) as client:
        house.book.seconds = 2
        assert (await client.deliver(mail())).startswith("250 ")


async def test_one_connection_too_many_is_turned_away() -> None:
    async with open_house(limits={"sessions": 1}) as house:
        async with connect(house):
            reader, writer = await asyncio.open_connection(*house.address)
            assert (await reader.read()).startswith(b"421 4.3.2 ")
            writer.close()
            await writer.wait_closed()
        await until(lambda: not house.listener._sessions)
        async with connect(house) as client:
            assert (await client.say("NOOP")).startswith("250 ")


async def test_stopping_ends_idle_sessions_and_waits_for_a_message() -> None:
    async with open_house() as house, connect(house) as idle, connect(house) as busy:
        house.book.seconds = 0.3
        delivery = asyncio.create_task(busy.deliver(mail()))
        await house.book.committing.wait()
        await house.listener.stop(seconds=30)
        assert (await idle.reply()).startswith("421 4.3.2 ")
        assert (await delivery).startswith("250 ")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*house.address)


async def test_the_connection_has_no_nagle_delay() -> None:
    async with open_house() as house, connect(house):
        (session,) = house.listener._sessions
        assert session.transport is not None
        connection = session.transport.get_extra_info("socket")
        assert connection.getsockopt(6, 1) == 1  # IPPROTO_TCP, TCP_NODELAY


async def test_a_port_in_use_is_told_with_its_holder() -> None:
    async with open_house() as house:
        settings = server_settings(listen=[{"smtp": "127.0.0.1:0"}, {"smtp": str(house.address)}])
        with pytest.raises(
            ListenerError, match=r"port \d+ on 127.0.0.1 is in use by .+ \(pid \d+\).*mail.listen"
        ) as told:
            bind(settings.mail.listen, workers=2)
        assert told.value.in_use


def test_an_address_that_is_not_ours_is_told() -> None:
    settings = server_settings(listen=[{"smtp": "192.0.2.1:0"}])
    with pytest.raises(ListenerError, match=r"no interface here has the address 192\.0\.2\.1"):
        bind(settings.mail.listen, workers=1)


def test_each_worker_has_a_socket_on_the_same_port() -> None:
    (place,) = bind(server_settings().mail.listen, workers=3)
    try:
        ports = {place.of_worker(number).getsockname() for number in range(3)}
        assert ports == {tuple(place.address)}
        assert len({place.of_worker(number).fileno() for number in range(3)}) == 3
    finally:
        place.close()


def test_a_unix_socket_left_behind_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    settings = server_settings(listen=[{"lmtp": f"unix:{tmp_path}/lmtp"}])
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(f"{tmp_path}/lmtp")
    (place,) = bind(settings.mail.listen, workers=2)
    with pytest.raises(ListenerError, match=r"unix:.*/lmtp cannot be listened on \(another program listens"):
        bind(settings.mail.listen, workers=2)
    place.close()
    assert not (tmp_path / "lmtp").exists()
    (tmp_path / "lmtp").write_text("a file\n")
    with pytest.raises(ListenerError, match="something else than a socket"):
        bind(settings.mail.listen, workers=2)


def test_a_certificate_that_is_not_there_or_is_none_is_told(tmp_path: Path) -> None:
    tls = TlsSettings(certificate=tmp_path / "a.pem", key=tmp_path / "a.key")
    with pytest.raises(ListenerError, match=r"cannot be read \(No such file.*mail\.tls"):
        Certificate(tls)
    for name in ("a.pem", "a.key"):
        (tmp_path / name).write_text("no certificate\n")
    with pytest.raises(ListenerError, match=r"are not a certificate and its key.*mail\.tls"):
        Certificate(tls)
