"""The exchanges of PLAIN and LOGIN, and that an unknown user costs as much as a known one."""

import base64
import contextlib

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from mta.smtp.login import Claim, LoginFailed, PasswordCheck, claim_of

PASSWORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


async def exchange(argument: str, *answers: bytes) -> Claim:
    waiting = list(answers)

    async def ask(_: str) -> bytes:
        return waiting.pop(0)

    claim = await claim_of(argument, ask)
    assert waiting == []
    return claim


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(NAMES, PASSWORDS)
async def test_all_ways_say_the_same(username: str, password: str) -> None:
    claim = Claim(username=username, password=password)
    plain, name, secret = encoded(f"\0{username}\0{password}"), encoded(username), encoded(password)
    assert await exchange(f"PLAIN {plain}") == claim
    assert await exchange("plain", plain.encode()) == claim
    assert await exchange("LOGIN", name.encode(), secret.encode()) == claim
    assert await exchange(f"LOGIN {name}", secret.encode()) == claim


@given(st.binary(max_size=40), st.booleans())
async def test_any_octets_are_a_claim_or_fail(octets: bytes, wrap: bool) -> None:  # noqa: FBT001 - drawn
    line = base64.b64encode(octets) if wrap else octets
    for argument in ("PLAIN", "LOGIN"):
        with contextlib.suppress(LoginFailed):
            await claim_of(argument, lambda _: answer(line))


async def answer(line: bytes) -> bytes:
    return line


async def test_a_password_is_checked_for_nobody_too(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes: list[str] = []
    known = PasswordHasher(time_cost=1, memory_cost=64).hash("open sesame")

    class Accounts:
        async def password_hash(self, username: str) -> tuple[str, str] | None:
            found = {"ana": ("ana@hospital.example", known), "bo": ("bo@hospital.example", "broken")}
            return found.get(username)

        async def set_up(self, username: str, password: str) -> str | None:
            return "new@hospital.example" if (username, password) == ("new", "code and own") else None

    verify = PasswordHasher.verify

    def noticed(hasher: PasswordHasher, known_hash: str, password: str) -> bool:
        hashes.append(known_hash)
        return verify(hasher, known_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", noticed)
    check = PasswordCheck(Accounts())
    try:
        accounts = [
            await check.account(Claim(username=name, password="open sesame"))
            for name in ("ana", "nobody", "bo")
        ]
        set_up = await check.account(Claim(username="new", password="code and own"))
    finally:
        check.close()
    assert accounts == ["ana@hospital.example", None, None]
    assert set_up == "new@hospital.example"
    assert len(hashes) == 4
    assert hashes[1].startswith("$argon2id$")
