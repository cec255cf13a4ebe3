"""Ways in through the running service: log-in, quarantine, a renewed certificate, a mailbox."""

import asyncio
import os
import signal
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest
from dovecot_server import PASSWORD, USER, dovecot
from patient_service import PatientService
from pickup_house import fax_mail
from scene import Scene, compose, run_postfax
from smtp_certificate import make_certificate

from postfax.demonstration.world import DOMAIN, SENDER, World

POLICY = """\
company: General Hospital
settings:
  fax: {{default_region: US, sender_number: "+12065550100"}}
  coverpage: {{mode: none}}
users:
  - {{name: Ana Ruiz, email: {sender}}}
  - {{name: Front Desk, email: desk@elsewhere.example}}
# {archive_address} {sftp_port} {known_host} have no part in it
"""
PASSWORD_OF_DESK = "correct horse battery staple"
NOBODY = "+9990000000"
"""A number that does not exist: the mail is taken on and nothing is dialled."""


@asynccontextmanager
async def running(folder: Path, mail: str) -> AsyncIterator[Scene]:
    async with World(folder=folder, processes=2, clock=10, policy=POLICY, mail=mail) as world:
        service = PatientService(world.settings_file)
        await service.start()
        try:
            yield Scene(world=world, service=service)
        finally:
            await service.stop()


async def deliver(
    scene: Scene, sender: str, *, login: bool = False, fields: dict[str, str] | None = None
) -> str:
    """The reply to a mail that is sent over STARTTLS."""
    unverified = ssl._create_unverified_context()  # noqa: S323 - a certificate of the test's own
    client = aiosmtplib.SMTP(
        hostname="127.0.0.1", port=scene.service.smtp_port, start_tls=True, tls_context=unverified
    )
    async with client:
        if login:
            await client.login("desk@elsewhere.example", PASSWORD_OF_DESK)
        message = compose([NOBODY], sender, "Referral", "Please see above.", (), fields or {})
        _, reply = await client.send_message(message, sender=sender, recipients=[f"{NOBODY}@{DOMAIN}"])
        return reply


async def test_who_logs_in_is_proven_and_nobody_else(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    settings = f"  tls: {{certificate: {tls['certificate']}, key: {tls['key']}}}\n"
    async with running(tmp_path, settings) as scene:
        set_password = await run_postfax(
            *("--config", scene.world.settings_file, "user", "password", "desk@elsewhere.example", "--stdin"),
            typed=f"{PASSWORD_OF_DESK}\n",
        )
        assert set_password.status == 0, set_password.err
        with pytest.raises(aiosmtplib.SMTPDataError, match=r"5\.7\.23"):
            await deliver(scene, "desk@elsewhere.example")
        mail = (await deliver(scene, "desk@elsewhere.example", login=True)).rpartition(" ")[2]
        shown = await scene.postfax("show", mail)
        assert "logged in as desk@elsewhere.example" in shown.out
        with pytest.raises(aiosmtplib.SMTPDataError, match=r"5\.7\.1"):
            await deliver(scene, SENDER, login=True)


async def test_automatic_mail_waits_in_quarantine(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    settings = f"  tls: {{certificate: {tls['certificate']}, key: {tls['key']}}}\n"
    async with running(tmp_path, settings) as scene:
        reply = await deliver(scene, SENDER, fields={"Auto-Submitted": "auto-replied"})
        assert reply.startswith("2.0.0 ")
        listed = await scene.postfax("quarantine", "list", "--json")
        (kept,) = listed.json
        assert "Auto-Submitted" in kept["mark"]
        assert not (await scene.postfax("list", "--json")).json
        assert not list(scene.world.sink.mails)


async def test_a_renewed_certificate_is_presented_without_a_restart(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    settings = f"  tls: {{certificate: {tls['certificate']}, key: {tls['key']}}}\n"

    async def presented(scene: Scene) -> bytes:
        unverified = ssl._create_unverified_context()  # noqa: S323 - a certificate of the test's own
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=scene.service.smtp_port, start_tls=True, tls_context=unverified
        )
        async with client:
            assert client.transport is not None
            found: bytes = client.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            return found

    async with running(tmp_path, settings) as scene:
        before = await presented(scene)
        Path(tls["key"]).write_text("half of a new pair\n")
        scene.service.reload()
        await scene.service.wait_for("certificate_not_renewed", seconds=300)
        assert await presented(scene) == before
        make_certificate(tmp_path)
        scene.service.reload()
        await scene.service.wait_for("certificate_renewed", seconds=300, worker=0)
        await scene.service.wait_for("certificate_renewed", seconds=300, worker=1)
        assert await presented(scene) != before


async def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    async with running(tmp_path, "") as scene:
        worker, *_ = scene.service.accept_worker_pids()
        os.kill(worker, signal.SIGKILL)
        await scene.service.wait_for("accept_worker_ended", seconds=300)
        for _ in range(6):  # the kernel deals the connections out to both
            assert await scene.mail(NOBODY)
        assert len(scene.service.accept_worker_pids()) == 2


async def test_a_mail_in_the_mailbox_becomes_a_submission(tmp_path: Path) -> None:
    (tmp_path / "imap.secret").write_text(f"{PASSWORD}\n")
    with dovecot() as server:
        settings = (
            f"  pickup: [{{host: 127.0.0.1, port: {server.port}, tls: none, username: {USER}, "
            "password_file: imap.secret, authserv_id: mx.hospital.example}]\n"
        )
        async with running(tmp_path, settings) as scene:
            server.deliver(fax_mail(7, extra="X-Fax-Reference: mailbox\r\n"), "one")
            until = time.monotonic() + 300
            while not (found := (await scene.postfax("list", "--json")).json) and time.monotonic() < until:
                await asyncio.sleep(0.3)
            (job,) = found
            assert job["number"] == "+12065550123", job
            assert len(server.mails_in("Faxed")) == 1
