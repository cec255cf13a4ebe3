"""An S3 object store: objects put, got, listed, removed; what fails, in sentences. Methods block.

Requests that fail at the store or on the way (5xx, no connection, no answer in time) are repeated with
growing pauses for as long as the settings' patience lasts. After that the store counts as away: whoever asks
is told so at once, and one request in `AGAIN_SECONDS` tries whether it is back. So an outage costs nobody a
thread.

`obstore` is loaded with the first request: most commands make none.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from config.object_store import ObjectStoreSettings
from store.errors import BodiesUnavailable

if TYPE_CHECKING:
    from mmap import mmap

    from obstore.store import ClientConfig, S3Store

AGAIN_SECONDS = 5.0
"""How often a store that was away is asked again."""

_CONNECT = timedelta(seconds=5)
_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=3)
_LONGEST_REQUEST = 2
"""Times the patience: a request that is still being answered then is given up."""
_PIECE = 1 << 20
_PROBE = "probe"
_WAITS = "Nothing was lost; it goes on by itself when the store answers."


class NoObject(Exception):  # noqa: N818 - named as what happened
    """There is no object with this key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """What the store says of an object that it has taken."""

    keeps_versions: bool
    """Whether the bucket keeps old versions, so that nothing in it is ever removed."""


class ObjectStore:
    """A bucket, or a part of it. Keys are relative to the prefix of the settings."""

    def __init__(self, settings: ObjectStoreSettings) -> None:
        """Nothing is asked yet."""
        self.settings = settings
        self.trouble: BodiesUnavailable | None = None
        """Why the store could not be used when it was asked last."""
        self._again_at = 0.0
        self._changing = threading.Lock()
        self._client: S3Store | None = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        endpoint = self.settings.endpoint
        return f"{self.settings.url} at {endpoint}" if endpoint else self.settings.url

    # --- Objects ------------------------------------------------------------------------------------------

    def put(self, key: str, octets: "bytes | mmap") -> Put:
        """Write an object; it is durable when this returns.

        Raises:
            BodiesUnavailable: the store cannot be used. The object may be there all the same.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            # In one request, so that no part of an upload that broke off is left where nobody sees it.
            done = obstore.put(client, self._name(key), octets, use_multipart=False)
        return Put(keeps_versions=done["version"] not in {None, "null"})

    def get(self, key: str) -> bytes:
        """All octets of an object.

        Raises:
            BodiesUnavailable: the store cannot be used.
            NoObject: there is none.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            return bytes(obstore.get(client, self._name(key)).bytes())

    def beginning(self, key: str, octets: int) -> bytes:
        """So many octets of an object that has more.

        Raises:
            BodiesUnavailable, NoObject: as with `get`.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            return bytes(obstore.get_range(client, self._name(key), start=0, length=octets))

    def pieces(self, key: str) -> Iterator[bytes]:
        """The octets of an object, piece by piece.

        Raises:
            BodiesUnavailable, NoObject: as with `get`, also between two pieces.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            for piece in obstore.get(client, self._name(key)).stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects that are there or not.

        Raises:
            BodiesUnavailable: the store cannot be used; some may be removed.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            obstore.delete(client, [self._name(key) for key in keys])

    def listed(self, beginning: str) -> Iterator[tuple[str, datetime]]:
        """The keys of all objects that begin so, and when each was written by the store's clock.

        Raises:
            BodiesUnavailable: the store cannot be used, also between two of them.
        """
        import obstore  # noqa: PLC0415 - see above

        prefix = self.settings.prefix
        with self._asked() as client:
            for group in obstore.list(client, self._name(beginning)):
                for each in group:
                    yield each["path"].removeprefix(prefix), each["last_modified"]

    # --- The store itself ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The store's clock, as it writes it to objects.

        Raises:
            BodiesUnavailable: the store cannot be used.
        """
        import obstore  # noqa: PLC0415 - see above

        with self._asked() as client:
            obstore.put(client, self._name(_PROBE), b"Postfax was here.\n", use_multipart=False)
            return obstore.head(client, self._name(_PROBE))["last_modified"]

    def check(self) -> None:
        """Pass if objects can be written and read.

        Raises:
            BodiesUnavailable: they cannot.
        """
        self.now()

    def _name(self, key: str) -> str:
        return self.settings.prefix + key

    @contextmanager
    def _asked(self) -> Iterator["S3Store"]:
        """A client for one request, whose failures become sentences and are remembered."""
        import obstore.exceptions  # noqa: PLC0415 - see above

        self._let_pass()
        try:
            yield self._made()
        except FileNotFoundError as problem:
            if "NoSuchBucket" not in str(problem):
                self.trouble = None
                raise NoObject from problem
            raise self._failed(problem) from problem
        except (obstore.exceptions.BaseError, ValueError) as problem:
            raise self._failed(problem) from problem
        self.trouble = None

    def _let_pass(self) -> None:
        """Pass unless the store is away, and is not to be asked again now."""
        with self._changing:
            if self.trouble is None:
                return
            now = monotonic()
            if now < self._again_at:
                raise BodiesUnavailable(self.trouble.sentence, self.trouble.cause)
            # Until this request has its answer, nobody else waits for one.
            self._again_at = now + (1 + _LONGEST_REQUEST) * self.settings.patience.total_seconds()

    def _failed(self, problem: Exception) -> BodiesUnavailable:
        unavailable = unavailability(problem, self.place)
        with self._changing:
            self.trouble = unavailable
            self._again_at = monotonic() + AGAIN_SECONDS
            self._client = None  # keys may have been renewed: they are read again
        return unavailable

    def _made(self) -> "S3Store":
        client = self._client
        if client is None:
            client = self._client = self._make()
        return client

    def _make(self) -> "S3Store":
        from obstore.store import S3Store  # noqa: PLC0415 - see above

        settings = self.settings
        return S3Store(
            settings.bucket,
            region=settings.region,
            access_key_id=_first_line(settings.access_key_file),
            secret_access_key=_first_line(settings.secret_key_file),
            virtual_hosted_style_request=not settings.path_style,
            disable_bulk_delete=True,  # some stores do not know it
            endpoint=_endpoint(settings),
            client_options=self._way(),
            retry_config={
                "max_retries": 100,
                "retry_timeout": settings.patience,
                "backoff": {"init_backoff": _FIRST_PAUSE, "max_backoff": _LONGEST_PAUSE, "base": 2},
            },
        )

    def _way(self) -> "ClientConfig":
        settings = self.settings
        way: ClientConfig = {
            "allow_http": settings.endpoint.startswith("http://"),
            "connect_timeout": min(_CONNECT, settings.patience),
            "timeout": _LONGEST_REQUEST * settings.patience,
        }
        if settings.ca_file:
            way["root_certificate"] = _certificates(settings.ca_file)
        return way


def _endpoint(settings: ObjectStoreSettings) -> str:
    """Where requests go: with the bucket in the host's name, unless it is in the path."""
    scheme, _, host = (settings.endpoint or f"https://s3.{settings.region}.amazonaws.com").partition("://")
    return f"{scheme}://{host if settings.path_style else f'{settings.bucket}.{host}'}"


