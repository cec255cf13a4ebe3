"""A stored mail taken apart: subject, text, attachments. `mta.mime.task` does it, in the sandbox."""

import asyncio
import re
from pathlib import Path

import structlog

from sandbox import FailureKind, Limits, Nursery, TaskFailed, TaskRefused
from store.mail import MailContent, MailPart

LIMITS = Limits(seconds=60, cpu_seconds=30, memory=1 << 30, file_size=1 << 28)

_ADVICE = re.compile(r"(?<=\. )(?:Send|Attach) (?:[^.]|\.(?! ))*\.\Z")
_MAIL_FILE = "mail.eml"
_TOO_COSTLY = {FailureKind.TIME, FailureKind.MEMORY}

log = structlog.get_logger()


class MailNotReadable(Exception):  # noqa: N818 - named as what is wrong
    """The mail cannot be taken apart, now or later; the text is for its sender, in one or more sentences."""

    @property
    def explanation(self) -> str:
        """What is wrong."""
        return str(self).removesuffix(self.advice).rstrip()

    @property
    def advice(self) -> str:
        """What to do next, where that is said: the last sentence."""
        found = _ADVICE.search(str(self))
        return found[0] if found else ""


async def take_apart(nursery: Nursery, mail: bytes, folder: Path) -> MailContent:
    """Take a mail apart.

    Args:
        nursery: one that has `mta.mime.task` loaded.
        mail: the message as it was received.
        folder: an empty folder for the attachments' octets; the caller removes it.

    Returns:
        The content; the paths of its attachments are absolute.

    Raises:
        MailNotReadable: the mail is encrypted, too complicated, or the like.
        TaskFailed: a fault of ours or of the host; trying again may help.
    """
    await asyncio.to_thread((folder / _MAIL_FILE).write_bytes, mail)
    try:
        told = await nursery.run(
            "mta.mime.task:take_apart", {"mail": _MAIL_FILE}, folder=folder, limits=LIMITS
        )
    except TaskRefused as refused:
        raise MailNotReadable(str(refused)) from refused
    except TaskFailed as failed:
        if failed.kind not in _TOO_COSTLY:
            raise
        log.warning("mail_too_costly", kind=failed.kind.value, detail=failed.detail)
        raise MailNotReadable("This mail is too large or too complicated to be read.") from failed
    if left_out := told.pop("left_out"):
        log.info("mail_parts_left_out", parts=left_out)
    parts = [MailPart(**{**part, "path": str(folder / part["path"])}) for part in told.pop("attachments")]
    return MailContent(**{**told, "references": tuple(told["references"]), "attachments": tuple(parts)})
