"""DSN, CHUNKING and PIPELINING as a client sees them, and that a fault keeps the dialogue in step."""

import asyncio

import pytest
from smtp_desk import open_desk
from smtp_house import DOMAIN, Client
from waiting import until

from store.mail import NoticeRequest, NotifyOn, ReturnContent

MAIL = b"From: a@b.example\r\nSubject: Referral\r\n\r\nBody.\r\n"
BEGIN = f"MAIL FROM:<a@b.example>\r\nRCPT TO:<1@{DOMAIN}>\r\n".encode()


async def begin(client: Client) -> None:
    client.send(BEGIN)
    assert [(await client.reply())[:3] for _ in range(2)] == ["250", "250"]


async def test_what_is_asked_for_notices_reaches_the_envelope() -> None:
    async with open_desk() as desk, desk.client() as client:
        await client.say("MAIL FROM:<a@b.example> RET=FULL ENVID=id+3D1")
        await client.say(f"RCPT TO:<1@{DOMAIN}> NOTIFY=NEVER ORCPT=rfc822;1@{DOMAIN}")
        assert (await client.say("DATA")).startswith("354 ")
        client.send(MAIL + b".\r\n")
        assert (await client.reply()).startswith("250 2.0.0 ")
    envelope = desk.only.envelope
    assert (envelope.envelope_id, envelope.return_content) == ("id=1", ReturnContent.FULL)
    assert envelope.notice_requests == {
        f"1@{DOMAIN}": NoticeRequest(
            notify=frozenset({NotifyOn.NEVER}), original_recipient=f"rfc822;1@{DOMAIN}"
        )
    }


@pytest.mark.parametrize("cuts", [[len(MAIL)], [0, 5, len(MAIL)], [10, 20, 27, 28, len(MAIL)]])
async def test_a_mail_in_chunks_is_put_together(cuts: list[int]) -> None:
    async with open_desk() as desk, desk.client() as client:
        octets, start = BEGIN, 0
        for number, cut in enumerate(cuts):
            last = b" LAST" if number == len(cuts) - 1 else b""
            octets += b"BDAT %d%s\r\n" % (cut - start, last) + MAIL[start:cut]
            start = cut
        client.send(octets + b"NOOP\r\n")
        replies = [await client.reply() for _ in range(len(cuts) + 3)]
    assert [reply[:3] for reply in replies] == ["250"] * len(replies)
    assert desk.intake.taken[0][1] == MAIL


async def test_an_empty_last_chunk_ends_a_mail() -> None:
    async with open_desk() as desk, desk.client() as client:
        await begin(client)
        client.send(b"BDAT %d\r\n" % len(MAIL) + MAIL + b"bdat 0 last\r\n")
        assert (await client.reply()).startswith("250 2.0.0 51 octets came"[:10])
        assert (await client.reply()) == "250 2.0.0 accepted as MAIL-1"
    assert desk.intake.taken[0][1] == MAIL


async def test_a_chunk_out_of_order_is_read_and_thrown_away() -> None:
    async with open_desk() as desk, desk.client() as client:
        client.send(b"BDAT 13 LAST\r\nMAIL FROM:<\r\nNOOP\r\n")
        assert (await client.reply()).startswith("503 5.5.1 ")
        assert (await client.reply()).startswith("250 2.0.0 ok")
        await begin(client)
        client.send(
            b"BDAT 3\r\nabcDATA\r\nRCPT TO:<2@x>\r\nMAIL FROM:<x@y>\r\nRSET\r\nBDAT 4 LAST\r\nabcdNOOP\r\n"
        )
        assert [(await client.reply())[:3] for _ in range(7)] == [
            "250",
            "503",
            "503",
            "503",
            "250",
            "503",
            "250",
        ]
    assert desk.intake.taken == []


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\nb\r"])
async def test_a_bare_line_end_in_a_chunk_refuses_the_mail_alone(octets: bytes) -> None:
    async with open_desk() as desk, desk.client() as client:
        await begin(client)
        client.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
        assert (await client.reply()).startswith("550 5.6.11 ")
        await begin(client)
        client.send(b"BDAT %d LAST\r\n" % len(MAIL) + MAIL)
        assert (await client.reply()).startswith("250 2.0.0 accepted")
    assert [message for _, message in desk.intake.taken] == [MAIL]


