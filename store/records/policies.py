"""The policy of a sender as it was when their mail was decided, kept once for all jobs that it applied to."""

import hashlib
import json
from functools import lru_cache

from sqlalchemy import bindparam, insert, select

from config.settings import Settings, UserPolicy
from store.records.turn import Turn
from store.sender import Sender
from store.tables import policies

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
    return UserPolicy.model_validate_json(text)


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


def unknown_user(email: str) -> UserPolicy:
    """Stands for a sender whom the policy no longer knew when their mail was decided."""
    return UserPolicy(name="", email=email, company="", settings=Settings())