def unavailability(problem: Exception, place: str) -> BodiesUnavailable:
    """What a failure means for a person. Pure.

    Args:
        problem: as `obstore` raises it: what it says begins with a line for people, and ends with its parts.
        place: the store's, for the sentence.
    """
    said = str(problem)
    cause = " ".join(said.partition("\n\nDebug source")[0].split())[:400]
    code = re.search(r"<Code>(\w+)</Code>", said)
    status = re.search(r"status code: (\d+[A-Za-z ]*)", said)
    why = code[1] if code else status[1].strip() if status else ""
    if code and code[1] == "NoSuchBucket":
        sentence = f"There is no bucket {place}. Make it, or correct object_store.url."
    elif re.search(r"status code: 40[13]", said):
        sentence = (
            f"The object store {place} refuses our key ({why}). Check access_key_file and secret_key_file, "
            "and that the key may put, get, list and delete objects there."
        )
    elif "Received redirect" in said:
        sentence = f"The bucket {place} is in another region. Correct object_store.region."
    else:
        reason = _reason(said) or why or "it failed"
        sentence = f"The object store {place} cannot be used now ({reason}). {_WAITS}"
    return BodiesUnavailable(sentence, cause)


def _reason(said: str) -> str:
    """Why there was no answer, as far as that is known."""
    if certificate := re.search(r"InvalidCertificate\(\s*(\w+)", said):
        return f"its certificate is not trusted: {certificate[1]}; object_store.ca_file names who signed it"
    reasons = {
        '"dns error"': "its name is not known",
        "kind: Connect": "no connection",
        "kind: Timeout": "no answer in time",
    }
    return next((reason for mark, reason in reasons.items() if mark in said), "")


def _first_line(file: Path) -> str:
    """The secret in a file.

    Raises:
        BodiesUnavailable: it cannot be read, or has none.
    """
    try:
        first = file.read_text(encoding="utf-8-sig").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BodiesUnavailable(
            f"{file} cannot be read; let the service's user read it.", repr(problem)
        ) from problem
    if not first:
        raise BodiesUnavailable(f"{file} is empty; its first line must be the key.")
    return first


def _certificates(file: Path) -> bytes:
    """The certificates in a file.

    Raises:
        BodiesUnavailable: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as problem:
        raise BodiesUnavailable(
            f"{file} cannot be read; let the service's user read it.", repr(problem)
        ) from problem
