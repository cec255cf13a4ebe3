"""Access tokens from a token endpoint (RFC 6749): by client credentials (§4.4) or a refresh token (§6).

A token is kept until shortly before it ends. Where the endpoint gives a new refresh token with it, that one
is kept in the file of the old one if that may be written: some endpoints take no refresh token twice (§10.4).
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import structlog

from config.mail import OAuth
from mta.imap.secret_file import read_secret, replace_secret
from mta.imap.trouble import ConnectionTrouble, TokenRefused

_SECONDS = 30.0
_LIFE_UNSAID = 300.0
"""Seconds that a token is used whose life is not told."""
_MARGIN = 120.0
"""Seconds before its end at which a token is not used any more; at most half its life."""
_SAID = 300
_TOKEN = re.compile(r"[!-~]{1,16384}")

_REMEDIES = {
    "invalid_client": "correct client_id, or renew the secret in client_secret_file",
    "invalid_grant": "the refresh token is used up or withdrawn: let a person consent again, and put the new "
    "one into refresh_token_file",
    "unauthorized_client": "allow this kind of grant for the application",
    "invalid_scope": "correct scope",
    "invalid_request": "correct client_id and scope",
    "unsupported_grant_type": "use the other kind of grant",
}

log = structlog.get_logger()


class TokenSource:
    """One application's access tokens for one mailbox."""

    def __init__(self, settings: OAuth, *, monotonic: Callable[[], float]) -> None:
        """Nothing is asked yet.

        Args:
            settings: where tokens are had, and with what.
            monotonic: seconds that only grow.
        """
        self._settings = settings
        self._monotonic = monotonic
        self._token = ""
        self._good_until = 0.0
        self._refresh_token = ""

    async def token(self) -> str:
        """A token that is good for a while.

        Raises:
            LoginRefused: the endpoint gives none (`TokenRefused`), or a secret cannot be read.
            ConnectionTrouble: it cannot be asked now.
        """
        if not self._token or self._monotonic() >= self._good_until:
            asked_at = self._monotonic()
            self._keep(await self._ask(), asked_at)
        return self._token

    def forget(self) -> None:
        """The token was refused: the next one is asked for."""
        self._token = ""

    async def _ask(self) -> dict[str, Any]:
        url = self._settings.token_url
        try:
            form = self._form()
            async with asyncio.timeout(_SECONDS), httpx.AsyncClient(timeout=_SECONDS) as client:
                answer = await client.post(url, data=form, headers={"Accept": "application/json"})
        except (httpx.HTTPError, TimeoutError) as trouble:
            raise ConnectionTrouble(
                f"the token endpoint {url} cannot be asked; see that token_url is right and can be reached "
                "from this host.",
                f"{type(trouble).__name__}: {trouble}",
            ) from trouble
        return self._understood(answer)

    def _form(self) -> dict[str, str]:
        settings = self._settings
        form = {"client_id": settings.client_id}
        if settings.client_secret_file:
            form["client_secret"] = read_secret(settings.client_secret_file)
        if settings.refresh_token_file:
            self._refresh_token = self._refresh_token or read_secret(settings.refresh_token_file)
            form |= {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        else:
            form["grant_type"] = "client_credentials"
        return form | ({"scope": settings.scope} if settings.scope else {})

    def _understood(self, answer: httpx.Response) -> dict[str, Any]:
        """The members of a good answer (§5.1)."""
        try:
            members = answer.json()
        except ValueError:
            members = None
        members = members if isinstance(members, dict) else {}
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code in {408, 429}:
            raise ConnectionTrouble(
                f"the token endpoint {self._settings.token_url} has trouble of its own.",
                f"HTTP {answer.status_code}",
            )
        token = members.get("access_token")
        if answer.is_success and isinstance(token, str) and _TOKEN.fullmatch(token):
            return members
        raise self._refused(answer.status_code, members)

    def _refused(self, status: int, members: dict[str, Any]) -> TokenRefused:
        """What an error answer says (§5.2)."""
        error = members.get("error")
        error = error if isinstance(error, str) else ""
        if error == "invalid_grant":
            self._refresh_token = ""  # the file may hold a better one by the next time
        remedy = _REMEDIES.get(error, "see that token_url is that of a token endpoint")
        described = " ".join(str(members.get("error_description", "")).split())[:_SAID]
        return TokenRefused(
            f"the token endpoint {self._settings.token_url} gives no access token; {remedy}.",
            f"HTTP {status} {error[:_SAID]} {described}".strip(),
        )

    def _keep(self, members: dict[str, Any], asked_at: float) -> None:
        self._token = members["access_token"]
        life = _seconds(members.get("expires_in"))
        self._good_until = asked_at + life - min(_MARGIN, life / 2)
        renewed = members.get("refresh_token")
        if isinstance(renewed, str) and renewed and renewed != self._refresh_token:
            self._refresh_token = renewed
            self._keep_refresh_token(renewed)

    def _keep_refresh_token(self, renewed: str) -> None:
        file = self._settings.refresh_token_file
        if file is None or not _TOKEN.fullmatch(renewed):
            return
        try:
            replace_secret(file, renewed)
        except OSError as problem:
            log.warning(
                "pickup_refresh_token_not_kept", file=str(file), cause=problem.strerror or str(problem)
            )


def _seconds(value: object) -> float:
    """The life of a token; some endpoints write the number as text."""
    try:
        life = float(str(value))
    except ValueError:
        return _LIFE_UNSAID
    return life if 0 < life < 10 * 365 * 86400 else _LIFE_UNSAID
