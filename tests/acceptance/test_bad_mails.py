"""Hostile mails over SMTP to the running service: each sender is told, and the service goes on."""

import asyncio

import aiosmtplib
import pytest
from mail_bombs import BOMBS, HEAD
from scene import Scene

from postfax.demonstration.world import DOMAIN, SENDER

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_THE_DOOR = {"30000-encoded-words", "header-of-50-MB", "line-of-100-MB", "million-fields"}
"""What is refused in the dialogue: a header or a mail over the limit."""
NOBODY = "+12065550105"
"""A number that is not assigned: what can be faxed fails at once, and keeps no line busy."""
UNREADABLE = {
    "encrypted": (
        HEAD + b"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
        ("this mail is encrypted, so it cannot be read here.", "Send it without encryption."),
    ),
    "calendar": (
        HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n",
        ("this mail is only a calendar entry.", "Attach the document that you want to fax."),
    ),
}


async def sent(scene: Scene, mail: bytes) -> str:
    """The id of the accepted mail.

    Raises:
        SMTPResponseException: it was refused.
    """
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=scene.service.smtp_port, start_tls=False, timeout=120)
    async with client:
        _, reply = await client.sendmail(SENDER, [f"{NOBODY}@{DOMAIN}"], mail)
    return reply.rpartition(" ")[2]


async def told(scene: Scene, mail_id: str) -> str:
    """The words of the initial notice."""
    async with asyncio.timeout(300):
        while not (notices := scene.notices(mail_id, "initial")):
            await asyncio.sleep(0.2)
    body = notices[0].get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_is_answered(scene: Scene, name: str) -> None:
    if name in AT_THE_DOOR:
        with pytest.raises(aiosmtplib.SMTPResponseException, match=r"5\.3\.4 .* may have \d+"):
            await sent(scene, BOMBS[name]())
    else:
        assert "Your fax to +1 206 555 0105 was" in await told(scene, await sent(scene, BOMBS[name]()))


@pytest.mark.parametrize("name", UNREADABLE)
async def test_what_cannot_be_read_is_told(scene: Scene, name: str) -> None:
    mail, (explanation, advice) = UNREADABLE[name]
    words = await told(scene, await sent(scene, mail))
    assert f"was not sent: {explanation}" in words
    assert f"What to do next {advice}" in words


async def test_the_service_went_on(scene: Scene) -> None:
    job = await scene.finished(await scene.mail("+12065551235", text="An ordinary letter."))
    assert job["state"] == "sent"
    assert [event for event in scene.service.events if event["event"] == "mail_not_decided"] == []
