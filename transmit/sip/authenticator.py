"""Who we are, proven to every server on the way that asks: challenges answered and kept (RFC 3261 §22).

A wrong password is found out by the second challenge to the same nonce, and not tried again; a nonce that was
only too old (`stale`) is replaced. What was asked once is answered in later requests without being asked.
"""

from dataclasses import dataclass
from random import Random

from sipmessage import Response

from transmit.sip.digest import Challenge, Credentials, authorization, challenges_of

CHALLENGES = (401, 407)
_ROUNDS = 8
"""Challenges to one request: more than any chain of proxies has."""


@dataclass(kw_only=True, slots=True)
class _Asked:
    """A server that asked."""

    challenge: Challenge
    uses: int = 0
    """How often its nonce was used."""


class Authenticator:
    """The challenges of one dialog, or of one registration."""

    def __init__(self, credentials: Credentials | None, random: Random) -> None:
        """Makes one that has not been asked.

        Args:
            credentials: who we are; None for nobody.
            random: makes cnonces.
        """
        self._credentials = credentials
        self._random = random
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._rounds = 0

    def may_answer(self, refusal: Response) -> bool:
        """Takes a response to a request: whether it asks who we are, and another try may help.

        Raises:
            SipError: it asks in a way that we do not know.
        """
        if refusal.code not in CHALLENGES:
            self._rounds = 0
            return False
        self._rounds += 1
        if self._credentials is None or self._rounds > _ROUNDS:
            return False
        taken = [self._take(challenge) for challenge in challenges_of(refusal)]
        return any(taken)

    def fields(self, method: str, uri: str, body: bytes = b"") -> tuple[tuple[str, str], ...]:
        """The Authorization and Proxy-Authorization fields of a request."""
        asked = self._asked.values()
        return tuple((each.challenge.field, self._proof(each, method, uri, body)) for each in asked)

    def _take(self, challenge: Challenge) -> bool:
        """Remembers a challenge; whether it is another one than that which was answered just now."""
        key = (challenge.field, challenge.realm)
        known = self._asked.get(key)
        refused = known is not None and known.uses == 1 and not challenge.stale
        if not refused:
            self._asked[key] = _Asked(challenge=challenge)
        return not refused

    def _proof(self, asked: _Asked, method: str, uri: str, body: bytes) -> str:
        if self._credentials is None:
            raise RuntimeError("nobody is to be authenticated")
        asked.uses += 1
        return authorization(
            asked.challenge,
            self._credentials,
            method=method,
            uri=uri,
            cnonce=f"{self._random.getrandbits(64):016x}",
            count=asked.uses,
            body=body,
        )
