"""Who may log in, and with which password."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from config.policy import Policy, read_policy
from postfax.credentials import Credentials
from postfax.setup_codes import kept, new_code
from store.lock import Lock
from store.setup_code import SetupCode

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZSBzYWx0IGhlcmU$xkNBgX5bGzYZFSk+7mhZyR2uYcV/Xn6CqDZQmp1vGpo"
BOOKS = HASH.replace("xkNB", "BOOK")
POLICY = f"""\
company: General Hospital
users:
  - name: Ana Ruiz
    email: Ana@hospital.example
    sending_emails: [ana.ruiz@hospital.example]
    password_hash: {HASH}
  - {{name: Ben Low, email: ben@hospital.example}}
"""


class Passwords:
    """Those of a book, and its locks."""

    def __init__(self, **hashes: str) -> None:
        self.hashes = hashes
        self.locked = ""
        self.setup: SetupCode | None = None

    async def lock_of(self, user_email: str) -> Lock | None:
        at = datetime(2026, 11, 23, tzinfo=UTC)
        return Lock(user_email=user_email, reason="", at=at, by="olga") if user_email == self.locked else None

    async def setup_code(self, user_email: str, now: datetime) -> SetupCode | None:
        del now
        return self.setup if self.setup and self.setup.user_email == user_email.lower() else None

    async def redeem(self, setup: SetupCode, password_hash: str) -> bool:
        if setup != self.setup:
            return False
        self.setup = None
        self.hashes[setup.user_email.partition("@")[0]] = password_hash
        return True

    async def password_hash(self, user_email: str) -> str | None:
        return self.hashes.get(user_email.partition("@")[0].lower())


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return read_policy(tmp_path)


@pytest.mark.parametrize(
    "username", ["Ana@hospital.example", "ANA@Hospital.EXAMPLE", "ana.ruiz@hospital.example"]
)
async def test_the_policys_password_counts_where_none_was_set(policy: Policy, username: str) -> None:
    credentials = Credentials(Passwords(), lambda: policy)
    assert await credentials.password_hash(username) == ("Ana@hospital.example", HASH)


async def test_a_password_that_was_set_counts_instead(policy: Policy) -> None:
    credentials = Credentials(Passwords(ana=BOOKS, ben=BOOKS), lambda: policy)
    assert await credentials.password_hash("ana.ruiz@hospital.example") == ("Ana@hospital.example", BOOKS)
    assert await credentials.password_hash("ben@hospital.example") == ("ben@hospital.example", BOOKS)


async def test_a_user_without_a_password_does_not_log_in(policy: Policy) -> None:
    assert await Credentials(Passwords(), lambda: policy).password_hash("ben@hospital.example") is None


@pytest.mark.parametrize("username", ["eve@hospital.example", "eve", "", "@"])
async def test_who_is_not_in_the_policy_does_not_log_in(policy: Policy, username: str) -> None:
    credentials = Credentials(Passwords(eve=BOOKS), lambda: policy)
    assert await credentials.password_hash(username) is None


async def test_who_is_locked_does_not_log_in(policy: Policy) -> None:
    book = Passwords(ana=BOOKS, ben=BOOKS)
    credentials = Credentials(book, lambda: policy)
    book.locked = "Ana@hospital.example"
    assert await credentials.password_hash("ana.ruiz@hospital.example") is None
    assert await credentials.password_hash("ben@hospital.example") == ("ben@hospital.example", BOOKS)


async def test_the_policy_of_the_moment_counts(policy: Policy, tmp_path: Path) -> None:
    policies = [policy]
    credentials = Credentials(Passwords(), lambda: policies[-1])
    (tmp_path / "policy.yaml").write_text("company: General Hospital\n", encoding="utf-8")
    policies.append(read_policy(tmp_path))
    assert await credentials.password_hash("Ana@hospital.example") is None


@pytest.fixture
def ben() -> tuple[Passwords, str]:
    """A book where Ben has a set-up code; and the code."""
    book, code = Passwords(ben=BOOKS), new_code()
    book.setup = kept(code, "ben@hospital.example", by="olga", now=datetime.now(UTC))
    return book, code


@pytest.mark.parametrize("written", [str, str.lower, lambda code: code.replace("-", "")])
async def test_a_code_with_a_password_behind_it_becomes_the_password_once(
    policy: Policy, ben: tuple[Passwords, str], written: Callable[[str], str]
) -> None:
    book, code = ben
    credentials = Credentials(book, lambda: policy)
    entered = f"{written(code)} blue garden"
    assert await credentials.set_up("Ben@hospital.example", entered) == "ben@hospital.example"
    found = await credentials.password_hash("ben@hospital.example")
    assert found
    assert PasswordHasher().verify(found[1], entered)
    assert await credentials.set_up("ben@hospital.example", f"{code} other words") is None


@pytest.mark.parametrize(
    "entered", ["{code}", "{code}short", "K7Q2-M9PX-2222blue garden", "blue garden chair"]
)
async def test_a_code_alone_or_a_wrong_one_opens_nothing(
    policy: Policy, ben: tuple[Passwords, str], entered: str
) -> None:
    book, code = ben
    credentials = Credentials(book, lambda: policy)
    assert await credentials.set_up("ben@hospital.example", entered.format(code=code)) is None
    assert await credentials.password_hash("ben@hospital.example") == ("ben@hospital.example", BOOKS)
    assert book.setup


async def test_a_code_is_its_users_alone_and_not_for_who_is_locked(
    policy: Policy, ben: tuple[Passwords, str]
) -> None:
    book, code = ben
    credentials = Credentials(book, lambda: policy)
    assert await credentials.set_up("ana@hospital.example", f"{code}blue garden") is None
    assert await credentials.set_up("nobody@hospital.example", f"{code}blue garden") is None
    book.locked = "ben@hospital.example"
    assert await credentials.set_up("ben@hospital.example", f"{code}blue garden") is None
