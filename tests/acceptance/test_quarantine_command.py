"""`postfax quarantine`, through the installed program."""

from pathlib import Path

import pytest
from commands_site import OUT_OF_OFFICE, CommandsSite, make_site, out_of_office
from scene import Scene

from postfax.opening import now
from store.book import Book
from store.mail import ProofMethod

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def file_mails(site: CommandsSite, *mails: str) -> list[str]:
    """Ids of mails with these From addresses; an empty one stands for none."""
    async with site.book() as book:
        ids = [
            await book.quarantine(out_of_office(number, header_from=header_from), limit=100)
            for number, header_from in enumerate(mails)
        ]
    return [mail_id for mail_id in ids if mail_id]


async def test_the_list_is_told_in_words_and_in_json(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    empty = await site.postfax("quarantine", "list")
    assert (empty.status, empty.out) == (0, "nothing is in quarantine\n")
    [first, second] = await file_mails(site, "ana@hospital.example", "")
    listed = await site.postfax("quarantine", "list")
    assert " ".join(listed.out.split()[:8]) == "MAIL AGE FROM TO AUTOMATIC BY SIZE SUBJECT"
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == [second, first]
    assert "Auto-Submitted: auto-replied" in listed.out
    plain = (await site.postfax("quarantine", "list", "--limit", "1", "--json")).json
    assert [mail["id"] for mail in plain] == [second]
    assert plain[0]["envelope"]["recipients"] == ["+12065551234@fax.example.com"]


async def test_show_tells_the_header_and_never_the_text(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [mail_id] = await file_mails(site, "ana@hospital.example")
    shown = await site.postfax("quarantine", "show", mail_id.lower())
    assert shown.status == 0
    for fact in (mail_id, "192.0.2.1 (mail.hospital.example)", "+12065551234@fax.example.com", "Subject"):
        assert fact in shown.out
    assert "\x1b" not in shown.out
    plain = await site.postfax("quarantine", "show", mail_id, "--json")
    assert ["Auto-Submitted", "auto-replied"] in plain.json["fields"]
    assert "nobody needs to know" not in shown.out + plain.out


async def test_the_whole_message_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [mail_id] = await file_mails(site, "ana@hospital.example")
    assert (await site.postfax("quarantine", "show", mail_id, "--eml", "-")).out.encode() == OUT_OF_OFFICE
    await site.postfax("quarantine", "show", mail_id, "--eml", tmp_path / "mail.eml")
    assert (tmp_path / "mail.eml").read_bytes() == OUT_OF_OFFICE
    nowhere = await site.postfax("quarantine", "show", mail_id, "--eml", tmp_path / "none" / "mail.eml")
    assert nowhere.status == 5
    assert "No such file or directory" in nowhere.err


async def test_a_released_mail_is_a_received_one(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [mail_id] = await file_mails(site, "scan@hospital.example")
    ran = await site.postfax("quarantine", "release", mail_id)
    assert (ran.status, ran.out) == (0, f"{mail_id}  released, to be faxed for ana@hospital.example\n")
    async with site.book() as book:
        mail = await book.mail(mail_id)
    assert mail is not None
    assert (mail.proof.method, mail.user_email) == (ProofMethod.RELEASED, "ana@hospital.example")
    again = await site.postfax("quarantine", "release", mail_id)
    assert (again.status, again.out) == (3, f"{mail_id}  is not in quarantine\n")


async def test_a_mail_of_nobody_is_not_released(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [stranger, nobody] = await file_mails(site, "eve@stranger.example", "")
    ran = await site.postfax("quarantine", "release", stranger, nobody)
    assert ran.status == 4
    assert "no user of the policy has the From address eve@stranger.example" in ran.out
    assert "does not have exactly one author" in ran.out
    assert len((await site.postfax("quarantine", "list", "--json")).json) == 2


async def test_a_locked_users_mail_is_not_released(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [mail_id] = await file_mails(site, "ana@hospital.example")
    async with site.book() as book:
        await book.lock("ana@hospital.example", by="olga")
    ran = await site.postfax("quarantine", "release", mail_id)
    assert (ran.status, ran.out) == (
        4, f"{mail_id}  was not released: ana@hospital.example is locked, by olga\n",
    )  # fmt: skip


async def test_a_mail_without_a_number_is_not_released(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    async with site.book() as book:
        mail_id = await book.quarantine(out_of_office(recipients=()), limit=1)
    assert mail_id is not None
    ran = await site.postfax("quarantine", "release", mail_id, "--json")
    assert ran.status == 4
    assert (ran.json[mail_id]["done"], ran.json[mail_id]["found"]) == (False, True)
    assert "names no fax number" in ran.json[mail_id]["words"]


async def test_of_several_mails_each_is_told(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [mine, stranger] = await file_mails(site, "ana@hospital.example", "eve@stranger.example")
    ran = await site.postfax("quarantine", "release", mine, stranger, "ZZZZ-ZZ", "--json")
    assert ran.status == 1
    assert {mail_id: result["done"] for mail_id, result in ran.json.items()} == {
        mine: True,
        stranger: False,
        "ZZZZ-ZZ": False,
    }


async def test_deleted_mails_are_gone(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    [first, second] = await file_mails(site, "ana@hospital.example", "")
    partly = await site.postfax("quarantine", "delete", first, "nonsense")
    assert (partly.status, partly.out) == (1, f"{first}  deleted\nnonsense  is not in quarantine\n")
    assert (await site.postfax("quarantine", "delete", second)).status == 0
    assert (await site.postfax("quarantine", "delete", second)).status == 3
    gone = await site.postfax("quarantine", "show", first)
    assert (gone.status, gone.out) == (3, "")
    assert gone.err.startswith(f"postfax: there is no mail {first} in quarantine.")


async def test_the_running_service_faxes_a_released_mail(scene: Scene) -> None:
    state = scene.world.folder / "state"
    [book_file] = state.glob("*.db")
    async with Book(f"sqlite:{book_file}", state / "documents", clock=now) as book:
        mail_id = await book.quarantine(out_of_office(), limit=10)
    assert mail_id is not None
    ran = await scene.postfax("quarantine", "release", mail_id)
    assert ran.status == 0, ran.err
    job = await scene.finished(mail_id)
    assert job["status"] == "Success"
    assert job["mail"]["proof"]["method"] == "released"
    assert job["history"][0]["by"] == job["mail"]["proof"]["detail"] != ""
