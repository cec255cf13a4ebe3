"""Who may log in (AUTH), and with which password: the policy's users with the book's passwords.

A user name is an account's address, or an address that the user sends from. A password that was set with
`postfax user password` counts, and otherwise the one whose hash is in the policy. Who is not in the policy
does not log in, whatever the book still has of them; and neither does who is locked.
"""

from collections.abc import Callable
from typing import Protocol

from config.policy import Policy
from store.lock import Lock


class Passwords(Protocol):
    """`store.book.Book`, as far as passwords go."""

    async def password_hash(self, user_email: str) -> str | None:
        """The hash of an account's password."""

    async def lock_of(self, user_email: str) -> Lock | None:
        """Whether an account is locked."""


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
