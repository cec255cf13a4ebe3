"""Ids that people read, write down and say aloud: `K7Q2-M9` for a mail, `K7Q2-M9-1` for a job of its group.

The alphabet has no vowels, so that no id is a word, and of symbols that look or sound alike at most one: of 0
O D Q only Q, of 1 I L none, of 2 Z only 2, of 5 S 9 only 9, of 6 G only 6, of 8 B only 8, of U V none, of M N
only M. Six symbols of twenty make 64 million ids; the book looks whether one is taken.
"""

import re
from random import Random

ALPHABET = "2346789CFHJKMPQRTWXY"

_ALIKE = 16
"""Of 400: few enough that they seldom meet, and that a slip of the pen seldom makes one of another."""
_WRITTEN = re.compile(rf"([{ALPHABET}]{{4}})[- ]?([{ALPHABET}]{{2}})(?:-([1-9]\d{{0,5}}))?")


def new_mail_ids(rng: Random, count: int) -> list[str]:
    """Random ids such as `K7Q2-M9`; now and then two of many are the same.

    Up to `_ALIKE` in a row have their first four symbols in common, so that they lie side by side in the
    book's indexes: to write a page of each for every mail costs more than the mail.
    """
    ids: list[str] = []
    while len(ids) < count:
        first = _symbols(rng, 4)
        ids += [f"{first}-{_symbols(rng, 2)}" for _ in range(min(_ALIKE, count - len(ids)))]
    return ids


def _symbols(rng: Random, count: int) -> str:
    return "".join(rng.choices(ALPHABET, k=count))


def job_id(mail_id: str, position: int, jobs: int) -> str:
    """The id of the job at the 0-based `position` of a mail with so many `jobs`.

    It follows from the mail alone, so deciding a mail a second time after a crash cannot make other jobs.
    """
    return mail_id if jobs == 1 else f"{mail_id}-{position + 1}"


def attempt_id(job: str, number: int) -> str:
    """The id of a job's attempt with this 1-based `number`: `K7Q2-M9#1`."""
    return f"{job}#{number}"


def read_id(written: str) -> str | None:
    """The id that someone wrote, in lower case or without its first dash; None if it cannot be one."""
    found = _WRITTEN.fullmatch(written.strip().upper())
    if not found:
        return None
    mail = f"{found[1]}-{found[2]}"
    return f"{mail}-{found[3]}" if found[3] else mail
