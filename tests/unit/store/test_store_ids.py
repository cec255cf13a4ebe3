"""Ids that people read, write and say."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.ids import ALPHABET, attempt_id, job_id, new_mail_ids, read_id


@given(st.randoms(use_true_random=False))
def test_an_id_is_read_however_it_is_written(rng: Random) -> None:
    [mail_id] = new_mail_ids(rng, 1)
    assert read_id(mail_id) == mail_id
    assert read_id(f" {mail_id.lower()} ") == mail_id
    assert read_id(mail_id.replace("-", "")) == mail_id
    assert read_id(mail_id.replace("-", " ")) == mail_id
    assert read_id(f"{mail_id.replace('-', '').lower()}-12") == f"{mail_id}-12"


@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_ids_of_one_group_lie_side_by_side(rng: Random, count: int) -> None:
    ids = new_mail_ids(rng, count)
    assert len(ids) == count
    assert all(read_id(one) == one for one in ids)
    for start in range(0, count, 16):
        assert len({one[:4] for one in ids[start : start + 16]}) == 1


def test_ids_are_as_good_as_never_the_same() -> None:
    ids = new_mail_ids(Random(1), 2_000)  # noqa: S311 - names, no secrets
    assert len({one[:4] for one in ids}) == len(range(0, 2_000, 16))
    assert len(set(ids)) > 1_900


@pytest.mark.parametrize(
    "pair", ["0O", "0Q", "OQ", "1I", "IL", "2Z", "5S", "8B", "6G", "UV", "MN", "DQ", "59"]
)
def test_no_two_symbols_look_or_sound_alike(pair: str) -> None:
    assert not set(pair) <= set(ALPHABET)


def test_no_id_is_a_word() -> None:
    assert not set("AEIOU") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_jobs_are_named_after_their_mail() -> None:
    assert job_id("K7Q2-M9", 0, 1) == "K7Q2-M9"
    assert [job_id("K7Q2-M9", position, 2) for position in range(2)] == ["K7Q2-M9-1", "K7Q2-M9-2"]
    assert attempt_id("K7Q2-M9-2", 3) == "K7Q2-M9-2#3"


@given(st.text())
def test_what_is_no_id_is_none(written: str) -> None:
    found = read_id(written)
    assert found is None or read_id(found) == found


@pytest.mark.parametrize("written", ["", "K7Q2", "K7Q2-M", "K7Q2-M9-0", "K7Q2-M9-", "K7Q2-M9#1", "K7Q2-MO"])
def test_what_cannot_be_an_id_is_none(written: str) -> None:
    assert read_id(written) is None
