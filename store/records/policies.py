"""The policy of a sender as it was when their mail was decided, kept once for all jobs that it applied to."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sqlalchemy import Connection, bindparam, insert, select

from config.settings import Settings, UserPolicy
from store.records.turn import Turn
from store.sender import Sender
from store.tables import policies

_MOST_SENDERS = 100_000
_SENDERS: dict[str, Sender] = {}
"""By digest, which stands for the text: what was read stays right."""
_POLICIES = select(policies.c.digest, policies.c.policy).where(
    policies.c.digest.in_(bindparam("digests", expanding=True))
)
_KNOWN = select(policies.c.digest).where(policies.c.digest == bindparam("digest"))


def keep_policy(turn: Turn, user: UserPolicy) -> str:
    """Write the policy unless the same one is kept already; its digest."""
    text = user.model_dump_json()
    digest = hashlib.sha256(text.encode()).hexdigest()
    if turn.connection.scalar(_KNOWN, {"digest": digest}) is None:
        turn.connection.execute(insert(policies), {"digest": digest, "policy": text})
    return digest


@lru_cache(maxsize=256)
def read_policy(text: str) -> UserPolicy:
    """The policy that was kept. One object for all jobs that share it: it cannot be changed."""
    return UserPolicy.kept(text)


@lru_cache(maxsize=100_000)
def read_sender(_digest: str, text: str) -> Sender:
    """Who is meant by a policy that was kept. Not the whole of it is read: an export has many thousands."""
    said = json.loads(text)
    return Sender(
        email=said["email"],
        name=said["name"],
        company=said["company"],
        custom_fields=said["settings"].get("custom_fields", {}),
    )


def read_senders(connection: Connection, digests: Iterable[str | None]) -> Mapping[str, Sender]:
    """Who is meant by these policies. Texts that were read before are not fetched again: they are long."""
    wanted = {digest for digest in digests if digest}
    missing = sorted(wanted - _SENDERS.keys())
    if missing:
        if len(_SENDERS) > _MOST_SENDERS:
            _SENDERS.clear()
            missing = sorted(wanted)
        for digest, text in connection.execute(_POLICIES, {"digests": missing}):
            _SENDERS[digest] = read_sender(digest, text)
    return {digest: _SENDERS[digest] for digest in wanted if digest in _SENDERS}


def unknown_user(email: str) -> UserPolicy:
    """Stands for a sender whom the policy no longer knew when their mail was decided."""
    return UserPolicy(name="", email=email, company="", settings=Settings())
