"""Mails with signatures of our own making, and the keys for them in a stub's zone."""

import base64
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mta.proof.authentication_results import parse
from postfax.demonstration.dns_stub import Zone

FIELDS = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")


@dataclass(frozen=True)
class Key:
    private: bytes
    record: str
    algorithm: bytes = b"rsa-sha256"


@cache
def rsa_key(bits: int = 2048, number: int = 1) -> Key:
    """Keys with other numbers are other keys."""
    private = rsa.generate_private_key(65537, bits)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(pem, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}")


@cache
def ed25519_key() -> Key:
    private = ed25519.Ed25519PrivateKey.generate()
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"
    return Key(base64.b64encode(seed), record, b"ed25519-sha256")


def rsa_record(bits: int, exponent: int = 65537) -> str:
    """A record with a key of any size, for which there is no private one (RSAPublicKey, RFC 8017 §A.1.1)."""
    numbers = (1 << (bits - 1)) + 1, exponent
    whole = _der(0x30, b"".join(_der(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))
    return f"v=DKIM1; p={base64.b64encode(whole).decode()}"


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    size = bytes([length]) if length < 0x80 else bytes([0x82]) + length.to_bytes(2, "big")
    return bytes([tag]) + size + content


def publish(zone: Zone, key: Key, domain: str, selector: str = "s1") -> None:
    zone.add_text(f"{selector}._domainkey.{domain}", key.record)


def sign(
    message: bytes,
    key: Key | None = None,
    *,
    domain: str = "hospital.example",
    selector: str = "s1",
    fields: tuple[bytes, ...] = FIELDS,
    canonicalisation: bytes = b"relaxed/relaxed",
    more: tuple[tuple[bytes, bytes], ...] = (),
    **options: Any,
) -> bytes:
    """The message with a DKIM-Signature on top; `more` are further tags, signed too."""
    key = key or rsa_key()
    header, body = canonicalisation.split(b"/")
    signer = _Signer(message, signature_algorithm=key.algorithm, more=more)
    signature: bytes = signer.sign(
        selector.encode(),
        domain.encode(),
        key.private,
        canonicalize=(header, body),
        include_headers=list(fields),
        **options,
    )
    return signature + message


class _Signer(dkim.DKIM):  # type: ignore[misc] # dkimpy has no types
    def __init__(self, message: bytes, *, signature_algorithm: bytes, more: Any) -> None:
        super().__init__(message, signature_algorithm=signature_algorithm)
        self._more = more

    def gen_header(self, fields: Any, *arguments: Any, **options: Any) -> Any:
        fields[-1:-1] = list(self._more)
        return super().gen_header(fields, *arguments, **options)


def seal(
    message: bytes,
    results: str,
    *,
    domain: str = "lists.example",
    key: Key | None = None,
    selector: str = "s1",
) -> bytes:
    """The message with a further ARC set on top: `results` are what the sealer found, without its name."""
    arriving = f"Authentication-Results: {domain}; {results}\r\n".encode() + message
    fields = dkim.arc_sign(
        arriving,
        selector.encode(),
        domain.encode(),
        (key or rsa_key()).private,
        domain.encode(),
        include_headers=list(FIELDS),
    )
    assert fields
    return b"".join(fields) + message


def _parsed(field: str) -> Any:
    """What dkimpy wants of the `authres` package, which we do without."""
    found = parse(field.partition(":")[2].strip())
    assert found
    whole = field.partition(";")[2].split(";")
    texts = [text.strip() for text in whole]
    results = [_Result(one.method, one.result, text) for one, text in zip(found.results, texts, strict=True)]
    return SimpleNamespace(authserv_id=found.authserv_id, results=results)


@dataclass
class _Result:
    method: str
    result: str
    text: str

    def __str__(self) -> str:
        return self.text


dkim.authres = SimpleNamespace(
    AuthenticationResultsHeader=SimpleNamespace(parse=_parsed), core=SimpleNamespace(SyntaxError=SyntaxError)
)
