"""Which mail servers a domain names over HTTPS, and whether they must prove it (MTA-STS, RFC 8461).

A domain announces a policy in the DNS and keeps it at a fixed place on a web server whose certificate is
checked. With mode `enforce` a mail goes only to servers that the policy names, over TLS with a certificate
that is good for the server's name. A policy that was fetched holds for as long as it says, whatever the DNS
says meanwhile: that is what keeps somebody in between from taking it away.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import structlog

from notify.mail_names import NamesUnknown

_SECONDS = 20.0
_LARGEST = 64 * 1024
"""Octets of a policy (RFC 8461 §3.2 suggests this limit)."""
_LONGEST = 31_557_600
"""Seconds that a policy may hold (RFC 8461 §3.2)."""
_RECORD = re.compile(r"v=STSv1[ \t]*;[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;.*)?", re.DOTALL)
_LINE = re.compile(r"[ \t]*([A-Za-z0-9_.-]+)[ \t]*:[ \t]*(.*?)[ \t]*")
_KEPT = 1000
"""Domains."""
_AGAIN = 300.0
"""Seconds until a policy that could not be fetched is asked for again (RFC 8461 §3.3: five minutes)."""

log = structlog.get_logger(__name__)

Texts = Callable[[str], Awaitable[tuple[str, ...]]]
"""The TXT records of a name."""
Fetch = Callable[[str], Awaitable[str | None]]
"""The policy text of a domain, or None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StsPolicy:
    """A domain's policy."""

    enforced: bool
    hosts: tuple[str, ...]
    """Names in lower case; `*.` stands for one label."""
    max_age: int
    """Seconds."""

    def allows(self, host: str) -> bool:
        """Whether a mail server is one of the policy's (RFC 8461 §4.1)."""
        name = host.lower().rstrip(".")
        above = name.partition(".")[2]
        return any(each == name or (each[:2] == "*." and above == each[2:]) for each in self.hosts)


def read_policy(text: str) -> StsPolicy | None:
    """The policy in a file; None if it has mistakes, so that it counts as none (RFC 8461 §3.2)."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if found := _LINE.fullmatch(line):
            fields.setdefault(found[1], []).append(found[2])
    version, mode = fields.get("version", [""])[0], fields.get("mode", [""])[0]
    age = fields.get("max_age", [""])[0]
    if version != "STSv1" or mode not in {"enforce", "testing", "none"} or not re.fullmatch(r"\d{1,10}", age):
        return None
    hosts = tuple(host.lower().rstrip(".") for host in fields.get("mx", []) if host)
    if mode != "none" and not hosts:
        return None
    return StsPolicy(enforced=mode == "enforce", hosts=hosts, max_age=min(int(age), _LONGEST))


async def fetch_policy(domain: str) -> str | None:
    """What stands at the domain's fixed place; None where nothing is, or nobody proves to be the domain."""
    url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    try:
        # RFC 8461 §3.3: redirects are not followed, and the certificate is checked.
        async with (
            httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                return None
            octets = b""
            async for piece in answer.aiter_bytes():
                octets += piece
                if len(octets) > _LARGEST:
                    return None
            return octets.decode("utf-8", "replace")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        log.warning("mta_sts_policy_not_fetched", domain=domain, cause=repr(problem))
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    identity: str
    policy: StsPolicy | None
    until: float
    """By the clock."""
    ask_again_at: float


class StsPolicies:
    """The policies of domains, each kept for as long as it holds."""

    def __init__(
        self, texts: Texts, *, fetch: Fetch = fetch_policy, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`texts` may raise `NamesUnknown`: a DNS that is silent announces nothing new."""
        self._texts = texts
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def enforced(self, domain: str) -> StsPolicy | None:
        """The policy that a mail to this domain must keep to; None where there is none to enforce."""
        policy = await self._policy(domain)
        return policy if policy and policy.enforced else None

    async def _policy(self, domain: str) -> StsPolicy | None:
        now, kept = self._clock(), self._kept.get(domain)
        if kept and now >= kept.until:
            del self._kept[domain]
            kept = None
        announced = await self._announced(domain)
        if not announced or (kept and (kept.identity == announced or now < kept.ask_again_at)):
            return kept.policy if kept else None
        text = await self._fetch(domain)
        policy = read_policy(text) if text else None
        if policy is None:
            # An older policy holds on; a domain without one is asked again before long.
            old = kept or _Kept(identity="", policy=None, until=now + _AGAIN, ask_again_at=now)
            self._keep(
                domain,
                _Kept(identity=old.identity, policy=old.policy, until=old.until, ask_again_at=now + _AGAIN),
            )
            return old.policy
        self._keep(
            domain, _Kept(identity=announced, policy=policy, until=now + policy.max_age, ask_again_at=now)
        )
        return policy

    async def _announced(self, domain: str) -> str:
        """The id in the domain's record; empty where there is no usable one (RFC 8461 §3.1)."""
        try:
            records = await self._texts(f"_mta-sts.{domain}")
        except NamesUnknown as problem:
            log.warning("mta_sts_record_not_known", domain=domain, cause=str(problem))
            return ""
        ids = [found[1] for record in records if (found := _RECORD.fullmatch(record.strip()))]
        return ids[0] if len(ids) == 1 else ""

    def _keep(self, domain: str, kept: _Kept) -> None:
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[domain] = kept
