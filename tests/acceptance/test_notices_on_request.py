"""NOTIFY, RET, ENVID and ORCPT (RFC 3461): from the client to the notice in the sender's mailbox."""

from collections.abc import Mapping
from email.message import EmailMessage, Message
from typing import Any

import aiosmtplib
import pytest
import sample_documents
from scene import Scene, compose

from config.notifications import NotificationSettings
from postfax.demonstration.world import DOMAIN, SENDER

LIMIT = NotificationSettings().failures_an_hour

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def send(
    scene: Scene,
    recipients: Mapping[str, str],
    *,
    mail_options: tuple[str, ...] = (),
    text: str = "",
) -> str:
    """A mail to these numbers, each with the parameters of its RCPT; the job's or group's id."""
    message = compose(tuple(recipients), SENDER, "Referral", text, [("page.pdf", sample_documents.pdf())], {})
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=scene.service.smtp_port, start_tls=False) as client:
        await client.ehlo()
        assert client.supports_extension("dsn")
        await client.mail(SENDER, options=mail_options)
        for number, parameters in recipients.items():
            await client.rcpt(f"{number}@{DOMAIN}", options=parameters.split())
        reply = await client.data(message.as_bytes())
    return reply.message.rpartition(" ")[2]


def groups(notice: EmailMessage) -> list[dict[str, str]]:
    """The groups of fields of the part that programs read."""
    assert notice.get_content_type() == "multipart/report"
    _, status, *_ = notice.iter_parts()
    payload: list[Message] = status.get_payload()  # type: ignore[assignment]  # of message/delivery-status
    return [dict(group.items()) for group in payload]


def plain(notice: EmailMessage) -> str:
    body = notice.get_body(("plain",))
    assert body
    return str(body.get_content())


def told(job: Any) -> set[tuple[str, bool]]:
    return {(notice["kind"], notice["success"]) for notice in job["notices"]}


async def test_a_delivery_report_has_what_the_client_gave(scene: Scene) -> None:
    job_id = await send(
        scene,
        {"+12065550201": "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;+2B12065550201@fax.hospital.example"},
        mail_options=("RET=FULL", "ENVID=QQ+2B314159"),
    )
    job = await scene.finished(job_id)
    assert told(job) == {("initial", True), ("delivery", True)}
    [notice] = scene.notices(job_id, "delivery")
    message, recipient = groups(notice)
    assert message["Original-Envelope-Id"] == "QQ+314159"
    assert recipient["Original-Recipient"] == "rfc822; +12065550201@fax.hospital.example"
    assert recipient["Final-Recipient"] == f"rfc822; +12065550201@{DOMAIN}"
    assert (recipient["Action"], recipient["Status"]) == ("delivered", "2.1.5")
    assert recipient["Final-Log-ID"] == job_id
    returned = list(notice.iter_parts())[2]
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "Subject: Referral" in str(returned.get_payload())
    assert "was delivered" in plain(notice)
    [accepted] = scene.notices(job_id, "initial")
    assert accepted.get_content_type() == "multipart/alternative"


async def test_never_means_never(scene: Scene) -> None:
    job_id = await send(scene, {"+12065550202": "NOTIFY=NEVER"})
    job = await scene.finished(job_id)
    assert job["status"] == "Success"
    assert told(job) == set()
    assert scene.notices(job_id, "initial") == scene.notices(job_id, "delivery") == []


async def test_a_failure_brings_the_mail_back(scene: Scene) -> None:
    job_id = await send(
        scene, {"+12065550105": "NOTIFY=FAILURE"}, mail_options=("RET=FULL",), text="Dear Dr. Doe"
    )
    job = await scene.finished(job_id)
    assert told(job) == {("delivery", False)}
    [notice] = scene.notices(job_id, "delivery")
    _, recipient = groups(notice)
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Diagnostic-Code"].startswith("X-Fax; Sit-Tone / Operator Msg (SIP 404")
    returned = list(notice.iter_parts())[2]
    assert returned.get_content_type() == "message/rfc822"
    inner = returned.get_payload(0)
    assert isinstance(inner, EmailMessage)
    assert [part.get_filename() for part in inner.iter_attachments()] == ["page.pdf"]
    assert "Dear Dr. Doe" in plain(inner)


async def test_the_initial_notice_leaves_out_who_is_never_told(scene: Scene) -> None:
    group = await send(
        scene,
        {"+12065550203": "NOTIFY=NEVER", "+12065550204": "NOTIFY=SUCCESS", "12": "NOTIFY=FAILURE"},
    )
    finished = [await scene.finished(f"{group}-{number}") for number in (1, 2, 3)]
    assert [job["state"] for job in finished] == ["sent", "sent", "failed"]
    [notice] = scene.notices(group, "initial")
    assert "+1 206 555 0203" not in plain(notice)
    assert "+1 206 555 0204" in plain(notice)
    _, *recipients = groups(notice)
    assert [(fields["Final-Recipient"], fields["Status"]) for fields in recipients] == [
        (f"rfc822; 12@{DOMAIN}", "5.1.3")
    ]
    assert scene.notices(f"{group}-1", "delivery") == []
    assert len(scene.notices(f"{group}-2", "delivery")) == 1


async def test_what_was_asked_for_is_shown(scene: Scene) -> None:
    job_id = await send(
        scene, {"+12065550205": "NOTIFY=SUCCESS"}, mail_options=("RET=HDRS", "ENVID=QQ314159")
    )
    job = await scene.finished(job_id)
    assert job["mail"]["envelope"]["envelope_id"] == "QQ314159"
    ran = await scene.postfax("show", job_id)
    assert "ENVID=QQ314159 NOTIFY=SUCCESS RET=HDRS" in ran.out


async def test_a_loop_of_failures_ends(scene: Scene) -> None:
    for number in range(LIMIT + 1):
        await scene.mail("12", sender="none@hospital.example", subject=f"Again {number}", text="hello")
    withheld = await scene.service.wait_for("notice_withheld", seconds=300)
    job_id = withheld["notice"].removeprefix("initial:")
    assert withheld["address"] == "none@hospital.example"
    ran = await scene.postfax("show", job_id)
    assert f"withheld  {LIMIT} failure notices went to this address" in ran.out
    assert scene.notices(job_id, "initial") == []
