"""Digest authentication: the answer to a 401 or 407 (RFC 3261 §22, RFC 7616, RFC 8760).

Challenges are parsed here, because `sipmessage` stops at `qop="auth,auth-int"` and at a comma in a realm.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sipmessage import Response

from transmit.sip.addresses import QUOTED
from transmit.sip.message import SipError

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_NEXT_CHALLENGE = re.compile(r",\s*(?=[A-Za-z]+\s+[A-Za-z]+\s*=)")
_STRENGTH = ("MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS", "SHA-512-256", "SHA-512-256-SESS")
"""Algorithms that we know, the better ones later."""


_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""As OpenSSL names them."""
_QOPS = ("auth", "auth-int", "")
"""Qualities of protection, the one that is taken first; the last one is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Who we are to a trunk."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """What a server asks."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    """As the server wrote it."""
    qop: str = ""
    """`auth`, or `auth-int` where it offers nothing else; without it the answer is that of RFC 2069."""
    opaque: str | None = None
    stale: bool = False
    """Whether only the nonce was too old, not the password wrong."""
    field: str = "Authorization"
    """The header field of the answer."""


def challenge_of(refusal: Response) -> Challenge:
    """The strongest challenge of a 401 or 407.

    Raises:
        SipError: it carries none that we can answer.
    """
    return max(challenges_of(refusal), key=lambda challenge: _STRENGTH.index(challenge.algorithm.upper()))


def challenges_of(refusal: Response) -> tuple[Challenge, ...]:
    """The strongest challenge of each realm in a 401 or 407 (RFC 3261 §22.3: several proxies may ask).

    Raises:
        SipError: it carries none that we can answer.
    """
    proxy = refusal.code == 407  # noqa: PLR2004 - Proxy Authentication Required
    values = refusal.headers.getlist("Proxy-Authenticate" if proxy else "WWW-Authenticate")
    best: dict[str, Challenge] = {}
    for each in (text for value in values for text in _separated(value)):
        found = parse_challenge(each, "Proxy-Authorization" if proxy else "Authorization")
        if found is not None and _stronger(found, best.get(found.realm)):
            best[found.realm] = found
    if not best:
        raise SipError(f"{refusal.code} without a digest challenge that can be answered")
    return tuple(best.values())


def _stronger(challenge: Challenge, known: Challenge | None) -> bool:
    return known is None or _STRENGTH.index(challenge.algorithm.upper()) > _STRENGTH.index(
        known.algorithm.upper()
    )


def _separated(value: str) -> Iterator[str]:
    """The challenges of one header field; a comma within quotes separates nothing."""
    masked = QUOTED.sub(lambda quoted: "_" * len(quoted[0]), value)
    start = 0
    for comma in _NEXT_CHALLENGE.finditer(masked):
        yield value[start : comma.start()]
        start = comma.end()
    yield value[start:]


def parse_challenge(value: str, answer_field: str) -> Challenge | None:
    """One header field's challenge, or None if its scheme, algorithm or qop is not ours."""
    scheme, _, rest = value.strip().partition(" ")
    found = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
        for name, quoted, plain in _PARAMETER.findall(rest)
    }
    offered = {word.strip().lower() for word in found.get("qop", "").split(",")}
    qop = next((ours for ours in _QOPS if ours in offered), None)
    algorithm = found.get("algorithm", "MD5")
    if scheme.lower() != "digest" or algorithm.upper() not in _STRENGTH or qop is None:
        return None
    if "nonce" not in found:
        return None
    return Challenge(
        realm=found.get("realm", ""),
        nonce=found["nonce"],
        algorithm=algorithm,
        qop=qop,
        opaque=found.get("opaque"),
        stale=found.get("stale", "").lower() == "true",
        field=answer_field,
    )


def authorization(
    challenge: Challenge,
    credentials: Credentials,
    *,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
    body: bytes = b"",
) -> str:
    """The value of the Authorization or Proxy-Authorization field (RFC 7616 §3.4).

    Args:
        challenge: what was asked.
        credentials: who we are.
        method: the request's method.
        uri: the Request-URI, as sent.
        cnonce: a fresh random text.
        count: how often this nonce was used, this time included.
        body: of the request; `auth-int` vouches for it too.
    """
    digest = _hash(challenge.algorithm)
    secret = digest(f"{credentials.username}:{challenge.realm}:{credentials.password}".encode())
    if challenge.algorithm.upper().endswith("-SESS"):
        secret = digest(f"{secret}:{challenge.nonce}:{cnonce}".encode())
    vouched = f":{digest(body)}" if challenge.qop == "auth-int" else ""
    asked = digest(f"{method}:{uri}{vouched}".encode())
    parts = [
        f"username={_quote(credentials.username)}", f"realm={_quote(challenge.realm)}",
        f"nonce={_quote(challenge.nonce)}", f"uri={_quote(uri)}", f"algorithm={challenge.algorithm}",
    ]  # fmt: skip
    if challenge.qop:
        qop = challenge.qop
        proof = digest(f"{secret}:{challenge.nonce}:{count:08x}:{cnonce}:{qop}:{asked}".encode())
        parts += [f"qop={qop}", f"nc={count:08x}", f"cnonce={_quote(cnonce)}"]
    else:
        proof = digest(f"{secret}:{challenge.nonce}:{asked}".encode())
    if challenge.opaque is not None:
        parts.append(f"opaque={_quote(challenge.opaque)}")
    return "Digest " + ", ".join([*parts, f'response="{proof}"'])


def _hash(algorithm: str) -> Callable[[bytes], str]:
    kind = _HASHES[algorithm.upper().removesuffix("-SESS")]
    return lambda octets: hashlib.new(kind, octets, usedforsecurity=False).hexdigest()


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
