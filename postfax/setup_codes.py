"""The codes in welcome messages with which users set up a password by themselves, from their mail program.

There is no page to open and nothing to install: where the program asks for the password, the user enters the
code, directly followed by a password of their own. That whole text is their password from then on, so the
program goes on with what it has; the code alone, which stands in a mail, opens nothing any more.
"""

import re
import secrets
from datetime import datetime

from argon2 import PasswordHasher

from store.ids import ALPHABET
from store.setup_code import GOOD_FOR, SetupCode

OWN_SHORTEST = 8
"""Characters of a user's own part. With the code before it the whole is longer than a password must be."""
_GROUPS, _IN_GROUP = 3, 4
_WRITTEN = re.compile(
    r"-?".join([f"([{ALPHABET}]{{{_IN_GROUP}}})"] * _GROUPS) + f"(.{{{OWN_SHORTEST},}})",
    re.IGNORECASE | re.DOTALL,
)


def new_code() -> str:
    """A code such as `K7Q2-M9PX-3HTW`: 51 bits, of symbols that are not mistaken for one another."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def kept(code: str, user_email: str, *, by: str, now: datetime) -> SetupCode:
    """The code as the book keeps it."""
    return SetupCode(
        user_email=user_email.strip().lower(),
        code_hash=PasswordHasher().hash(code),
        expires_at=now + GOOD_FOR,
        set_by=by,
    )


def code_in(password: str) -> str | None:
    """The code that a password begins with, as it was given out; None if it does not look like one."""
    found = _WRITTEN.fullmatch(password)
    return "-".join(found[number].upper() for number in range(1, _GROUPS + 1)) if found else None
