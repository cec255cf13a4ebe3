"""A real Dovecot's mailbox: every mail is taken once, and ends in its folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dovecot_server import Dovecot, dovecot
from pickup_house import HOP, PROVEN, SERVER, MailboxHouse, fax_mail, pickup_settings
from smtp_house import DOMAIN, user
from waiting import until

from mta.proof.verdict import RefusalReason
from store.errors import BookUnavailable
from store.mail import ProofMethod


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def house(server: Dovecot, tmp_path: Path) -> MailboxHouse:
    return MailboxHouse(server, pickup_settings(server, tmp_path))


async def test_a_mail_that_waits_and_one_that_comes_are_taken_and_moved(house: MailboxHouse) -> None:
    house.server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
        house.server.deliver(fax_mail(2), "2")  # announced by IDLE
        await until(lambda: len(house.taken()) == 2)
    first, second = house.book.mails
    assert first.body == fax_mail(1)
    assert first.envelope.return_path == "ana@hospital.example"
    assert first.envelope.recipients == (f"+12065550123@{DOMAIN}",)
    assert (first.header_from, first.user_email) == ("ana@hospital.example", "ana@hospital.example")
    assert first.message_id == "<1@hospital.example>"
    assert first.proof.method is ProofMethod.MAILBOX
    assert (first.proof.spf_result, first.proof.spf_domain, first.proof.aligned) == (
        "pass", "hospital.example", True,
    )  # fmt: skip
    assert first.proof.results.startswith(f"{SERVER}; dkim=pass header.d=hospital.example; spf=pass")
    assert second.message_id == "<2@hospital.example>"
    assert not house.server.mails_in()
    assert not house.refused


async def test_two_hundred_mails_are_taken_once_each_in_their_order(house: MailboxHouse) -> None:
    for number in range(200):
        house.server.deliver(fax_mail(number), f"{number:03d}")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 200)
    numbers = [int(mail.message_id.strip("<>").partition("@")[0]) for mail in house.book.mails]
    assert sorted(numbers) == list(range(200))
    assert house.book.duplicates == 0
    assert not house.server.mails_in()


async def test_where_the_server_can_neither_idle_nor_move(tmp_path: Path) -> None:
    with dovecot(capability="IMAP4rev1 UIDPLUS") as server:
        house = MailboxHouse(
            server, pickup_settings(server, tmp_path, poll="100 ms", taken="Gefaxt & bezahlt ü/日本")
        )
        async with house.fetching():
            for number in range(3):
                server.deliver(fax_mail(number), str(number))
            await until(lambda: len(house.book.mails) == 3 and not server.mails_in())
        assert len(server.mails_in("Gefaxt &- bezahlt &APw-.&ZeVnLA-")) == 3


async def test_without_uidplus_a_mail_stays_marked_as_deleted_and_is_not_taken_again(tmp_path: Path) -> None:
    with dovecot(capability="IMAP4rev1") as server:
        house = MailboxHouse(server, pickup_settings(server, tmp_path, poll="100 ms"))
        server.deliver(fax_mail(1), "1")
        async with house.fetching():
            await until(lambda: server.marked_as_deleted() == 1)
            server.deliver(fax_mail(2), "2")
            await until(lambda: server.marked_as_deleted() == 2)
        assert len(house.book.mails) == 2
        assert len(house.taken()) == 2


async def test_a_forged_field_below_the_servers_own_proves_nothing(house: MailboxHouse) -> None:
    honest = f"Authentication-Results: {SERVER}; spf=fail smtp.helo=x; dmarc=fail (p=reject)\r\n"
    outside = "Received: from x by mail.elsewhere.example with SMTP; Mon, 23 Nov 2026 08:00:00 +0000\r\n"
    house.server.deliver(fax_mail(1, top=HOP + honest + PROVEN), "1")
    house.server.deliver(fax_mail(2, top=HOP + outside + PROVEN), "2")
    async with house.fetching():
        await until(lambda: len(house.turned_away()) == 2)
    assert house.book.mails == []
    first, second = house.refused
    assert (first.reason, second.reason) == (RefusalReason.UNPROVEN, RefusalReason.UNPROVEN)
    assert first.reply.startswith(
        "550 5.7.26 nothing proves that the mail comes from hospital.example: "
        f"{SERVER} says spf=fail, dmarc=fail"
    )
    assert "says nothing about it" in second.reply
    assert first.header_from == "ana@hospital.example"


async def test_who_is_not_registered_and_what_is_automatic_or_too_large_is_not_faxed(
    house: MailboxHouse,
) -> None:
    house.max_size = 100_000
    house.server.deliver(fax_mail(1).replace(b"From: Ana Ruiz <ana@", b"From: Eve <eve@"), "1")
    house.server.deliver(fax_mail(2, extra="Auto-Submitted: auto-replied\r\n"), "2")
    house.server.deliver(fax_mail(3, body="x" * 70_000 + "\r\n" + "x" * 70_000), "3")
    house.server.deliver(fax_mail(4).replace(b"To: <+12065550123@", b"To: <x@other-"), "4")
    async with house.fetching():
        await until(lambda: len(house.turned_away()) == 4)
    assert {refused.reason for refused in house.refused} == {
        RefusalReason.UNREGISTERED, RefusalReason.TOO_BIG, RefusalReason.NO_SUCH_RECIPIENT,
    }  # fmt: skip
    assert [(one.mark, one.header_from) for one in house.quarantined] == [
        ("Auto-Submitted: auto-replied", "ana@hospital.example")
    ]
    assert house.book.mails == []


async def test_a_locked_users_mail_is_put_aside(house: MailboxHouse) -> None:
    house.locked.add("ana@hospital.example")
    house.server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.turned_away()) == 1)
        house.locked.clear()
        house.server.deliver(fax_mail(2), "2")
        await until(lambda: len(house.taken()) == 1)
    assert [refused.reason for refused in house.refused] == [RefusalReason.LOCKED]
    assert len(house.book.mails) == 1


async def test_when_the_quarantine_is_full_the_mail_is_refused(house: MailboxHouse) -> None:
    house.quarantine_full = True
    house.server.deliver(fax_mail(1, extra="List-Id: <x.example>\r\n"), "1")
    async with house.fetching():
        await until(lambda: len(house.turned_away()) == 1)
    assert house.refused[0].reply == "550 5.7.1 automatic mail is not faxed"


async def test_an_unproven_mail_is_taken_where_the_policy_allows_it(house: MailboxHouse) -> None:
    house.people.users["ana@hospital.example"] = user("ana@hospital.example", require_spf=False)
    house.server.deliver(fax_mail(1, top=HOP), "1")
    refused = (
        f"Authentication-Results: {SERVER}; dmarc=fail (p=REJECT dis=NONE) header.from=hospital.example\r\n"
    )
    house.server.deliver(fax_mail(2, top=HOP + refused), "2")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1 and len(house.turned_away()) == 1)
    assert house.book.mails[0].proof.method is ProofMethod.UNPROVEN
    assert house.book.mails[0].message_id == "<1@hospital.example>"


async def test_numbers_in_the_subject(server: Dovecot, tmp_path: Path) -> None:
    house = MailboxHouse(server, pickup_settings(server, tmp_path, subject_numbers=True))
    mail = fax_mail(1).replace(b"To: <+12065550123@fax.example.com>", b"To: <fax@hospital.example>")
    server.deliver(mail.replace(b"Referral 1", b"[FAX] 2065551234, +4930123456; call Bob"), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
    assert house.book.mails[0].envelope.recipients == (
        f"2065551234@{DOMAIN}", f"+4930123456@{DOMAIN}", f'"call Bob"@{DOMAIN}',
    )  # fmt: skip


async def test_a_large_mail_comes_whole(house: MailboxHouse) -> None:
    house.max_size = 50 << 20
    mail = fax_mail(1, body=("0123456789 (x) {5}\r\n" * 50 + "\r\n") * 8_000)
    house.server.deliver(mail, "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
    assert house.book.mails[0].body == mail


async def test_while_the_book_cannot_be_written_mails_stay_where_they_are(
    house: MailboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mta.imap.pickup._BOOK_SECONDS", 0.1)
    house.book.fault = BookUnavailable("the disk is full", "SQLITE_FULL")
    for number in range(3):
        house.server.deliver(fax_mail(number), str(number))
    async with house.fetching():
        await until(lambda: bool(house.book.keys) or "Login" in house.server.log())
        assert len(house.server.mails_in()) == 3
        house.book.fault = None
        await until(lambda: len(house.taken()) == 3)
    assert len(house.book.mails) == 3
    assert not house.refused


async def test_a_mail_that_makes_trouble_does_not_hold_up_the_others(
    house: MailboxHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = house.book.accept_mail

    async def accept_all_but_the_first(mail: object, pickup: object = None) -> object:
        if mail.message_id == "<0@hospital.example>":  # type: ignore[attr-defined]
            raise RuntimeError("a fault of ours")
        return await accept(mail, pickup)  # type: ignore[arg-type]

    monkeypatch.setattr(house.book, "accept_mail", accept_all_but_the_first)
    for number in range(3):
        house.server.deliver(fax_mail(number), str(number))
    async with house.fetching():
        await until(lambda: len(house.taken()) == 2)
        assert len(house.server.mails_in()) == 1
        monkeypatch.setattr(house.book, "accept_mail", accept)


async def test_a_folder_that_somebody_removes_is_made_again(house: MailboxHouse) -> None:
    house.server.deliver(fax_mail(1), "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
        house.server.remove_folder(house.settings.taken)
        house.server.deliver(fax_mail(2), "2")
        await until(lambda: len(house.taken()) == 1 and len(house.book.mails) == 2)


async def test_with_other_uids_a_mail_is_still_known(house: MailboxHouse) -> None:
    """Taken on, not moved, and then the mailbox gets another UIDVALIDITY."""
    anonymous = (
        fax_mail(1).replace(b"Message-ID: <1@hospital.example>\r\n", b"").replace(b"Date: ", b"X-Date: ")
    )
    house.server.deliver(anonymous, "1")
    async with house.fetching():
        await until(lambda: len(house.taken()) == 1)
    house.server.deliver_again("1", house.settings.taken)
    house.server.forget_uids()
    async with house.fetching():
        await until(lambda: house.book.duplicates == 1 and not house.server.mails_in())
    assert len({key.uidvalidity for key in house.book.keys}) == 2
    assert len(house.book.mails) == 1
