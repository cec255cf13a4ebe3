"""Inline PGP: what is signed in clear is read as it was written, and what is encrypted is known."""

import pytest
from bounded_work import bounded_work
from hypothesis import given
from hypothesis import strategies as st

from mta.mime.clear_signed import is_encrypted, without_clear_signatures

BEGIN, SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----\n", "-----BEGIN PGP SIGNATURE-----\n"
ARMOUR = f"{SIGNATURE}\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"{BEGIN}Hash: SHA256\n\n#fax cover: none\nHello\n{ARMOUR}", "#fax cover: none\nHello\n"),
        (f"{BEGIN}\n- -- \nAna\n- - a list\n{ARMOUR}", "-- \nAna\n- a list\n"),
        (f"above\n{BEGIN}Hash: SHA1\nCharset: utf-8\n\none\n{ARMOUR}below\n", "above\none\n\nbelow\n"),
        (f"{BEGIN}\none\n{ARMOUR}{BEGIN}\ntwo\n{ARMOUR}", "one\n\ntwo\n\n"),
    ],
)
def test_what_is_signed_is_read_without_its_armour(text: str, read: str) -> None:
    assert without_clear_signatures(text).strip() == read.strip()


@pytest.mark.parametrize(
    "text",
    ["", "Hello\n", f"{BEGIN}\none\n", f"{BEGIN}\none\n{SIGNATURE}\niQEz\n", f"> {BEGIN}> one\n", BEGIN],
)
def test_what_is_not_whole_stays(text: str) -> None:
    assert without_clear_signatures(text) == text


@given(st.text("a- \n", max_size=60))
def test_the_text_comes_back(text: str) -> None:
    lines = "".join(f"- {line}" if line.startswith("-") else line for line in text.splitlines(keepends=True))
    assert without_clear_signatures(f"{BEGIN}Hash: SHA256\n\n{lines}\n{ARMOUR}") == f"{text}\n\n"


def test_what_is_encrypted() -> None:
    assert is_encrypted(ENCRYPTED)
    assert is_encrypted(f"\n\n{ENCRYPTED}")
    assert is_encrypted(f"[EXTERNAL] Take care.\n\n{ENCRYPTED}-- \nAna\n")
    assert not is_encrypted("> " + ENCRYPTED.replace("\n", "\n> "))
    assert not is_encrypted("It begins with\n-----BEGIN PGP MESSAGE-----\nand then\n")


@pytest.mark.parametrize(
    "piece", [BEGIN, f"{BEGIN}\n", SIGNATURE, f"{BEGIN}\n{SIGNATURE}", f"{BEGIN}{ARMOUR}", "\n- "]
)
def test_time_is_in_proportion(piece: str) -> None:
    with bounded_work():
        text = (piece * 1_000_000)[:1_000_000]
        without_clear_signatures(text)
        is_encrypted(text)
