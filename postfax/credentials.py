"""Who may log in (AUTH), and with which password: the policy's users with the book's passwords.

A user name is an account's address, or an address that the user sends from. A password that was set with
`postfax user password` counts, and otherwise the one whose hash is in the policy. Who is not in the policy
does not log in, whatever the book still has of them; and neither does who is locked.

Who has a set-up code (`postfax.setup_codes`) and enters it with a password of their own has that password
from then on, whatever they had before.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.policy import Policy
from postfax.opening import now
from postfax.setup_codes import code_in
from store.lock import Lock
from store.setup_code import SetupCode


class Passwords(Protocol):
    """`store.book.Book`, as far as passwords go."""

    async def password_hash(self, user_email: str) -> str | None:
        """The hash of an account's password."""

    async def lock_of(self, user_email: str) -> Lock | None:
        """Whether an account is locked."""

    async def setup_code(self, user_email: str, now: datetime) -> SetupCode | None:
        """The code of an account that can be used now."""

    async def redeem(self, setup: SetupCode, password_hash: str) -> bool:
        """Use a code up: the account has this password from now on."""


class Credentials:
    """What a log-in is checked against."""

    def __init__(self, book: Passwords, policy: Callable[[], Policy]) -> None:
        """Ask nothing yet.

        Args:
            book: where passwords are set.
            policy: gives the policy that holds now; asked anew for every log-in.
        """
        self._book = book
        self._policy = policy

    async def password_hash(self, username: str) -> tuple[str, str] | None:
        """The account's address and the argon2 hash of its password; None if nobody may log in by that name.

        Raises:
            BookUnavailable: the book cannot be asked.
        """
        policy = self._policy()
        user = policy.account(username)
        if user is None or await self._book.lock_of(user.email):
            return None
        known_hash = await self._book.password_hash(user.email) or policy.password_hash(user.email)
        return (user.email, known_hash) if known_hash else None

    async def set_up(self, username: str, password: str) -> str | None:
        """The account's address, if the password begins with its set-up code; then it is the account's.

        Raises:
            BookUnavailable: the book cannot be asked.
        """
        code = code_in(password)
        user = self._policy().account(username) if code else None
        if code is None or user is None or await self._book.lock_of(user.email):
            return None
        setup = await self._book.setup_code(user.email, now())
        if setup is None or not await asyncio.to_thread(_fits, setup.code_hash, code):
            return None
        new_hash = await asyncio.to_thread(PasswordHasher().hash, password)
        return user.email if await self._book.redeem(setup, new_hash) else None


def _fits(code_hash: str, code: str) -> bool:
    try:
        return PasswordHasher().verify(code_hash, code)
    except (VerificationError, InvalidHashError):
        return False
