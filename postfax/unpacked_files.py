"""Mails and `winmail.dat` among a person's files, taken apart as when they come with a mail.

The file is attached to a mail of our own making, and that is taken apart as any other (`mta.mime`), in a
confined process. Blocks, and forks: the program must have one thread.
"""

import re
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path

from convert.request import Source
from postfax.failures import Failure
from sandbox.failures import TaskFailed, TaskRefused
from sandbox.once import OnceTask, run_together

_HEAD = 16_384
_TNEF = b"\x78\x9f\x3e\x22"
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIELD = re.compile(rb"\s*(?:>?From [^\n]*\n)?[!-9;-~]+[ \t]*:")
# A memo may open with From: and Date: too; only a mail has fields that programs write.
_MAIL_FIELD = re.compile(
    rb"^(?:received|return-path|message-id|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)
_MESSAGE = "message/rfc822"
_MAIL = "mail"


def unpacked(files: Sequence[Path], folder: Path) -> list[Source]:
    """The files, and in place of mails what they hold, written to `folder`.

    Raises:
        Failure: A mail cannot be taken apart.
        OSError: A file cannot be read or written.
    """
    sources: list[Source] = []
    for number, file in enumerate(files):
        if _holds_others(file):
            inside = folder / f"unpacked-{number}"
            inside.mkdir()
            sources.extend(_inside(file, inside))
        else:
            sources.append(Source(name=file.name, path=file))
    return sources


def _holds_others(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_COMPOUND_FILE):  # Word's old documents are such files too
        return path.suffix.lower() == ".msg"
    return head.startswith(_TNEF) or bool(_FIELD.match(head) and _MAIL_FIELD.search(head))


def _inside(file: Path, folder: Path) -> Iterator[Source]:
    from mta.mime.take_apart import LIMITS
    from mta.mime.task import take_apart  # noqa: F401 - before it is forked

    (folder / _MAIL).write_bytes(_enclosed(file))
    task = OnceTask(task="mta.mime.task:take_apart", arguments={"mail": _MAIL}, folder=folder, limits=LIMITS)
    (told,) = run_together([task])
    match told:
        case TaskRefused():
            raise Failure(str(told))
        case TaskFailed():
            raise Failure(f"{file.name} cannot be faxed: it cannot be taken apart ({told.detail}).")
    if body := told["html"] or told["text"]:
        (folder / "body").write_text(body, encoding="utf-8")
        yield Source(name=file.name, path=folder / "body", message=True)
    for part in told["attachments"]:
        yield Source(
            name=part["name"],
            path=folder / Path(part["path"]).name,
            message=part["media_type"] == _MESSAGE,
        )


def _enclosed(file: Path) -> bytes:
    octets = file.read_bytes()
    kind = "ms-tnef" if octets.startswith(_TNEF) else "octet-stream"
    mail = EmailMessage()
    mail["Subject"] = file.name
    mail.add_attachment(octets, maintype="application", subtype=kind, filename=file.name)
    return mail.as_bytes()
