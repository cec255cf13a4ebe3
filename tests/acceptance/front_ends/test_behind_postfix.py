"""Behind Debian's Postfix, after its queue (LMTP) and before it, with the configuration of the page."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from email import message_from_string
from pathlib import Path

import aiosmtplib
import pytest
import pytest_asyncio
from front_end_page import block, settings
from front_end_scene import (
    CLIENT,
    STRANGER,
    accepted,
    faxes_to,
    front_end_scene,
    proof_of,
    refusals,
    signed,
    submission,
    submit,
    told_by_front_end,
    until,
)
from lmtp_relay import LmtpRelay
from patient_service import PatientService
from postfix_server import PostfixServer, free_port, postfix_folder, postfix_server
from scene import Scene
from smuggling import HIDDEN, SMUGGLING, smuggle

from postfax.demonstration.serve_process import port_in
from postfax.demonstration.world import SENDER
from postfax.opening import settings_in
from store.sqlite import book_path

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL_NOTICES = ("NOTIFY=SUCCESS,FAILURE,DELAY",)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with postfix_folder() as folder:
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """One service on the Unix socket and the SMTP port of the page, and by LMTP over TCP."""
    unix, _ = settings("after the queue", socket=str(folder / "queue/postfax/lmtp"))
    smtp, trust = settings("before the queue", smtp_address=f"127.0.0.1:{free_port()}")
    tcp, _ = settings("after the queue, over TCP", lmtp_port=str(free_port()))
    listen = f"[{', '.join(one.strip('[]') for one in (unix, smtp, tcp))}]"
    async with front_end_scene(folder / "world", listen=listen, mail=trust) as scene:
        yield scene


@pytest.fixture(scope="module")
def postfix(folder: Path, scene: Scene) -> Iterator[PostfixServer]:
    """As on the page: after the queue in main.cf, before the queue in master.cf."""
    etc = folder / "etc"
    with postfix_server(
        folder,
        sink_port=scene.world.sink.port,
        main=block("/etc/postfix/main.cf, after the queue", refusals=str(etc / "fax-refusals")),
        service=block(
            "/etc/postfix/master.cf, before the queue",
            service_address="127.0.0.1:{port}",
            smtp_address=f"127.0.0.1:{port_in(scene.service.addresses[1])}",
        ),
        files={"fax-refusals": block("/etc/postfix/fax-refusals")},
    ) as postfix:
        yield postfix


def own_mails(scene: Scene) -> list[str]:
    """The subjects of what Postfix itself wrote to the sender."""
    return [message_from_string(text)["Subject"] for text in told_by_front_end(scene, SENDER)]


async def test_two_recipients_are_one_mail_and_one_fax_each(scene: Scene, postfix: PostfixServer) -> None:
    said = await submit(submission("+12065550301", "+12065550302"), postfix.port)
    assert "queued as" in said
    event = await accepted(scene, after=0)
    assert (event["client"], event["proof"], event["recipients"]) == (CLIENT, "spf", 2)
    jobs = [await scene.finished(f"{event['mail']}-{number}") for number in (1, 2)]
    assert [job["status"] for job in jobs] == ["Success", "Success"]
    proof = jobs[0]["mail"]["proof"]
    assert (proof["client_address"], proof["helo"]) == (CLIENT, "pc.hospital.example")
    assert faxes_to(scene, "+12065550301", "+12065550302") == [1, 1]
    assert postfix.results("lmtp") == [("sent", f"250 2.0.0 accepted as {event['mail']}")] * 2
    await until(lambda: not postfix.queue())
    assert own_mails(scene) == []


async def test_what_is_refused_after_the_queue_is_told_to_nobody_but_the_administrator(
    scene: Scene, postfix: PostfixServer
) -> None:
    before = len(postfix.results("lmtp"))
    mail = submission("+12065550303", "+12065550304")
    await submit(mail, postfix.port, client=STRANGER)
    await until(lambda: len(postfix.results("lmtp")) == before + 2)
    for status, words in postfix.results("lmtp")[before:]:
        assert status == "sent"
        assert words.startswith("250 2.0.0 refused, and the sender is not told: 5.7.23")
    await until(lambda: not postfix.queue())
    assert own_mails(scene) == []
    [refused] = await refusals(scene, mail)
    assert refused["client"] == STRANGER
    assert refused["answer"].startswith("550 5.7.23")


async def test_own_users_are_proven_by_their_signature(scene: Scene, postfix: PostfixServer) -> None:
    position = len(scene.service.events)
    await submit(signed(submission("+12065550305")), postfix.port, client=STRANGER)
    event = await accepted(scene, after=position)
    assert await proof_of(scene, event["mail"]) == ("dkim", STRANGER)


async def test_mail_for_postmaster_reaches_a_person(scene: Scene, postfix: PostfixServer) -> None:
    before = len(scene.world.sink.mails)
    await submit(submission("postmaster"), postfix.port)
    await until(lambda: len(scene.world.sink.mails) > before)
    arrived = message_from_string(scene.world.sink.mails[-1].read_text())
    assert arrived["Delivered-To"] == "postmaster@example.com"


async def test_while_the_book_is_out_of_reach_postfix_keeps_the_mail(
    scene: Scene, postfix: PostfixServer
) -> None:
    position = len(scene.service.events)
    path = book_path(settings_in(str(scene.world.settings_file)).store)
    with closing(sqlite3.connect(path, isolation_level=None)) as book:
        book.execute("BEGIN IMMEDIATE")
        await submit(submission("+12065550306"), postfix.port)
        await until(lambda: "deferred" in dict(postfix.results("lmtp")))
        [waiting] = [mail for mail in postfix.queue() if "2065550306" in mail["recipients"][0]["address"]]
        assert "451 4.3.0" in waiting["recipients"][0]["delay_reason"]
        book.execute("ROLLBACK")
    event = await accepted(scene, after=position)
    assert not event["duplicate"]
    assert (await scene.finished(event["mail"]))["status"] == "Success"
    assert faxes_to(scene, "+12065550306") == [1]
    await until(lambda: not postfix.queue())
    assert own_mails(scene) == []


async def test_dsn_goes_through_and_is_postfaxs_to_answer(scene: Scene, postfix: PostfixServer) -> None:
    position = len(scene.service.events)
    await submit(
        submission("+12065550307"),
        postfix.port,
        mail_options=("RET=HDRS", "ENVID=QQ314159"),
        rcpt_options=(*ALL_NOTICES, "ORCPT=rfc822;fax@hospital.example"),
    )
    job = await scene.finished((await accepted(scene, after=position))["mail"])
    envelope = job["mail"]["envelope"]
    assert (envelope["envelope_id"], envelope["return_content"]) == ("QQ314159", "hdrs")
    [asked] = envelope["notice_requests"].values()
    assert sorted(asked["notify"]) == ["delay", "failure", "success"]
    assert asked["original_recipient"] == "rfc822;fax@hospital.example"
    assert len(scene.notices(job["id"], "delivery")) == 1
    assert own_mails(scene) == []


# --- Before the queue --------------------------------------------------------------------------------------


async def test_before_the_queue_the_client_hears_postfax(scene: Scene, postfix: PostfixServer) -> None:
    said = await submit(
        submission("+12065550308", "+12065550309"),
        postfix.service_port,
        mail_options=("RET=FULL", "ENVID=QQ271828"),
        rcpt_options=ALL_NOTICES,
    )
    assert said.startswith("2.0.0 accepted as ")
    mail_id = said.rpartition(" ")[2]
    jobs = [await scene.finished(f"{mail_id}-{number}") for number in (1, 2)]
    assert [job["status"] for job in jobs] == ["Success", "Success"]
    assert jobs[0]["mail"]["proof"]["client_address"] == CLIENT
    assert jobs[0]["mail"]["proof"]["helo"] == "pc.hospital.example"
    assert jobs[0]["mail"]["envelope"]["envelope_id"] == "QQ271828"
    assert faxes_to(scene, "+12065550308", "+12065550309") == [1, 1]
    await until(lambda: not postfix.queue())
    assert own_mails(scene) == []


async def test_before_the_queue_a_refusal_is_heard_in_the_dialogue(
    scene: Scene, postfix: PostfixServer
) -> None:
    mail = submission("+12065550310")
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await submit(mail, postfix.service_port, client=STRANGER)
    assert (caught.value.code, caught.value.message[:6]) == (550, "5.7.23")
    [refused] = await refusals(scene, mail)
    assert refused["client"] == STRANGER
    await until(lambda: not postfix.queue())
    assert own_mails(scene) == []


async def test_before_the_queue_nothing_is_relayed(scene: Scene, postfix: PostfixServer) -> None:
    before = len(scene.world.sink.mails)
    with pytest.raises(aiosmtplib.SMTPRecipientRefused):
        await submit(submission("ana@hospital.example"), postfix.service_port)
    assert len(scene.world.sink.mails) == before


# --- Smuggling ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before_queue", [False, True], ids=["after the queue", "before the queue"])
async def test_no_mail_is_smuggled_through(
    scene: Scene, postfix: PostfixServer, *, before_queue: bool
) -> None:
    """Each is refused for its client; a mail that was hidden in it would be refused by itself."""
    port = postfix.service_port if before_queue else postfix.port
    seen = [await smuggle(port, ending) for ending in SMUGGLING.values()]
    await until(lambda: not postfix.queue())
    listed = (await scene.postfax("refused", "--json", "--limit", "200")).json
    recipients = {address for entry in listed for address in entry["recipients"]}
    assert recipients >= set(seen)
    assert HIDDEN not in recipients


# --- Over TCP, killed, and without what the page says ------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def relay(scene: Scene) -> AsyncIterator[LmtpRelay]:
    async with LmtpRelay(port_in(scene.service.addresses[2])).running() as relay:
        yield relay


@pytest.fixture(scope="module")
def careless_postfix(scene: Scene, relay: LmtpRelay) -> Iterator[PostfixServer]:
    """LMTP over TCP, as on the page, but with refusals bounced and without DSN."""
    with postfix_folder() as folder:
        main = block("/etc/postfix/main.cf, after the queue") + block(
            "/etc/postfix/main.cf, over TCP", lmtp_port=str(relay.port)
        )
        main += "lmtp_reply_filter =\nlmtp_discard_lhlo_keywords = dsn\n"
        with postfix_server(folder, sink_port=scene.world.sink.port, main=main) as postfix:
            yield postfix


async def test_without_dsn_postfix_tells_the_sender_too(
    scene: Scene, careless_postfix: PostfixServer
) -> None:
    position = len(scene.service.events)
    await submit(submission("+12065550311"), careless_postfix.port, rcpt_options=ALL_NOTICES)
    job = await scene.finished((await accepted(scene, after=position))["mail"])
    assert job["mail"]["envelope"]["notice_requests"] == {}
    assert len(scene.notices(job["id"], "delivery")) == 1
    await until(lambda: own_mails(scene))
    assert own_mails(scene) == ["Successful Mail Delivery Report"]


async def test_without_the_filter_a_forged_sender_gets_a_bounce(
    scene: Scene, careless_postfix: PostfixServer
) -> None:
    told = len(own_mails(scene))
    await submit(submission("+12065550312", "+12065550313"), careless_postfix.port, client=STRANGER)
    await until(lambda: len(own_mails(scene)) > told)
    assert own_mails(scene)[told:] == ["Undelivered Mail Returned to Sender"]
    bounced = [words for status, words in careless_postfix.results("lmtp") if status == "bounced"]
    assert len(bounced) == 2
    assert all("said: 550 5.7.23" in words for words in bounced)


async def test_a_service_that_is_killed_before_its_reply_sends_one_fax(
    scene: Scene, relay: LmtpRelay, postfix: PostfixServer, careless_postfix: PostfixServer
) -> None:
    """Postfix never hears that the mail was accepted, and delivers it again; who waits before the queue hears
    that nothing was accepted.
    """
    relay.arm(scene.service.kill)
    await submit(submission("+12065550314", "+12065550315"), careless_postfix.port)
    await asyncio.wait_for(relay.killed.wait(), 300)
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await submit(submission("+12065550316"), postfix.service_port)
    assert caught.value.code == 451
    lost = scene.service
    scene.service = PatientService(scene.world.settings_file)
    await scene.service.start()
    event = await accepted(scene, after=0)
    first = await lost.wait_for("mail_accepted", seconds=0, mail=event["mail"])
    assert (first["duplicate"], event["duplicate"]) == (False, True)
    jobs = [await scene.finished(f"{event['mail']}-{number}") for number in (1, 2)]
    assert [job["status"] for job in jobs] == ["Success", "Success"]
    assert faxes_to(scene, "+12065550314", "+12065550315") == [1, 1]
    statuses = [status for status, _ in careless_postfix.results("lmtp")[-4:]]
    assert statuses == ["deferred", "deferred", "sent", "sent"]
