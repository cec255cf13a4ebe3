"""The kinds of values that speak of mail: domains, addresses, and who may log in; as in `config.values`."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from config.forms import Form
from config.values import expected, incomplete


def _domain(value: Any) -> str:
    label = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
    if isinstance(value, str) and re.fullmatch(rf"{label}(?:\.{label})+", value):
        return value.lower()
    raise expected("a mail domain such as fax.example.com")


_LOCAL_PART = r"[^@\s\x00-\x1f\x7f<>\"(),;:\[\]\\*]+"
_DOMAIN_LABEL = r"[^@\s\x00-\x1f\x7f.<>\"(),;:\[\]\\*]+"
_MAIL_DOMAIN = rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})+"


def _email_address(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(f"{_LOCAL_PART}@{_MAIL_DOMAIN}", value.strip()):
        local, _, domain = value.strip().rpartition("@")
        return f"{local}@{domain.lower()}"
    raise expected("an e-mail address")


def _sending_address(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(rf"\*@{_MAIL_DOMAIN}", value.strip()):
        return value.strip().lower()
    try:
        return _email_address(value)
    except PydanticCustomError:
        raise expected("an e-mail address, or *@ and a domain for every address in it") from None


# The PHC string format; argon2d is open to attacks that measure time, and is for other things.
_ARGON2_HASH = re.compile(
    r"\$argon2(?:id|i)\$v=19\$m=[1-9]\d{0,9},t=[1-9]\d{0,9},p=[1-9]\d{0,7}"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,86}"
)


def _password_hash(value: Any) -> str:
    if not isinstance(value, str) or not _ARGON2_HASH.fullmatch(value.strip()):
        # Without the value: it may be the password itself.
        raise incomplete("is no argon2 hash of a password; `postfax user password --hash-only` prints one")
    return value.strip()


Domain = Annotated[
    str,
    BeforeValidator(_domain),
    Form(words="a mail domain", pattern=r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", example="fax.example.com"),
]
EmailAddress = Annotated[
    str,
    BeforeValidator(_email_address),
    Form(
        words="an e-mail address",
        pattern=r"\s*[^@\s*]+@[^@\s.]+(?:\.[^@\s.]+)+\s*",
        example="ana@hospital.example",
    ),
]
PasswordHash = Annotated[
    str,
    BeforeValidator(_password_hash),
    Form(words="a hash that `postfax user password --hash-only` prints", pattern=r"\s*\$argon2id?\$.+"),
]
SendingAddress = Annotated[
    str,
    BeforeValidator(_sending_address),
    Form(
        words="an e-mail address, or *@ and a domain",
        pattern=r"\s*(?:\*|[^@\s*]+)@[^@\s.]+(?:\.[^@\s.]+)+\s*",
    ),
]
