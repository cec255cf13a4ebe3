"""The kinds of values that name files and folders of this host; as in `config.values`."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from config.credentials import PREFIX, NoCredential, credential_file
from config.forms import Form
from config.values import beside, expected


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
    return _local_url(value, info, "sqlite", "sqlite: and a path, such as sqlite:/var/lib/postfax/book.db")


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
    str, BeforeValidator(_book_url), Form(words="sqlite: and a path", pattern="sqlite:[^?#]+")
]
DocumentsUrl = Annotated[
    str, BeforeValidator(_documents_url), Form(words="file: and a folder", pattern="file:[^?#]+")
]
