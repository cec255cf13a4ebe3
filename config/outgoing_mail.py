"""How Postfax's own mails go out."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from config.file_values import ReadableFile
from config.forms import Form
from config.mail_values import Domain
from config.section import Section
from config.values import expected

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SELECTOR = rf"{_LABEL}(?:\.{_LABEL})*"


def _selector(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(_SELECTOR, value):
        return value.lower()
    raise expected("a selector such as fax2026")


class DkimKey(Section):
    """A key that signs Postfax's own mails (DKIM, RFC 6376)."""

    selector: Annotated[
        str, BeforeValidator(_selector), Form(words="a selector", pattern=_SELECTOR, example="fax2026")
    ]
    """Where the public key is published: a TXT record at SELECTOR._domainkey.DOMAIN."""
    key_file: ReadableFile
    """The private key, PEM: RSA of 1024 bits or more (2048 is usual), or Ed25519. A changed file needs no
    restart."""
    domain: Domain = ""
    """The domain that signs; by default that of mail.sender. It must be that one or one above it, so that the
    signature counts for DMARC."""


def is_aligned(signing: str, sending: str) -> bool:
    """Whether a signature of one domain can count for mail from another (RFC 7489 §3.1.1, relaxed).

    Whether a domain above is one that people register under is not looked at: nobody has keys there.
    """
    return sending == signing or sending.endswith(f".{signing}")
