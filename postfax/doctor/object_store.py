"""The object store: is it reached, and does it let us put, get, list and delete? An own object tries it."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta

from config.object_store import ObjectStoreSettings
from postfax.doctor.finding import Finding, failure, ok, warning
from postfax.doctor.site import Site
from store.errors import BodiesUnavailable
from store.object_store import NoObject, ObjectStore

_PATIENCE = timedelta(seconds=3)
_FOLDER = "doctor/"
_OCTETS = b"Postfax's doctor was here.\n"


async def object_store(site: Site) -> Sequence[Finding]:
    """What can be said of it."""
    settings = site.settings.object_store
    if settings is None:
        return [ok("none; mails and documents are in the book and in its folder")]
    return await asyncio.to_thread(_look, settings)


def _look(settings: ObjectStoreSettings) -> list[Finding]:
    store = ObjectStore(settings.model_copy(update={"patience": min(_PATIENCE, settings.patience)}))
    found = _cautions(settings)
    try:
        return [*found, *_tried(store)]
    except BodiesUnavailable as problem:
        advice = f"{problem.sentence} Its answer: {problem.cause}"
        return [*found, failure("cannot be used", advice, subject=settings.url)]


def _cautions(settings: ObjectStoreSettings) -> list[Finding]:
    if settings.endpoint.startswith("http://"):
        advice = "Let object_store.endpoint begin with https://: mails and documents can be read on the way."
        return [warning("the way to it is not encrypted", advice, subject=settings.url)]
    return []


def _tried(store: ObjectStore) -> list[Finding]:
    """Put, get, list, delete.

    Raises:
        BodiesUnavailable: one of these is refused, or there is no answer.
    """
    key = f"{_FOLDER}{secrets.token_hex(8)}"
    put = store.put(key, _OCTETS)
    same = store.get(key) == _OCTETS
    listed = key in [each for each, _ in store.listed(_FOLDER)]
    store.remove([key])
    url = store.settings.url
    if not same or not listed:
        advice = "Look at the store: it does not give back what it takes."
        return [failure("an object was not there as it was put", advice, subject=url)]
    if put.keeps_versions:
        advice = "Suspend versioning of the bucket and remove old versions: purged faxes stay in it."
        return [failure("keeps old versions of what is removed", advice, subject=url)]
    try:
        store.get(key)
    except NoObject:
        return [ok("lets us put, get, list and delete", subject=url)]
    advice = "Look at the rights of the key and at locks of the bucket: purged faxes stay in it."
    return [failure("an object that was deleted is still there", advice, subject=url)]
