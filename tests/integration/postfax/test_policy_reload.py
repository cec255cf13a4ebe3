"""A changed policy comes into force as a whole, or not at all; users do not vanish unnoticed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from postfax import policy_reload
from postfax.live_policy import LivePolicy
from postfax.policy_reload import PolicyReload
from store.book import Book

HOUSE = "company: General Hospital\nusers: [{name: Olga, email: olga@hospital.example}]\n"
RADIOLOGY = """\
departments:
  Radiology:
    users: [{name: Ana, email: ana@hospital.example}, {name: Ben, email: ben@hospital.example}]
"""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Office:
    """A policy of two files, a book, and what keeps the one up to date."""

    book: Book
    folder: Path
    live: LivePolicy
    taken: int = 0
    logs: list[Any] = field(default_factory=list)

    def reload(self, **settings: Any) -> PolicyReload:
        return PolicyReload(self.book, self.live, self.take, clock=now, **settings)

    async def take(self) -> None:
        self.taken += 1

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def users(self) -> set[str]:
        return {user.email.partition("@")[0] for user in self.live.current.users}

    def logged(self, event: str) -> list[Any]:
        return [entry for entry in self.logs if entry["event"] == event]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "house.yaml").write_text(HOUSE, encoding="utf-8")
    (folder / "radiology.yaml").write_text(RADIOLOGY, encoding="utf-8")
    url = f"sqlite:{tmp_path / 'book.db'}"
    await Book.migrate(url)
    with capture_logs() as logs:
        async with Book(url, tmp_path / "documents", clock=now) as book:
            yield Office(book, folder, LivePolicy(folder, lines=(), now=now()), logs=logs)


async def test_a_changed_policy_is_taken_over_and_one_line_tells_what_changed(office: Office) -> None:
    office.write("radiology.yaml", RADIOLOGY.replace("name: Ben, email: ben@", "name: Cem, email: cem@"))
    office.write("house.yaml", HOUSE + "settings: {fax: {resolution: standard}}\n")
    assert await office.reload().reload()
    assert office.users() == {"olga", "ana", "cem"}
    assert office.taken == 1
    [told] = office.logged("policy_reloaded")
    assert {name: told[name] for name in ("users", "added", "removed", "moved", "settings", "touched")} == {
        "users": 3, "added": 1, "removed": 1, "moved": 0, "settings": 1, "touched": 4,
    }  # fmt: skip


async def test_a_policy_that_is_as_it_was_is_given_to_nobody(office: Office) -> None:
    office.write("house.yaml", HOUSE)
    before = office.live.current
    assert await office.reload().reload()
    assert (office.live.current is before, office.taken) == (True, 0)
    assert office.logged("policy_unchanged")


async def test_a_policy_with_mistakes_changes_nothing(office: Office) -> None:
    office.write("radiology.yaml", RADIOLOGY + "  Surgery: {userz: []}\n")
    before = office.live.current
    assert not await office.reload().reload()
    assert office.live.current is before
    assert office.taken == 0
    [told] = office.logged("policy_not_reloaded")
    assert "userz" in told["mistakes"][0]
    assert told["kept_since"] == office.live.loaded_at.isoformat()


async def test_a_policy_that_is_gone_changes_nothing(office: Office) -> None:
    for file in office.folder.iterdir():
        file.unlink()
    office.folder.rmdir()
    assert not await office.reload().reload()
    assert office.users() == {"olga", "ana", "ben"}
    assert office.logged("policy_not_reloaded")


async def test_users_do_not_vanish_with_their_department(office: Office) -> None:
    (office.folder / "radiology.yaml").unlink()
    assert not await office.reload().reload()
    assert office.users() == {"olga", "ana", "ben"}
    [told] = office.logged("policy_not_reloaded")
    assert told["users"] == 2
    assert told["named"] == "ana@hospital.example, ben@hospital.example"
    assert told["departments"] == "Radiology"
    assert "postfax policy approve" in told["advice"]


async def test_single_users_may_go_and_departments_may_be_renamed(office: Office) -> None:
    office.write(
        "radiology.yaml",
        RADIOLOGY.replace("Radiology", "Imaging").replace(
            "name: Ben, email: ben@", "name: Ben B, email: ben@"
        ),
    )
    assert await office.reload().reload()
    office.write("radiology.yaml", "departments: {Imaging: {}}\n")
    assert await office.reload().reload()
    assert office.users() == {"olga"}


async def test_they_vanish_once_somebody_approves_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_reload, "APPROVAL_SECONDS", 0.01)
    (office.folder / "radiology.yaml").unlink()
    reload = office.reload()
    running = asyncio.create_task(reload.run())
    reload.want()
    await _until(lambda: len(office.logged("policy_not_reloaded")) == 1)
    await asyncio.sleep(0.05)
    assert len(office.logged("policy_not_reloaded")) == 1
    assert office.users() == {"olga", "ana", "ben"}
    await office.book.approve_policy((await office.live.read_again()).digest, by="olga")
    await _until(lambda: office.users() == {"olga"})
    await _until(lambda: office.taken == 1)
    running.cancel()
    await asyncio.wait([running])
    [told] = office.logged("users_may_vanish")
    assert told["approved_by"] == "olga"


async def test_an_approval_holds_for_what_was_approved_alone(office: Office) -> None:
    (office.folder / "radiology.yaml").unlink()
    await office.book.approve_policy((await office.live.read_again()).digest, by="olga")
    office.write("house.yaml", HOUSE + "# changed again\n")
    assert not await office.reload().reload()
    office.write("house.yaml", HOUSE)
    assert await office.reload().reload()


async def test_they_may_vanish_where_the_service_was_started_so(office: Office) -> None:
    (office.folder / "radiology.yaml").unlink()
    assert await office.reload(allow_removal=True).reload()
    assert office.users() == {"olga"}


async def test_a_start_tells_who_vanished_since_the_last_run(office: Office) -> None:
    await office.reload().begin()
    assert office.logged("users_vanished") == []
    (office.folder / "radiology.yaml").unlink()
    office.live = LivePolicy(office.folder, lines=(), now=now())
    await office.reload().begin()
    [told] = office.logged("users_vanished")
    assert (told["users"], told["named"]) == (2, "ana@hospital.example, ben@hospital.example")
    await office.reload().begin()
    assert len(office.logged("users_vanished")) == 1


async def test_what_was_changed_while_the_service_started_is_taken_over(office: Office) -> None:
    office.write("radiology.yaml", RADIOLOGY + "  CT: {users: [{name: Cem, email: cem@hospital.example}]}\n")
    reload = office.reload()
    running = [asyncio.create_task(reload.watch()), asyncio.create_task(reload.run())]
    await _until(lambda: office.users() == {"olga", "ana", "ben", "cem"})
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def test_a_fault_while_reloading_does_not_keep_the_next_policy_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reload, read_again = office.reload(), office.live.read_again

    async def fail() -> Any:
        monkeypatch.setattr(office.live, "read_again", read_again)
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(office.live, "read_again", fail)
    running = asyncio.create_task(reload.run())
    reload.want()
    await _until(lambda: len(office.logged("policy_not_reloaded")) == 1)
    office.write("radiology.yaml", RADIOLOGY + "# changed\n")
    reload.want()
    await _until(lambda: office.taken == 1)
    running.cancel()
    await asyncio.wait([running])


async def test_those_who_are_called_learn_of_a_policy_that_is_not_taken_over(office: Office) -> None:
    called = "settings: {alerts: {contacts: [duty@hospital.example]}}\n"
    office.write("house.yaml", HOUSE + called)
    reload = office.reload()
    assert await reload.reload()
    office.write("radiology.yaml", RADIOLOGY + "  Surgery: {userz: []}\n")
    assert not await reload.reload()
    assert not await reload.reload()
    alert = await office.book.claim_notice(timedelta(minutes=5))
    assert alert
    assert (alert.address, alert.topic) == ("duty@hospital.example", "the policy was not reloaded")
    assert alert.remark.startswith(
        "Its files have 1 mistake. `postfax check` shows what is wrong. The policy "
    )
    assert alert.remark.endswith(" stays in force.")
    assert await office.book.claim_notice(timedelta(minutes=5)) is None, "once an hour"


async def test_those_who_are_called_learn_of_users_who_would_vanish(office: Office) -> None:
    office.write("house.yaml", HOUSE + "settings: {alerts: {contacts: [duty@hospital.example]}}\n")
    reload = office.reload()
    assert await reload.reload()
    (office.folder / "radiology.yaml").unlink()
    assert not await reload.reload()
    alert = await office.book.claim_notice(timedelta(minutes=5))
    assert alert
    assert alert.remark.startswith("2 users would vanish with their departments.")


async def _until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)
