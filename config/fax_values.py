"""The kinds of values that speak of faxes: regions, numbers, station identities, lines, archives.

Each reads its own text and says what it expected, as in `config.values`. The names of the lines that exist
come in as `lines` of pydantic's validation context; without it any name will do.
"""

import base64
import binascii
import re
import string
from typing import Annotated, Any

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BeforeValidator, ValidationInfo

from config.forms import Form
from config.number_pattern import NoPattern, read_pattern
from config.values import did_you_mean, expected


def _region(value: Any) -> str:
    if isinstance(value, str) and value in SUPPORTED_REGIONS:
        return value
    meant = {"UK": "GB"}.get(str(value).upper(), str(value).upper())
    hint = f"did you mean {meant}?" if meant in SUPPORTED_REGIONS else ""
    raise expected("a region of ISO 3166, two letters such as US or DE", hint)


def _number_pattern(value: Any, info: ValidationInfo) -> str:
    bare = re.sub(r"[ .()-]", "", value) if isinstance(value, str) else ""
    if info.mode == "json" and re.fullmatch(r"\+[1-9][0-9?]{0,14}\*?", bare):
        return bare  # kept with a fax, maybe by a version that took what no number falls under
    try:
        return read_pattern(value if isinstance(value, str) else "")
    except NoPattern as no_pattern:
        raise expected(
            "a number with + and country code such as +12065550100, a prefix such as +1900*, or one with ? "
            "for any one digit, such as +1???976*",
            f"it {no_pattern.problem}",
        ) from None


DIRECTIVES = (
    "cover", "to", "company", "title", "from", "reference", "billing", "at", "expire", "priority",
    "resolution", "retries", "retry-interval", "paper", "line", "notify",
)  # fmt: skip
"""What a sender may ask for in a mail (`submission.directives` says what each means)."""


def _directive_name(value: Any) -> str:
    if value in DIRECTIVES:
        return str(value)
    raise expected(
        f"one of the directives {', '.join(DIRECTIVES)}", did_you_mean(str(value), list(DIRECTIVES))
    )


DOCUMENT_TYPES = (
    "pdf", "tiff", "png", "jpeg", "gif", "webp", "bmp", "heic", "docx", "xlsx", "pptx", "vsdx", "doc", "xls",
    "ppt", "vsd", "rtf", "odt", "ods", "odp", "odg", "html", "csv", "text",
)  # fmt: skip
"""The types of documents that can be faxed, by the names of `convert.formats`."""


def _document_type(value: Any) -> str:
    if value in DOCUMENT_TYPES:
        return str(value)
    listed = f"one of the types {', '.join(DOCUMENT_TYPES)}"
    raise expected(listed, did_you_mean(str(value), list(DOCUMENT_TYPES)))


HEADER_TOKENS = (
    "date", "time", "zone", "company", "department", "name", "number", "job_id", "reference", "page", "pages",
)  # fmt: skip


def _header_line(value: Any) -> str:
    known = "a header line with the tokens " + ", ".join(f"{{{token}}}" for token in HEADER_TOKENS)
    if not isinstance(value, str) or value.count("|") > 2:  # noqa: PLR2004 - left, middle, right
        raise expected(f"{known}, in at most three fields with | between")
    try:
        pieces = list(string.Formatter().parse(value))
    except ValueError:
        raise expected(known, "a { or } stands alone") from None
    tokens = [(name, layout or conversion) for _, name, layout, conversion in pieces if name is not None]
    for name, more in tokens:
        if name in HEADER_TOKENS and more:
            raise expected(known, f"{{{name}}} takes no format")
        if name not in HEADER_TOKENS:
            raise expected(known, did_you_mean(name, list(HEADER_TOKENS)) or f"{{{name}}} is unknown")
    said = {name for name, _ in tokens}
    missing = [token for token in ("date", "time", "number") if token not in said]
    missing += [] if {"company", "name"} & said else ["company"]
    if missing:
        lacking = " and ".join(f"{{{token}}}" for token in missing)
        raise expected(
            f"a header line with all that the law asks for (47 CFR 68.318(d)); {lacking} is missing"
        )
    return value


def _station_number(value: Any) -> str:
    # Empty: none is shown. E.164 §6: at most 15 digits.
    if isinstance(value, str) and re.fullmatch(r"(?:\+?(?:[ .()-]*[0-9]){7,15}[ .()-]*)?", value):
        return value
    raise expected("a telephone number such as +12065550100")


def _station_identity(value: Any) -> str:
    # T.30 §5.3.6.2.4: 20 characters; digits, plus and space by the letter, printable ASCII in practice.
    if isinstance(value, str) and re.fullmatch(r"[ -~]{0,20}", value):
        return value
    raise expected("a station identity of at most 20 plain characters")


FILE_NAME_TOKENS = ("date", "job_id", "number", "status", "user", "department", "reference", "pages")


