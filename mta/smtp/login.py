"""Who logs in (RFC 4954): the mechanisms PLAIN (RFC 4616) and LOGIN, and the check of a password.

A password is checked by argon2 in a few threads of its own: it is meant to cost time and memory. A user who
is not known, or has no password, costs the same, so that time does not tell who exists.
"""

import asyncio
import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from mta.reply import Reply

RESPONSE_LIMIT = 12288
"""Octets of a line in the exchange (RFC 4954 §4)."""

MECHANISMS = ("PLAIN", "LOGIN")

_THREADS = 2

_UNKNOWN_MECHANISM = Reply(504, "5.5.4", f"the mechanisms here are {' and '.join(MECHANISMS)}")
_NOT_BASE64 = Reply(501, "5.5.2", "the response is not in base64")
_MALFORMED = Reply(501, "5.5.2", "the response is not one of this mechanism")
_CANCELLED = Reply(501, "5.7.0", "the login was cancelled")
TOO_LONG = Reply(500, "5.5.6", f"a response may have {RESPONSE_LIMIT} octets")

log = structlog.get_logger()


class Credentials(Protocol):
    """Who may log in."""

    async def password_hash(self, username: str) -> tuple[str, str] | None:
        """The account's e-mail address and the argon2 hash of its password; None where there is none."""

    async def set_up(self, username: str, password: str) -> str | None:
        """The account's e-mail address, if what was given as its password sets one up; None otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Who a client says it is."""

    username: str
    password: str


class LoginFailed(Exception):  # noqa: N818 - named as what happened
    """The exchange came to no claim; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


Ask = Callable[[str], Awaitable[bytes]]
"""Sends a challenge, and gives the client's line without its end."""


async def claim_of(argument: str, ask: Ask) -> Claim:
    """Lead the exchange that follows `AUTH argument`.

    Raises:
        LoginFailed: the client gave it up, or made a mistake.
    """
    mechanism, _, initial = argument.partition(" ")
    if mechanism.upper() == "PLAIN":
        return _plain(_decoded(initial.encode()) if initial else await _answer(ask, ""))
    if mechanism.upper() == "LOGIN":
        username = _decoded(initial.encode()) if initial else await _answer(ask, "Username:")
        return _claim(username, await _answer(ask, "Password:"))
    raise LoginFailed(_UNKNOWN_MECHANISM)


async def _answer(ask: Ask, challenge: str) -> bytes:
    return _decoded(await ask(base64.b64encode(challenge.encode()).decode()))


def _decoded(line: bytes) -> bytes:
    if line == b"*":
        raise LoginFailed(_CANCELLED)
    if line == b"=":  # RFC 4954 §4: an initial response that is empty
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise LoginFailed(_NOT_BASE64) from None


def _plain(response: bytes) -> Claim:
    try:
        authorised, username, password = response.split(b"\0")
    except ValueError:
        raise LoginFailed(_MALFORMED) from None
    if authorised not in {b"", username}:
        raise LoginFailed(_MALFORMED)
    return _claim(username, password)


def _claim(username: bytes, password: bytes) -> Claim:
    try:
        claim = Claim(username=username.decode(), password=password.decode())
    except UnicodeDecodeError:
        raise LoginFailed(_MALFORMED) from None
    if not claim.username.isprintable() or not claim.username or "\0" in claim.password:
        raise LoginFailed(_MALFORMED)
    return claim


class PasswordCheck:
    """Checks claims. To be closed."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="password")
        self._nobodys = self._threads.submit(self._hasher.hash, secrets.token_urlsafe())

    async def account(self, claim: Claim) -> str | None:
        """The e-mail address of the account that the claim is true of, or None."""
        found = await self._credentials.password_hash(claim.username)
        email, known_hash = found or ("", "")
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._threads, self._fits, known_hash, claim.password)
        if right and found:
            return email
        return await self._credentials.set_up(claim.username, claim.password)

    def close(self) -> None:
        """Check no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, known_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(known_hash or self._nobodys.result(), password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            log.error("password_hash_unusable", cause=repr(error))
            return False
