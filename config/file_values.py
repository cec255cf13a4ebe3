"""The kinds of values that name files and folders of this host; as in `config.values`."""

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from config.credentials import PREFIX, NoCredential, credential_file
from config.forms import Form
from config.values import beside, expected, incomplete


def _readable_file(path: Path, info: ValidationInfo) -> Path:
    if str(path).startswith(PREFIX):
        try:
            path = credential_file(str(path))
        except NoCredential as problem:
            raise expected("a file that can be read", str(problem)) from None
    path = beside(path, info)
    if info.context and "folder" in info.context and not (path.is_file() and os.access(path, os.R_OK)):
        why = "it may not be read by this user" if path.is_file() else f"{path} is not there"
        raise expected("a file that can be read", why)
    return path


def _local_url(value: Any, info: ValidationInfo, scheme: str, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(rf"{scheme}:(?!//)[^?#]+", value):
        raise expected(what)
    return f"{scheme}:{beside(Path(value.removeprefix(f'{scheme}:')), info)}"


def _book_url(value: Any, info: ValidationInfo) -> str:
    if isinstance(value, str) and re.match("postgres(ql)?:", value):
        return _server_url(value)
    what = (
        "sqlite: and a path, such as sqlite:/var/lib/postfax/book.db, or a database of PostgreSQL, such as "
        "postgresql://postfax@db.example.net/postfax"
    )
    return _local_url(value, info, "sqlite", what)


def _server_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        parameters = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        raise incomplete("is not a database of PostgreSQL; its address cannot be read") from None
    if ":" in parts.netloc.rpartition("@")[0] or "password" in parameters:
        # Without the value: it would show the password.
        raise incomplete("has a password in it; put it into a file and name that: ?password_file=/PATH")
    if not parts.path.strip("/") or parts.fragment:
        raise expected("a database of PostgreSQL, such as postgresql://postfax@db.example.net/postfax")
    return value


def _documents_url(value: Any, info: ValidationInfo) -> str:
    return _local_url(value, info, "file", "file: and a folder, such as file:/var/lib/postfax/documents")


LocalPath = Annotated[
    Path,
    AfterValidator(beside),
    Form(words="a path; a relative one begins in the folder of this file", example="/etc/postfax/policy/"),
]
ReadableFile = Annotated[
    Path,
    AfterValidator(_readable_file),
    Form(words="a file that can be read, or credential:NAME (systemd)", example="/etc/postfax/secret"),
]
BookUrl = Annotated[
    str,
    BeforeValidator(_book_url),
    Form(
        words="sqlite: and a path, or a database of PostgreSQL",
        pattern="sqlite:[^?#]+|postgres(ql)?://[^#]+",
    ),
]
DocumentsUrl = Annotated[
    str, BeforeValidator(_documents_url), Form(words="file: and a folder", pattern="file:[^?#]+")
]
