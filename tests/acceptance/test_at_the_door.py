import aiosmtplib
import pytest
from scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refusal(scene: Scene, sender: str, envelope_from: str | None = None) -> tuple[int, str]:
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await scene.mail("+12065551234", text="hello", sender=sender, envelope_from=envelope_from)
    return caught.value.code, caught.value.message


async def test_a_sender_whose_spf_fails_is_refused(scene: Scene) -> None:
    code, text = await refusal(scene, sender="ana@hospital.example", envelope_from="ana@elsewhere.example")
    assert (code, text[:6]) == (550, "5.7.23")


async def test_a_sender_who_is_not_registered_is_refused(scene: Scene) -> None:
    code, text = await refusal(scene, sender="mallory@stranger.example")
    assert (code, text) == (550, "5.7.1 Unauthorized Sending Address")


async def test_an_aligned_domain_is_needed(scene: Scene) -> None:
    code, text = await refusal(scene, sender="ana@hospital.example", envelope_from="x@stranger.example")
    assert (code, text[:6]) == (550, "5.7.23")


async def test_nothing_of_it_is_answered_by_mail_and_all_of_it_is_listed(scene: Scene) -> None:
    assert scene.world.sink.mails == []
    refused = (await scene.postfax("refused", "--json")).json
    assert [entry["from"] for entry in refused].count("mallory@stranger.example") == 1
    assert len(refused) >= 3
    assert (await scene.postfax("list", "--json")).json == []


async def test_a_recipient_of_another_domain_is_refused(scene: Scene) -> None:
    with pytest.raises(aiosmtplib.SMTPException) as caught:
        await aiosmtplib.send(
            b"From: ana@hospital.example\r\n\r\nhello\r\n",
            sender="ana@hospital.example",
            recipients=["+12065551234@elsewhere.example"],
            hostname="127.0.0.1",
            port=scene.service.smtp_port,
            start_tls=False,
        )
    assert "5.1.1" in str(caught.value) or "5.7.1" in str(caught.value)
