"""What intake does with each verdict: stored, filed in quarantine, or told why not."""

import errno
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from smtp_house import Book, People, mail, user
from stub_lookup import StubLookup

from config.settings import Settings, UserPolicy
from mta.dedupe import digest_of
from mta.intake import AutomaticMail, Delivery, Intake, RefusedSubmission
from mta.proof.checks import SenderChecks
from mta.proof.verdict import RefusalReason
from mta.smtp.data import SpooledMessage
from postfax.demonstration.dns_stub import DnsStub, Zone
from store.errors import BookUnavailable
from store.incoming import IncomingBody
from store.mail import Envelope, ProofMethod

LIST = mail(extra="List-Id: <l.example>\r\n")


@dataclass
class Shelf:
    """A quarantine in memory."""

    room: int = 10
    fault: Exception | None = None
    mails: list[AutomaticMail] = field(default_factory=list)

    async def keep(self, automatic: AutomaticMail) -> bool:
        if self.fault:
            raise self.fault
        if len(self.mails) >= self.room:
            return False
        self.mails.append(automatic)
        return True


@dataclass
class Door:
    intake: Intake
    book: Book
    people: People
    shelf: Shelf
    refused: list[RefusedSubmission]
    locked: set[str]
    """Accounts."""

    async def take(
        self,
        message: bytes,
        *,
        return_path: str = "ana@hospital.example",
        authenticated: str = "",
        file: IncomingBody | None = None,
    ) -> str:
        delivery = Delivery(
            client_address="127.0.0.1",
            helo="client.example",
            envelope=Envelope(return_path=return_path, recipients=("+12065550123@fax.example.com",)),
            authenticated=authenticated,
        )
        if file:
            file.write(message)
        with SpooledMessage(file or message, digest_of(message)) as spooled:
            return str(await self.intake.take(delivery, spooled))


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    stub = DnsStub(Zone(ttl=60))
    stub.zone.add_text("hospital.example", "v=spf1 ip4:127.0.0.1 -all")
    lookup = StubLookup(stub.zone, await stub.start())
    checks = SenderChecks(lookup, hostname="fax.example.com")
    book, shelf, refused = Book(), Shelf(), list[RefusedSubmission]()
    people = People({"ana@hospital.example": user("ana@hospital.example")})

    locked = set[str]()

    async def is_locked(account: str) -> bool:
        if "nobody knows" in locked:
            raise BookUnavailable("The book is gone.", "gone")
        return account in locked

    def no_file() -> IncomingBody:
        raise AssertionError("messages are made by the test")

    intake = Intake(
        directory=lambda: people,
        checks=checks,
        accept=book.accept,
        refused=refused.append,
        open_body=no_file,
        quarantine=shelf.keep,
        locked=is_locked,
    )
    yield Door(intake, book, people, shelf, refused, locked)
    checks.close()
    await stub.stop()


async def test_a_proven_mail_is_stored_with_its_proof(door: Door) -> None:
    assert (await door.take(mail())).startswith("250 2.0.0 accepted as ")
    (stored,) = door.book.mails
    assert stored.proof.method is ProofMethod.SPF
    assert stored.proof.results.startswith("fax.example.com; spf=pass ")


async def test_a_locked_user_is_refused_until_unlocked(door: Door) -> None:
    door.locked.add("ana@hospital.example")
    for login in ("", "ana@hospital.example"):
        assert await door.take(mail(), authenticated=login) == (
            "550 5.7.1 the sender's account is locked; ask the administrator of the fax service"
        )
    assert [refused.reason for refused in door.refused] == [RefusalReason.LOCKED] * 2
    assert door.book.mails == []
    door.locked.clear()
    assert (await door.take(mail())).startswith("250 2.0.0 accepted as ")


async def test_nobody_learns_that_an_account_is_locked_who_does_not_prove_to_be_its_user(door: Door) -> None:
    door.people.users["ben@else.example"] = user("ben@else.example")
    door.locked.add("ben@else.example")
    assert "locked" not in await door.take(mail(author="ben@else.example"))


async def test_where_locks_are_not_known_the_client_comes_again(door: Door) -> None:
    door.locked.add("nobody knows")
    assert (await door.take(mail())).startswith("451 4.3.0 ")
    assert door.book.mails == []


async def test_automatic_mail_is_kept_for_the_administrator(door: Door) -> None:
    assert await door.take(LIST) == "250 2.0.0 kept for the administrator: automatic mail is not faxed"
    assert await door.take(mail(author="x@y.example"), return_path="") == (
        "250 2.0.0 kept for the administrator: automatic mail is not faxed"
    )
    first, second = door.shelf.mails
    assert (first.mark, first.header_from, first.body) == ("List-Id", "ana@hospital.example", LIST)
    assert first.message_id == "<1@hospital.example>"
    assert (second.mark, second.header_from) == ("null return path", "x@y.example")
    assert door.book.mails == []
    assert door.refused == []


async def test_a_full_quarantine_refuses(door: Door) -> None:
    door.shelf.room = 0
    assert await door.take(LIST) == "550 5.7.1 automatic mail is not faxed"
    assert door.refused[0].reason is RefusalReason.AUTOMATIC
    assert door.refused[0].detail == "List-Id"


@pytest.mark.parametrize(
    ("fault", "reply"), [(OSError(errno.ENOSPC, "no space"), "452 4.3.1 "), (RuntimeError("x"), "451 4.3.0 ")]
)
async def test_a_quarantine_that_fails_is_temporary(door: Door, fault: Exception, reply: str) -> None:
    door.shelf.fault = fault
    assert (await door.take(LIST)).startswith(reply)
    assert door.refused[0].reason is RefusalReason.STORAGE


async def test_a_large_automatic_mail_is_the_quarantines(door: Door, tmp_path: Path) -> None:
    (tmp_path / "00").mkdir()
    for number in range(256):
        (tmp_path / f"{number:02x}").mkdir(exist_ok=True)
    body = IncomingBody(tmp_path, ".eml")
    assert (await door.take(LIST, file=body)).startswith("250 ")
    assert door.shelf.mails[0].body is body
    assert body.octets() == LIST
    body.discard()


async def test_a_session_proves_its_own_user_alone(door: Door) -> None:
    device = UserPolicy(
        name="Scanner", email="scan@hospital.example", company="Hospital", settings=Settings()
    )
    door.people.users["eva@hospital.example"] = device
    own = mail(author="eva@hospital.example")
    account = mail(author="Scan@hospital.example", message_id="<2@h>")
    for message in (own, account):
        assert (
            await door.take(message, return_path="any@x.example", authenticated="scan@hospital.example")
        ).startswith("250 ")
    assert {one.user_email for one in door.book.mails} == {"scan@hospital.example"}
    assert {one.proof.method for one in door.book.mails} == {ProofMethod.AUTH}
    assert (await door.take(mail(), authenticated="scan@hospital.example")).startswith("550 5.7.1 ")
    assert door.refused[0].reason is RefusalReason.NOT_OWN_ADDRESS
    assert (await door.take(own, authenticated="gone@hospital.example")).startswith("550 5.7.1 ")