async def test_chunks_that_are_too_much_are_refused_in_step_and_cut_off_at_twice_the_size() -> None:
    async with open_desk(max_size="1 kB") as desk, desk.client() as client:
        await begin(client)
        client.send(b"BDAT 1500\r\n" + b"x" * 1500 + b"BDAT 100 LAST\r\n" + b"x" * 100)
        assert (await client.reply()).startswith("552 5.3.4 ")
        assert (await client.reply()).startswith("503 5.5.1 ")
        await begin(client)
        client.send(b"BDAT 999999999999 LAST\r\n" + b"x" * 5000)
        assert (await client.reply()).startswith("552 5.3.4 ")
        assert await client.reply() == ""
    assert desk.intake.taken == []


@pytest.mark.parametrize("argument", ["", " x", " -1", " 1 FIRST", " 99999999999999999999"])
async def test_who_announces_no_chunk_cannot_go_on(argument: str) -> None:
    async with open_desk() as desk, desk.client() as client:
        client.send(f"BDAT{argument}\r\n".encode())
        assert (await client.reply()).startswith("501 5.5.4 ")
        assert await client.reply() == ""


async def test_the_replies_to_a_group_of_commands_come_in_one_piece() -> None:
    async with open_desk() as desk, desk.client() as client:
        client.send(BEGIN * 3 + b"NOOP\r\n")
        octets = await client.reader.read(10_000)
        assert octets.count(b"\r\n") == 7


async def test_who_does_not_read_our_replies_is_not_listened_to() -> None:
    async with open_desk(timeout="1 s") as desk, desk.client() as client:
        client.writer.transport.get_extra_info("socket").setsockopt(1, 8, 4096)  # SO_RCVBUF
        client.send(f"RCPT TO:<1@{DOMAIN}>\r\n".encode() * 400_000)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: not desk.listener._sessions)


async def test_a_client_may_leave_at_any_step() -> None:
    steps = [b"EHLO x\r\n", *(line + b"\r\n" for line in BEGIN.splitlines()), b"DATA\r\n", MAIL, b".\r\n"]
    wholes = [b"".join(steps[:number]) for number in range(len(steps) + 1)]
    async with open_desk() as desk:
        for octets in [*wholes, *(whole[:-3] for whole in wholes[1:]), BEGIN + b"BDAT 100\r\nabc"]:
            for half in (False, True):
                async with desk.client(hello="") as client:
                    assert (await client.reply()).startswith("220 ")
                    client.send(octets)
                    await client.writer.drain()
                    if half:
                        client.writer.write_eof()
                        await asyncio.wait_for(client.reader.read(), 60)
        await until(lambda: not desk.listener._sessions)
        assert {message for _, message in desk.intake.taken} == {MAIL}
        async with desk.client() as client:
            assert (await client.say("NOOP")).startswith("250 ")


async def test_ten_thousand_recipients() -> None:
    async with open_desk() as desk, desk.client() as client:
        client.send(b"MAIL FROM:<a@b.example>\r\n")
        client.send(b"".join(f"RCPT TO:<{number}@{DOMAIN}>\r\n".encode() for number in range(10_000)))
        replies = [await client.reply() for _ in range(10_001)]
        assert (await client.say("DATA")).startswith("354 ")
        client.send(MAIL + b".\r\n")
        assert (await client.reply()).startswith("250 2.0.0 ")
    assert sum(reply.startswith("250 2.1.5 ") for reply in replies) == 1000
    assert sum(reply.startswith("452 4.5.3 ") for reply in replies) == 9000
    assert len(desk.only.envelope.recipients) == 1000
