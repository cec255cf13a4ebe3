"""Behind Debian's Exim, with the page's configuration: by LMTP with the client's address, and at once."""

from collections.abc import AsyncIterator, Iterator

import aiosmtplib
import pytest
import pytest_asyncio
from exim_server import EximServer, exim_server
from front_end_page import block, settings
from front_end_scene import (
    CLIENT,
    SENDER_DOMAIN,
    STRANGER,
    accepted,
    faxes_to,
    front_end_scene,
    proof_of,
    publish_sender,
    refusals,
    signed,
    submission,
    submit,
    told_by_front_end,
    until,
)
from scene import Scene

from postfax.demonstration.dns_stub import Fault
from postfax.demonstration.serve_process import port_in
from postfax.demonstration.world import SENDER

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    lmtp, trust = settings("behind Exim", lmtp_port="0")
    smtp, _ = settings("behind Exim, at once", smtp_address="127.0.0.1:0")
    listen = f"[{lmtp.strip('[]')}, {smtp.strip('[]')}]"
    async with front_end_scene(tmp_path_factory.mktemp("world"), listen=listen, mail=trust) as scene:
        yield scene


@pytest.fixture(scope="module")
def exim(scene: Scene) -> Iterator[EximServer]:
    transports = block(
        "Exim, transports",
        script="{folder}/lmtp-for-exim",
        lmtp_port=str(scene.service.smtp_port),
        own_address=CLIENT,
    )
    with exim_server(
        sink_port=scene.world.sink.port,
        main=block("Exim, main section"),
        routers=block("Exim, routers"),
        transports=transports,
        script=block("/usr/local/bin/lmtp-for-exim: PORT CLIENT"),
    ) as exim:
        yield exim


async def test_two_recipients_are_one_mail_and_one_fax_each(scene: Scene, exim: EximServer) -> None:
    await submit(submission("+12065550401", "+12065550402"), exim.port)
    event = await accepted(scene, after=0)
    assert (event["client"], event["proof"], event["recipients"]) == (CLIENT, "spf", 2)
    jobs = [await scene.finished(f"{event['mail']}-{number}") for number in (1, 2)]
    assert [job["status"] for job in jobs] == ["Success", "Success"]
    assert faxes_to(scene, "+12065550401", "+12065550402") == [1, 1]
    assert exim.queue() == []


async def test_what_is_refused_is_told_to_the_postmaster_alone(scene: Scene, exim: EximServer) -> None:
    mail = submission("+12065550403", "+12065550404")
    await submit(mail, exim.port, client=STRANGER)
    await until(lambda: told_by_front_end(scene, "postmaster@example.com"))
    [told] = told_by_front_end(scene, "postmaster@example.com")
    assert told.count("550 5.7.23") == 2
    assert told_by_front_end(scene, SENDER) == []
    [refused] = await refusals(scene, mail)
    assert (refused["client"], refused["return_path"]) == (STRANGER, SENDER)


async def test_a_user_who_is_logged_in_comes_from_the_server_itself(scene: Scene, exim: EximServer) -> None:
    position = len(scene.service.events)
    await submit(submission("+12065550405"), exim.port, client=STRANGER, login="ana")
    event = await accepted(scene, after=position)
    assert await proof_of(scene, event["mail"]) == ("spf", CLIENT)


async def test_during_trouble_exim_keeps_the_mail(scene: Scene, exim: EximServer) -> None:
    position = len(scene.service.events)
    scene.world.zone.fail(SENDER_DOMAIN, Fault.SERVFAIL, rdtype="TXT")
    await submit(submission("+12065550406"), exim.port)
    await scene.service.wait_for("submission_refused", seconds=300, after=position)
    assert len(exim.queue()) == 1
    publish_sender(scene.world.zone)
    event = await accepted(scene, after=position)
    assert (event["duplicate"], event["client"]) == (False, CLIENT)
    await until(lambda: not exim.queue())


# --- At once ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exim_at_once(scene: Scene) -> Iterator[EximServer]:
    with exim_server(
        sink_port=scene.world.sink.port,
        acl=block("Exim, RCPT access list, at once"),
        routers=block("Exim, routers, at once"),
        transports=block("Exim, transports, at once", smtp_port=str(port_in(scene.service.addresses[1]))),
    ) as exim:
        yield exim


async def test_at_once_a_signature_proves_the_sender(scene: Scene, exim_at_once: EximServer) -> None:
    position = len(scene.service.events)
    mail = signed(submission("+12065550407", "+12065550408"))
    said = await submit(mail, exim_at_once.port, client=STRANGER)
    event = await accepted(scene, after=position)
    assert (event["client"], event["proof"], event["recipients"]) == ("127.0.0.1", "dkim", 2)
    assert said.startswith("OK id=")
    assert exim_at_once.queue() == []


async def test_at_once_a_refusal_is_heard_in_the_dialogue(scene: Scene, exim_at_once: EximServer) -> None:
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await submit(submission("+12065550409"), exim_at_once.port)
    assert (caught.value.code, "5.7.23" in caught.value.message) == (550, True)
    assert exim_at_once.queue() == told_by_front_end(scene, SENDER) == []
