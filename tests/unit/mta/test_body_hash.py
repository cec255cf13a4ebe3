"""The canonical body's hash is dkimpy's, and takes no time on a hostile body."""

import hashlib

import pytest
from bounded_work import bounded_work
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import strategies as st

from mta.proof import body_hash
from mta.proof.body_hash import relaxed_body_hash, simple_body_hash


class InMemory:
    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    @property
    def size(self) -> int:
        return len(self._octets)

    def head(self) -> bytes:
        return self._octets

    def read(self, offset: int, count: int) -> bytes:
        return self._octets[offset : offset + count]


def agree(body: bytes) -> None:
    message = InMemory(b"12345" + body)
    for ours, theirs in ((simple_body_hash, Simple), (relaxed_body_hash, Relaxed)):
        canonical = theirs.canonicalize_body(body)
        found = ours(message, 5)
        assert (found.sha256, found.size) == (hashlib.sha256(canonical).digest(), len(canonical))


@pytest.mark.parametrize(
    "body",
    [b"", b"\r\n", b"\r\n\r\n", b"a", b"a\r\n", b" \r\n", b" a \t b\t\r\n \r\n\r\n", b"a\r\n\r\nb \r\n"],
)
def test_the_hash_is_that_of_the_rfc(body: bytes) -> None:
    agree(body)


lines = st.lists(st.text(alphabet=" \tab", max_size=9), max_size=12)


@given(lines, st.integers(1, 7))
def test_pieces_change_nothing(lines: list[str], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_hash, "_PIECE", piece)
        agree("".join(f"{line}\r\n" for line in lines).encode())


@pytest.mark.parametrize("body", [b" " * 5_000_000 + b"x\r\n", b"\r\n" * 2_000_000 + b"x", b"a " * 2_000_000])
def test_a_hostile_body_takes_no_time(body: bytes) -> None:
    with bounded_work():
        relaxed_body_hash(InMemory(body), 0)
        simple_body_hash(InMemory(body), 0)
