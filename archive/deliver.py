"""One copy, the whole way: named, described, and delivered by the method that its archive names.

A new method is a settings model in `config.archive`, a module here, and a line in `_METHODS`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.facts import FaxFacts
from archive.filing import ArchiveFile, files_of
from archive.folder import FolderArchive
from archive.ftps import FtpsArchive
from archive.mail import SendMail, put_by_mail
from archive.naming import PatternMistake
from archive.sftp import SftpArchive
from archive.trouble import ArchivePermanent, ArchiveTemporary
from config.archive import EmailTarget, FolderTarget, FtpsTarget, SftpTarget
from store.outbox import Copy
from store.page_word import PageWord


async def deliver(
    copy: Copy,
    facts: FaxFacts,
    document: Path | None,
    *,
    words: Sequence[Sequence[PageWord]] = (),
    sender: str,
    send_mail: SendMail,
) -> str:
    """Deliver a copy and return its place: a path, here or on the server, or an address.

    `document` is the fax as a TIFF, or None for a fax that never had one; `words` is what stands on its
    pages, if that is known. A copy by mail has `sender` as its From address and is handed to `send_mail`.

    Raises:
        ArchiveTemporary: try again later.
        ArchivePermanent: trying again is of no use; somebody must be told.
        Exception: what `send_mail` raises, unchanged.
    """
    return await _delivered(
        _Delivery(
            copy=copy,
            facts=facts,
            files=await asyncio.to_thread(_files, copy, facts, document, words),
            sender=sender,
            send_mail=send_mail,
        )
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Delivery:
    copy: Copy
    facts: FaxFacts
    files: tuple[ArchiveFile, ...]
    sender: str
    send_mail: SendMail


async def _by_email(target: EmailTarget, delivery: _Delivery) -> str:
    return await put_by_mail(
        target,
        delivery.copy,
        delivery.facts,
        delivery.files,
        sender=delivery.sender,
        send_mail=delivery.send_mail,
    )


async def _by_sftp(target: SftpTarget, delivery: _Delivery) -> str:
    return await SftpArchive(target).put(delivery.copy.id, delivery.files)


async def _by_ftps(target: FtpsTarget, delivery: _Delivery) -> str:
    return await FtpsArchive(target).put(delivery.copy.id, delivery.files)


async def _by_folder(target: FolderTarget, delivery: _Delivery) -> str:
    return await FolderArchive(target).put(delivery.copy.id, delivery.files)


_METHODS: dict[str, Callable[[Any, _Delivery], Awaitable[str]]] = {
    "email": _by_email,
    "sftp": _by_sftp,
    "ftps": _by_ftps,
    "folder": _by_folder,
}
"""By the name of the setting that holds the method's target."""


async def _delivered(delivery: _Delivery) -> str:
    archive = delivery.copy.archive
    targets = {name: target for name in _METHODS if (target := getattr(archive, name))}
    if len(targets) != 1:
        raise ArchivePermanent(
            f"An archive has one delivery method, {' or '.join(_METHODS)}; this one has {len(targets)}.",
            f"{delivery.copy.id}: {', '.join(targets) or 'none'}",
        )
    [(name, target)] = targets.items()
    return await _METHODS[name](target, delivery)


def _files(
    copy: Copy, facts: FaxFacts, document: Path | None, words: Sequence[Sequence[PageWord]]
) -> tuple[ArchiveFile, ...]:
    try:
        return files_of(facts, document, copy.archive, words)
    except PatternMistake as mistake:
        raise ArchivePermanent(f"archive.file_name cannot be used. {mistake}", repr(mistake)) from mistake
    except OSError as trouble:
        raise ArchiveTemporary("The fax's document cannot be read.", str(trouble)) from trouble
