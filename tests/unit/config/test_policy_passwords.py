"""Hashes of passwords in the policy: checked, found by account, and never recorded."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type

from config.mistakes import ConfigError
from config.policy import Policy, read_policy

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZSBzYWx0IGhlcmU$xkNBgX5bGzYZFSk+7mhZyR2uYcV/Xn6CqDZQmp1vGpo"
TEXT = """\
company: General Hospital
users:
  - name: Ana Ruiz
    email: Ana@hospital.example
    sending_emails: [ana.ruiz@hospital.example, "*@radiology.hospital.example"]
    password_hash: {hash}
  - {{name: Ben Low, email: ben@hospital.example}}
"""


def read(folder: Path, password_hash: str) -> Policy:
    (folder / "policy.yaml").write_text(TEXT.format(hash=password_hash), encoding="utf-8")
    return read_policy(folder)


def test_the_hash_of_a_user_is_found_by_the_account(tmp_path: Path) -> None:
    policy = read(tmp_path, HASH)
    assert policy.password_hash("ana@HOSPITAL.example") == HASH
    assert policy.password_hash("ben@hospital.example") is None
    assert policy.password_hash("nobody@hospital.example") is None
    assert policy.password_hash("ana.ruiz@hospital.example") is None


def test_a_hash_has_a_place(tmp_path: Path) -> None:
    policy = read(tmp_path, HASH)
    place = policy.password_place("ana@hospital.example")
    assert place is not None
    assert (place.file.name, place.line) == ("policy.yaml", 6)
    assert policy.password_place("ben@hospital.example") is None
    assert policy.password_place("nobody@hospital.example") is None


@pytest.mark.parametrize(
    "username",
    [
        "ana@hospital.example",
        "ANA@Hospital.Example",
        "ana.ruiz@hospital.example",
        "x@radiology.hospital.example",
    ],
)
def test_a_user_logs_in_by_account_or_sending_address(tmp_path: Path, username: str) -> None:
    user = read(tmp_path, HASH).account(username)
    assert user is not None
    assert user.email == "Ana@hospital.example"


@pytest.mark.parametrize("username", ["", "ana", "@hospital.example", "eve@hospital.example"])
def test_others_do_not(tmp_path: Path, username: str) -> None:
    assert read(tmp_path, HASH).account(username) is None


def test_a_hash_is_not_recorded_with_a_fax(tmp_path: Path) -> None:
    policy = read(tmp_path, HASH)
    assert all("argon2" not in user.model_dump_json() + repr(user) for user in policy.users)


@pytest.mark.parametrize("kind", [Type.ID, Type.I])
def test_what_argon2_makes_is_taken(tmp_path: Path, kind: Type) -> None:
    made = PasswordHasher(type=kind, time_cost=1, memory_cost=64, parallelism=1).hash("correct horse battery")
    assert read(tmp_path, made).password_hash("ana@hospital.example") == made


@pytest.mark.parametrize(
    "value",
    [
        "correct horse battery staple",
        "''",
        "'{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='",
        HASH.replace("argon2id", "argon2d"),
        HASH.replace("$v=19", ""),
        HASH.rpartition("$")[0],
        HASH.replace("m=65536", "m=x"),
        "[]",
    ],
)
def test_anything_else_is_a_mistake_that_does_not_repeat_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, value)
    [mistake] = raised.value.mistakes
    assert str(mistake).startswith(
        "policy.yaml:6:20  users[0].password_hash: is no argon2 hash of a password"
    )
    assert value.strip("'") not in str(mistake) or value == "''"
