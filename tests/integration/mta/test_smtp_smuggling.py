"""SMTP smuggling: a mail hidden behind a line end that two servers see differently never is a second mail."""

import pytest
from smtp_house import DOMAIN, connect, mail, open_house

WITH_BARE_LINE_ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . CR": b"\r\n.\r",
    "CRCRLF . CRLF": b"\r\r\n.\r\n",
    "CRLF . CRCRLF": b"\r\n.\r\r\n",
    "LFCR . CRLF": b"\n\r.\r\n",
}
WITHOUT = {
    "CRLF NUL . CRLF": b"\r\n\x00.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\x00\r\n",
    "NEL . NEL": b"\x85.\x85",
    "VT . VT": b"\x0b.\x0b",
}
HIDDEN = (
    f"MAIL FROM:<ana@hospital.example>\r\nRCPT TO:<6@{DOMAIN}>\r\nDATA\r\n".encode()
    + mail(message_id="<hidden@hospital.example>")
    + b".\r\nQUIT\r\n"
)


@pytest.mark.parametrize("ending", WITH_BARE_LINE_ENDS.values(), ids=WITH_BARE_LINE_ENDS.keys())
async def test_a_bare_line_end_refuses_the_mail_and_ends_the_dialogue(ending: bytes) -> None:
    async with open_house() as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<5@{DOMAIN}>", "DATA"):
            await client.say(command)
        client.send(mail()[:-2] + ending + HIDDEN)
        assert (await client.reply()).startswith("550 5.6.11 ")
        assert await client.reply() == ""
    assert house.book.mails == []
    assert [one.recipients for one in house.refused] == [(f"5@{DOMAIN}",)]


@pytest.mark.parametrize("ending", WITHOUT.values(), ids=WITHOUT.keys())
async def test_what_is_no_line_end_at_all_stays_inside_one_mail(ending: bytes) -> None:
    async with open_house() as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<5@{DOMAIN}>", "DATA"):
            await client.say(command)
        client.send(mail()[:-2] + ending + HIDDEN)
        assert (await client.reply()).startswith("250 ")
        assert (await client.reply()).startswith("221 ")
    (only,) = house.book.mails
    assert only.envelope.recipients == (f"5@{DOMAIN}",)
    assert isinstance(only.body, bytes)
    assert b"MAIL FROM" in only.body


async def test_a_genuine_end_is_one() -> None:
    async with open_house() as house, connect(house) as client:
        for command in ("MAIL FROM:<ana@hospital.example>", f"RCPT TO:<5@{DOMAIN}>", "DATA"):
            await client.say(command)
        client.send(mail() + b".\r\n" + HIDDEN)
        assert [(await client.reply())[:3] for _ in range(5)] == ["250", "250", "250", "354", "250"]
    assert len(house.book.mails) == 2
