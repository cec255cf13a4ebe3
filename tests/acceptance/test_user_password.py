"""`postfax user password`, and what `postfax policy explain` tells of passwords."""

import asyncio
import os
import pty
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from commands_site import CommandsSite, make_site
from scene import POSTFAX, Ran, run_postfax

PASSWORD = "correct horse battery"


async def kept_hash(site: CommandsSite) -> str | None:
    async with site.book() as book:
        return await book.password_hash("ana@hospital.example")


async def explained(site: CommandsSite) -> dict[str, object]:
    rows: list[dict[str, object]] = (
        await site.postfax("policy", "explain", "ana@hospital.example", "password", "--json")
    ).json
    [row] = rows
    return row


@pytest.mark.parametrize("user", ["ana@hospital.example", "Scan@Hospital.Example"])
async def test_a_password_is_set_and_only_its_hash_is_kept(tmp_path: Path, user: str) -> None:
    site = await make_site(tmp_path)
    ran = await site.postfax("user", "password", user, "--stdin", typed=f"{PASSWORD}\n")
    assert (ran.status, ran.out) == (0, "ana@hospital.example logs in with this password from now on\n")
    assert "no mail.tls" in ran.err
    kept = await kept_hash(site)
    assert kept is not None
    assert PasswordHasher().verify(kept, PASSWORD)
    for file in tmp_path.iterdir():
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()


async def test_a_password_is_typed_twice_without_being_seen(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    ran = await typed_at_a_terminal(
        site, "a first password\n", "another password\n", f"{PASSWORD}\n", f"{PASSWORD}\n"
    )
    assert ran.status == 0
    assert "do not match" in ran.err
    assert "battery" not in ran.out + ran.err
    kept = await kept_hash(site)
    assert kept is not None
    assert PasswordHasher().verify(kept, PASSWORD)


async def typed_at_a_terminal(site: CommandsSite, *lines: str) -> Ran:
    """Run the command on a terminal of its own, and type each line when it asks."""
    person, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(POSTFAX, "--config", site.folder / "postfax.yaml", "user", "password", "ana@hospital.example"),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    seen, answers = "", list(lines)
    while True:
        try:
            piece = (await asyncio.to_thread(os.read, person, 1024)).decode()
        except OSError:  # the terminal is closed when its process has ended
            break
        seen += piece
        if piece.rstrip().endswith(":") and answers:
            os.write(person, answers.pop(0).encode())
    os.close(person)
    return Ran(status=await process.wait(), out="", err=seen)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("eleven char", "too short"),
        ("", "too short"),
        ("x" * 513, "too long"),
        ("a tab\tin a password", "typed"),
    ],
)
async def test_a_bad_password_is_refused_with_a_reason(tmp_path: Path, password: str, said: str) -> None:
    site = await make_site(tmp_path)
    ran = await site.postfax("user", "password", "ana@hospital.example", "--stdin", typed=f"{password}\n")
    assert ran.status == 4
    assert said in ran.err
    assert not password or password not in ran.err
    assert await kept_hash(site) is None


async def test_nobody_but_users_has_a_password(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    ran = await site.postfax("user", "password", "eve@stranger.example", "--stdin", typed=f"{PASSWORD}\n")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err == "postfax: no user of the policy has the address eve@stranger.example.\n"


async def test_what_does_not_go_together(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    assert (await site.postfax("user", "password")).status == 2
    assert (await site.postfax("user", "password", "ana@hospital.example", "--remove", "--stdin")).status == 2


async def test_a_hash_for_the_policy_needs_no_book() -> None:
    ran = await run_postfax("user", "password", "--hash-only", "--stdin", typed=PASSWORD)
    assert ran.status == 0
    assert PasswordHasher().verify(ran.out.strip(), PASSWORD)


async def test_explain_tells_where_a_password_comes_from(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    assert (await explained(site))["value"] == "~"
    made = await run_postfax("user", "password", "--hash-only", "--stdin", typed=PASSWORD)
    policy = (tmp_path / "policy.yaml").read_text(encoding="utf-8")
    with_hash = policy.replace("Ana Ruiz\n", f"Ana Ruiz\n    password_hash: {made.out.strip()}\n")
    (tmp_path / "policy.yaml").write_text(with_hash, encoding="utf-8")
    row = await explained(site)
    assert (row["value"], row["level"]) == ("set", "user")
    assert (row["file"], row["line"]) == ("policy.yaml", 5)
    await site.postfax("user", "password", "ana@hospital.example", "--stdin", typed=PASSWORD)
    row = await explained(site)
    assert (str(row["value"])[:6], row["level"]) == ("set 20", "book")
    table = await site.postfax("policy", "explain", "scan@hospital.example")
    assert "argon2" not in table.out
    assert table.out.splitlines()[-3].startswith("password ")


async def test_a_removed_password_gives_way_to_the_policys(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    await site.postfax("user", "password", "ana@hospital.example", "--stdin", typed=PASSWORD)
    ran = await site.postfax("user", "password", "ana@hospital.example", "--remove")
    assert (ran.status, ran.out) == (0, "removed; ana@hospital.example cannot log in any more\n")
    assert await kept_hash(site) is None
    again = await site.postfax("user", "password", "ana@hospital.example", "--remove")
    assert again.status == 3


async def test_explain_works_without_a_book(tmp_path: Path) -> None:
    site = await make_site(tmp_path)
    (tmp_path / "book.db").unlink()
    row = await explained(site)
    assert str(row["value"]).startswith("not known: there is no book")
