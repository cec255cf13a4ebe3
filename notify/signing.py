"""Signing what Postfax sends (DKIM, RFC 6376, and RFC 8463 for Ed25519).

Each key puts a signature of its own before the mail. What a signature covers is what receivers show and what
they thread and answer by; From, To, Subject, Date and Message-ID are covered once more than they are there,
so that no second one can be put before them (RFC 6376 §8.15).

A key file is read anew when it has changed. One that cannot be used is a `SigningTrouble`, whose text is for
the administrator; a mail that should be signed does not go out without.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from config.outgoing_mail import DkimKey

_SHORTEST = 1024
"""Bits of an RSA key that receivers accept (RFC 8301 §3.2)."""
_ONCE_MORE = ("from", "to", "subject", "date", "message-id")
_IF_THERE = (
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "in-reply-to",
    "references",
    "auto-submitted",
)


class SigningTrouble(Exception):  # noqa: N818 - named as what happened
    """A key cannot be used; the text says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A private key, ready for use."""

    algorithm: str
    """`rsa-sha256` or `ed25519-sha256`."""
    private: bytes
    """As dkimpy takes it."""
    record: str
    """What is to be published at the selector (RFC 6376 §3.6.1)."""
    bits: int


def read_key(path: Path) -> SigningKey:
    """The key in a PEM file.

    Raises:
        SigningTrouble: it cannot be read, or is no key that can sign.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as problem:
        raise SigningTrouble(f"{path} cannot be read: {problem.strerror or problem}.") from problem
    except (TypeError, ValueError, UnsupportedAlgorithm) as problem:
        raise SigningTrouble(f"{path} is no private key in PEM without a password.") from problem
    match key:
        case RSAPrivateKey():
            return _rsa(path, key)
        case Ed25519PrivateKey():
            return _ed25519(key)
    raise SigningTrouble(f"{path} is neither an RSA nor an Ed25519 key; DKIM knows no others.")


def _rsa(path: Path, key: RSAPrivateKey) -> SigningKey:
    if key.key_size < _SHORTEST:
        raise SigningTrouble(f"{path} has {key.key_size} bits; receivers accept no fewer than {_SHORTEST}.")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(
        algorithm="rsa-sha256",
        private=key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        record=f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}",
        bits=key.key_size,
    )


def _ed25519(key: Ed25519PrivateKey) -> SigningKey:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return SigningKey(
        algorithm="ed25519-sha256",
        private=base64.b64encode(private),
        record=f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}",
        bits=256,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """Where a signature's key is published, and where it is read."""

    selector: str
    domain: str
    key_file: Path

    @property
    def name(self) -> str:
        """The DNS name of the public key."""
        return f"{self.selector}._domainkey.{self.domain}"


class Signer:
    """Signs mails with every key of the settings; with none it leaves them as they are."""

    def __init__(self, keys: Sequence[DkimKey], sender: str) -> None:
        """`sender` is the From address of what is signed; nothing is read yet."""
        own = sender.rpartition("@")[2].lower()
        self.signatures = tuple(
            Signature(selector=key.selector, domain=key.domain or own, key_file=key.key_file) for key in keys
        )
        self._read: dict[Path, tuple[tuple[int, int], SigningKey]] = {}

    def check(self) -> None:
        """Read every key.

        Raises:
            SigningTrouble: one cannot be used.
        """
        for signature in self.signatures:
            self._key(signature.key_file)

    async def signed(self, mail: bytes) -> bytes:
        """The mail with a signature of each key before it; its lines end in CRLF.

        Raises:
            SigningTrouble: a key cannot be used.
        """
        if not self.signatures:
            return mail
        # RSA costs milliseconds in which no call could be served.
        return await asyncio.to_thread(self._signed, mail)

    def _signed(self, mail: bytes) -> bytes:
        covered = _covered(BytesHeaderParser().parsebytes(mail))
        fields = [self._field(signature, mail, covered) for signature in self.signatures]
        return b"".join([*fields, mail])

    def _field(self, signature: Signature, mail: bytes, covered: list[bytes]) -> bytes:
        key = self._key(signature.key_file)
        try:
            field: bytes = dkim.sign(
                mail,
                signature.selector.encode(),
                signature.domain.encode(),
                key.private,
                canonicalize=(b"relaxed", b"relaxed"),
                signature_algorithm=key.algorithm.encode(),
                include_headers=covered,
            )
        except dkim.DKIMException as problem:
            raise SigningTrouble(f"{signature.key_file} could not sign: {problem}.") from problem
        return field

    def _key(self, path: Path) -> SigningKey:
        try:
            status = path.stat()
        except OSError as problem:
            raise SigningTrouble(f"{path} cannot be read: {problem.strerror or problem}.") from problem
        mark = (status.st_mtime_ns, status.st_ino)
        kept = self._read.get(path)
        if kept is None or kept[0] != mark:
            kept = self._read[path] = (mark, read_key(path))
        return kept[1]


def _covered(header: Message) -> list[bytes]:
    """The fields that a signature covers, as often as it names them (RFC 6376 §5.4.2)."""
    names = [name for name in _ONCE_MORE for _ in range(len(header.get_all(name, [])) + 1)]
    names += [name for name in _IF_THERE if name in header]
    return [name.encode() for name in names]