def _file_name(value: Any) -> str:
    known = "a file name with the tokens " + ", ".join(f"{{{token}}}" for token in FILE_NAME_TOKENS)
    if not isinstance(value, str) or not value.strip():
        raise expected(known)
    try:
        pieces = list(string.Formatter().parse(value))
    except ValueError:
        raise expected(known, "a { or } stands alone") from None
    for _, name, layout, conversion in pieces:
        if name is None:
            continue
        if name not in FILE_NAME_TOKENS:
            raise expected(known, did_you_mean(name, list(FILE_NAME_TOKENS)) or f"{{{name}}} is unknown")
        if conversion or (layout and (name != "date" or "{" in layout)):
            raise expected(known, "only {date:…} takes a format, such as {date:%Y/%m}")
    if value.startswith("/") or ".." in value.split("/"):
        raise expected("a path below the archive's folder")
    return value


def _line_name(value: Any, info: ValidationInfo) -> str:
    names = sorted(info.context["lines"]) if info.context and info.context.get("lines") is not None else None
    if not isinstance(value, str) or (names is not None and value not in names):
        listed = f"one of the lines {', '.join(names)}" if names else "the name of a line"
        raise expected(listed, did_you_mean(str(value), names or []))
    return value


def _known_host(value: Any) -> str:
    what = "a server's public key as in known_hosts without the host, such as ssh-ed25519 AAAA…"
    found = (
        re.fullmatch(r"([a-z0-9@.-]+) +([A-Za-z0-9+/]+=*)(?: .*)?", value) if isinstance(value, str) else None
    )
    try:
        key = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        key = b""
    # RFC 4253 §6.6: the key's octets begin with the length of its format's name, and that name.
    if not found or key[4 : 4 + len(found[1])] != found[1].encode():
        raise expected(what)
    return f"{found[1]} {found[2]}"


def _certificate_fingerprint(value: Any) -> str:
    what = "the SHA-256 fingerprint of a certificate, 64 hexadecimal digits with or without colons"
    bare = re.sub(r"[ :]", "", value).lower() if isinstance(value, str) else ""
    bare = bare.removeprefix("sha256").removeprefix("fingerprint").lstrip("=")
    if not re.fullmatch("[0-9a-f]{64}", bare):
        raise expected(what, "that is SHA-1" if re.fullmatch("[0-9a-f]{40}", bare) else "")
    return bare


Region = Annotated[
    str,
    BeforeValidator(_region),
    Form(
        words="a region of ISO 3166, two letters such as US or DE", choices=tuple(sorted(SUPPORTED_REGIONS))
    ),
]
NumberPattern = Annotated[
    str,
    BeforeValidator(_number_pattern),
    Form(
        words="a number with + and country code; * behind a prefix, ? for any one digit",
        pattern=r"[ .()/-]*\+[ .()/-]*[1-9][0-9? .()/-]*\*?[ .()/-]*",
        as_number=True,
    ),
]
StationNumber = Annotated[
    str,
    BeforeValidator(_station_number),
    Form(
        words="a telephone number such as +12065550100",
        pattern=r"(\+?([ .()-]*[0-9]){7,15}[ .()-]*)?",
        as_number=True,
    ),
]
StationIdentity = Annotated[
    str,
    BeforeValidator(_station_identity),
    Form(words="at most 20 plain characters", pattern="[ -~]{0,20}", as_number=True),
]
FileName = Annotated[
    str,
    BeforeValidator(_file_name),
    Form(words="a path with the tokens " + ", ".join(f"{{{token}}}" for token in FILE_NAME_TOKENS)),
]
LineName = Annotated[str, BeforeValidator(_line_name), Form(words="the name of a line", as_number=True)]
DirectiveName = Annotated[
    str, BeforeValidator(_directive_name), Form(words=f"one of {', '.join(DIRECTIVES)}", choices=DIRECTIVES)
]
DocumentType = Annotated[
    str,
    BeforeValidator(_document_type),
    Form(words=f"one of {', '.join(DOCUMENT_TYPES)}", choices=DOCUMENT_TYPES, example="pdf"),
]
HeaderLine = Annotated[
    str,
    BeforeValidator(_header_line),
    Form(words="a header line with the tokens " + ", ".join(f"{{{token}}}" for token in HEADER_TOKENS)),
]
KnownHost = Annotated[
    str,
    BeforeValidator(_known_host),
    Form(
        words="a public key such as ssh-ed25519 AAAA…",
        pattern=r"[a-z0-9@.-]+ +[A-Za-z0-9+/]+=*(?: .*)?",
        example="ssh-ed25519 AAAA…",
    ),
]
CertificateFingerprint = Annotated[
    str,
    BeforeValidator(_certificate_fingerprint),
    Form(
        words="the SHA-256 fingerprint of a certificate, 64 hexadecimal digits",
        pattern="(?:[Ss][Hh][Aa]256 [Ff]ingerprint=)?(?:[0-9A-Fa-f]{2}[ :]?){32}",
        example="9F:3C:…",
        as_number=True,
    ),
]
