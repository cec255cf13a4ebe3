"""Ids that people read, write down and say aloud: `K7Q2-M9` for a mail, `K7Q2-M9-1` for a job of its group.

The alphabet has no vowels, so that no id is a word, and of symbols that look or sound alike at most one: of 0
O D Q only Q, of 1 I L none, of 2 Z only 2, of 5 S 9 only 9, of 6 G only 6, of 8 B only 8, of U V none, of M N
only M. Six symbols of twenty make 64 million ids; the book looks whether one is taken.
"""

import re
from random import Random

ALPHABET = "2346789CFHJKMPQRTWXY"

_WRITTEN = re.compile(rf"([{ALPHABET}]{{4}})[- ]?([{ALPHABET}]{{2}})(?:-([1-9]\d{{0,5}}))?")


def new_mail_id(rng: Random) -> str:
    """A random id such as `K7Q2-M9`."""
    symbols = "".join(rng.choices(ALPHABET, k=6))
    return f"{symbols[:4]}-{symbols[4:]}"


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
