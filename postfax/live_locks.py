"""Who is locked, as mail-in asks it for every mail."""

from typing import Protocol

from postfax.remembered import Remembered


class _Locks(Protocol):
    """`store.book.Book`, as far as locks go."""

    async def locked_accounts(self) -> frozenset[str]:
        """The accounts that are locked, in lower case."""


class LiveLocks:
    """The locked accounts, looked up once a second at most and only while mails come."""

    def __init__(self, book: _Locks) -> None:
        self._accounts = Remembered(book.locked_accounts)

    async def locked(self, user_email: str) -> bool:
        """Whether an account is locked.

        Raises:
            BookUnavailable: it is not known.
        """
        return user_email.strip().lower() in await self._accounts.get()
