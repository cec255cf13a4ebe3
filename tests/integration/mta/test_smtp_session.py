"""The dialogue itself: every command, every reply with its enhanced code, and what is out of order."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop
from smtp_house import DOMAIN, connect, mail, open_house

from mta.smtp.command_line import COMMAND_LIMIT
from mta.smtp.data import DataFeed
from mta.smtp.tolerance import IDLE_COMMANDS
from store.incoming import IncomingBody


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("HELO client.example", f"250 {DOMAIN}"),
        ("NOOP anything", "250 2.0.0 "),
        ("RSET", "250 2.0.0 "),
        ("VRFY ana", "252 2.0.0 "),
        ("EXPN staff", "502 5.5.1 "),
        ("HELP", "214 2.0.0 "),
        ("AUTH PLAIN AGFuYQBzZWNyZXQ=", "502 5.5.1 "),
        ("XFORWARD ADDR=192.0.2.1", "550 5.7.1 "),
        ("XCLIENT ADDR=192.0.2.1", "550 5.7.1 "),
        ("NOOP \x00", "500 5.5.2 a command may not have control characters"),
        ("NOOP a\rRSET", "500 5.5.2 a command may not have control characters"),
        ("NOOP \u00dc", "500 5.5.2 a command must be in ASCII"),
        ("", "500 5.5.2 "),
        ("GR\u00dcN", "500 5.5.2 "),
        ("NOOP " + "x" * COMMAND_LIMIT, "500 5.5.2 "),
        ("NOOP " + "x" * 300_000, "500 5.5.2 "),
        ("EHLO", "501 5.5.4 "),
        ("EHLO " + "x" * 256, "501 5.5.4 "),
        ("EHLO a\x07b", "500 5.5.2 "),
        ("RCPT TO:<1@x>", "503 5.5.1 "),
        ("DATA", "503 5.5.1 "),
        ("DATA now", "501 5.5.4 "),
        ("MAIL", "501 5.1.7 "),
        ("MAIL FROM:<a@b> X-UNKNOWN=1", "555 5.5.4 "),
        ("MAIL FROM:<a@b> REQUIRETLS", "550 5.7.30 "),
    ],
)
async def test_commands(command: str, reply: str) -> None:
    async with open_house() as house, connect(house) as client:
        assert (await client.say(command)).startswith(reply)
        assert (await client.say("NOOP")).startswith("250 2.0.0 ")


@pytest.mark.parametrize("command", ["MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA"])
async def test_who_has_not_greeted_is_told_so(command: str) -> None:
    async with open_house() as house, connect(house, greet=False) as client:
        assert await client.say(command) == "503 5.5.1 say EHLO first"


async def test_quit_ends_the_dialogue() -> None:
    async with open_house() as house, connect(house) as client:
        client.send(b"QUIT\r\nNOOP\r\n")
        assert (await client.reply()).startswith("221 2.0.0 ")
        assert await client.reply() == ""


async def test_rset_and_a_new_greeting_forget_the_transaction() -> None:
    async with open_house() as house, connect(house) as client:
        for forget in ("RSET", "EHLO client.example", "HELO client.example"):
            assert (await client.say("MAIL FROM:<a@b>")).startswith("250 ")
            assert (await client.say(forget)).startswith("250")
            assert (await client.say(f"RCPT TO:<1@{DOMAIN}>")).startswith("503 ")


async def test_a_helo_client_may_send_too() -> None:
    async with open_house() as house, connect(house, greet=False) as client:
        assert await client.say("HELO old.example") == f"250 {DOMAIN}"
        assert (await client.deliver(mail())).startswith("250 2.0.0 accepted")
    assert house.book.mails[0].proof.helo == "old.example"


async def test_who_talks_nonsense_is_cut_off() -> None:
    async with open_house() as house, connect(house) as client:
        replies = [await client.say("GET / HTTP/1.1") for _ in range(5)]
        assert replies[0].startswith("500 5.5.2 ")
        assert replies[-1].startswith("421 4.7.0 ")
        assert await client.reply() == ""


async def test_so_many_commands_and_no_mail_are_enough() -> None:
    async with open_house() as house, connect(house) as client:
        client.send(b"NOOP\r\n" * IDLE_COMMANDS)  # and the greeting
        replies = [await client.reply() for _ in range(IDLE_COMMANDS)]
        assert replies[-2].startswith("250 ")
        assert replies[-1].startswith("421 4.7.0 ")
        assert await client.reply() == ""


async def test_the_greetings_of_one_session_do_not_change_anothers_limits() -> None:
    async with open_house() as house, connect(house) as first, connect(house) as second:
        for _ in range(20):
            await first.say("EHLO client.example")
        assert (await second.say("MAIL FROM:<" + "x" * COMMAND_LIMIT + "@b>")).startswith("500 ")


async def test_no_room_to_keep_a_message_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: IncomingBody, _octets: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with open_house() as house, connect(house) as client:
        monkeypatch.setattr(IncomingBody, "write", full)
        assert (await client.deliver(mail(body="x" * 70_000 + "\r\n"))).startswith("452 4.3.1 ")
        monkeypatch.undo()
        assert (await client.deliver(mail())).startswith("250 ")


async def test_a_client_that_does_not_wait_for_the_go_ahead_is_served_all_the_same() -> None:
    message = mail(body="x" * 70 + "\r\n" + "y" * 998 + "\r\n" * 300_000)
    async with open_house() as house, connect(house) as client:
        client.send(
            b"MAIL FROM:<ana@hospital.example>\r\n"
            + f"RCPT TO:<+12065550123@{DOMAIN}>\r\nDATA\r\n".encode()
            + message
            + b".\r\nNOOP\r\n"
        )
        replies = [await client.reply() for _ in range(5)]
        assert [reply[:3] for reply in replies] == ["250", "250", "354", "250", "250"]


async def test_a_fault_while_reading_ends_the_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: DataFeed, _octets: bytes) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(DataFeed, "feed", broken)
    async with open_house() as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<1@{DOMAIN}>"):
            await client.say(command)
        client.send(b"DATA\r\nNOOP\r\n.\r\nNOOP\r\n")
        assert (await client.reply()).startswith("354 ")
        assert (await client.reply()).startswith("451 4.3.0 a fault on our side")
        assert await client.reply() == ""


async def test_addresses_beyond_ascii_come_through() -> None:
    async with open_house() as house, connect(house) as client:
        house.dns.zone.add_text("xn--bcher-kva.example", "v=spf1 ip4:127.0.0.1 -all")
        house.people.users["jörg@bücher.example"] = house.people.users["ana@hospital.example"]
        assert (await client.say("MAIL FROM:<jörg@bücher.example> SMTPUTF8")).startswith("250 ")
        assert (await client.say(f"RCPT TO:<1@{DOMAIN}>")).startswith("250 ")
        assert (await client.say("DATA")).startswith("354 ")
        client.send(mail(author="Jörg <jörg@bücher.example>") + b".\r\n")
        assert (await client.reply()).startswith("250 ")
    assert house.book.mails[0].envelope.return_path == "jörg@bücher.example"
    assert house.book.mails[0].proof.spf_domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "test",
    [
        test_quit_ends_the_dialogue,
        test_a_helo_client_may_send_too,
        test_who_talks_nonsense_is_cut_off,
        test_so_many_commands_and_no_mail_are_enough,
    ],
)
def test_it_is_the_same_on_uvloop(test: Callable[[], Coroutine[None, None, None]]) -> None:
    """Its transports are other classes."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())
