"""Domain names as they are compared, in lower case and as A-labels, and addresses as servers carry them."""

import re
from functools import lru_cache

import idna

_LONGEST_LABEL = 63  # RFC 1035 §2.3.4
_DOT_ATOM = re.compile(r"[^\s.()<>\[\]:;@\\,\"]+(?:\.[^\s.()<>\[\]:;@\\,\"]+)*")


@lru_cache(maxsize=10_000)
def ascii_domain(domain: str) -> str | None:
    """The name in lower case with A-labels (RFC 5890), without a final dot; None if it cannot be one.

    By IDNA2008, as registries have it: `straße.example` is a name of its own. By the mapping of 2003, which
    Python's own codec has, it would be `strasse.example`, which may belong to somebody else.
    """
    text = domain
    try:
        if not text.isascii():
            text = idna.uts46_remap(text, std3_rules=False, transitional=False)
        labels = [label if label.isascii() else idna.alabel(label).decode() for label in _labels(text)]
    except UnicodeError:
        return None
    return ".".join(labels) if all(0 < len(label) <= _LONGEST_LABEL for label in labels) else None


def _labels(text: str) -> list[str]:
    return text.lower().removesuffix(".").split(".")


def carried_address(address: str) -> str:
    """A mail address as every server can carry it, and as it stands in a header field.

    A local part that is no dot-atom stands in quotation marks (RFC 5322 §3.4.1, RFC 5321 §4.1.2): telephone
    companies gave out such as `ana.@` and `a..b@`. A domain stands as A-labels, where nothing else of the
    address needs SMTPUTF8.
    """
    local_part, at, domain = address.rpartition("@")
    if at and not (_DOT_ATOM.fullmatch(local_part) or local_part.startswith('"')):
        local_part = '"' + re.sub(r'(["\\])', r"\\\1", local_part) + '"'
    if not domain.isascii() and local_part.isascii():
        domain = ascii_domain(domain) or domain
    return f"{local_part}{at}{domain}"
