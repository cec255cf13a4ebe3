"""What applies to a user beside the policy's files, for `policy explain`: a password, a lock, live blocks."""

from dataclasses import replace

from config.explain import BUILT_IN, Explanation
from config.levels import USER
from config.policy import Policy
from config.server import ServerSettings
from postfax.opening import make_book
from store.book import Book
from store.credential import Credential
from store.errors import BookUnavailable, BookVersionError
from store.lock import Lock

BOOK = "book"
"""Stands in the column of the levels."""
NAMES = ("password", "locked", "live_blocks")


async def live_rows(settings: ServerSettings, policy: Policy, username: str) -> list[Explanation]:
    """A row for each live fact; where the book cannot be read, one row says so for all."""
    account = policy.account(username)
    email = account.email if account else username
    try:
        async with make_book(settings) as book:
            return await _rows(book, policy, email)
    except (BookUnavailable, BookVersionError) as problem:
        return [_row(", ".join(NAMES), f"not known: {problem}", BOOK)]


async def _rows(book: Book, policy: Policy, email: str) -> list[Explanation]:
    live = await book.live_patterns()
    return [
        _password_row(policy, email, await book.credential(email)),
        _locked_row(await book.lock_of(email)),
        _blocks_row(len(live.patterns) if live else 0),
    ]


def _password_row(policy: Policy, email: str, credential: Credential | None) -> Explanation:
    """Whether the user can log in, which not only the policy says; never the hash."""
    if credential:
        value = f"set {credential.set_at.astimezone():%Y-%m-%d %H:%M} by {credential.set_by}"
        return _row("password", value, BOOK)
    place = policy.password_place(email)
    if place:
        return replace(_row("password", "set", USER), file=place.file.name, line=place.line)
    return _row("password", "~", BUILT_IN)


def _locked_row(lock: Lock | None) -> Explanation:
    if lock is None:
        return _row("locked", "false", BUILT_IN)
    why = f": {lock.reason}" if lock.reason else ""
    return _row("locked", f"since {lock.at.astimezone():%Y-%m-%d %H:%M} by {lock.by}{why}", BOOK)


def _blocks_row(patterns: int) -> Explanation:
    if not patterns:
        return _row("live_blocks", "0", BUILT_IN)
    return _row("live_blocks", f"{patterns}; `postfax blocklist show` has them", BOOK)


def _row(setting: str, value: str, level: str) -> Explanation:
    return Explanation(setting=setting, value=value, level=level, file="", line=0)
