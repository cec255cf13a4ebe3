"""Delivery into a folder of this host, or into one that another host shares and that is mounted here.

Each file gets a temporary name in its folder, is flushed, and renamed when it is complete, as with SFTP
(`archive.sftp`). The folder itself is never made: where a file system is not mounted, its empty mount point
would be filled instead. What is mounted may also stand still for ever, and nothing wakes whoever waits for
it: each copy has a thread of its own, and while one waits too long no other is begun for the same folder.
"""

import asyncio
import contextlib
import errno
import os
import stat
import threading
from pathlib import Path

import structlog

from archive.filing import ArchiveFile, temporary_name
from archive.trouble import ArchiveTemporary
from config.archive import FolderTarget

_ALL_SECONDS = 600.0
_RIGHTS = {"owner": (0o700, 0o600), "group": (0o750, 0o640)}
"""Of folders and files, by who may read them."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}

_standing: dict[Path, threading.Thread] = {}
"""Who waits for a folder that stands still."""
_log = structlog.get_logger(__name__)


class FolderArchive:
    """A folder that keeps copies."""

    def __init__(self, target: FolderTarget) -> None:
        self._path = target.path
        self._folder_rights, self._file_rights = _RIGHTS[target.readable_by]

    async def put(self, copy_id: str, files: tuple[ArchiveFile, ...]) -> str:
        """Write the files in their order and return the path of the first.

        Raises:
            ArchiveTemporary: that is not possible now.
        """
        waiting = _standing.get(self._path)
        if waiting and waiting.is_alive():
            raise self._silent("an earlier copy still waits for it")
        written = asyncio.get_running_loop().create_future()
        thread = threading.Thread(target=self._write_all, args=(written, copy_id, files), daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(_ALL_SECONDS):
                await written
        except TimeoutError:
            _standing[self._path] = thread
            raise self._silent(f"{_ALL_SECONDS:.0f} s") from None
        except OSError as trouble:
            raise self._judged(trouble) from trouble
        place = str(self._path / files[0].path)
        _log.info("copy_written", copy=copy_id, place=place)
        return place

    def _write_all(
        self, written: "asyncio.Future[None]", copy_id: str, files: tuple[ArchiveFile, ...]
    ) -> None:
        """Write all files; what came of it is told in the event loop, if that still waits."""
        trouble: OSError | None = None
        try:
            self._path.stat()
            for file in files:
                self._write(copy_id, file)
        except OSError as problem:
            trouble = problem
        with contextlib.suppress(RuntimeError):  # the loop has ended
            written.get_loop().call_soon_threadsafe(_tell, written, trouble)

    def _write(self, copy_id: str, file: ArchiveFile) -> None:
        path = self._path / file.path
        self._make(path.parent)
        partial = path.with_name(temporary_name(path.name, copy_id))
        try:
            _fill(partial, file.octets, self._file_rights)
            partial.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise
        _flush(path.parent)

    def _make(self, folder: Path) -> None:
        """Make what is missing between the archive and a folder in it."""
        missing = [one for one in (folder, *folder.parents) if self._path in one.parents and not one.exists()]
        for one in reversed(missing):
            one.mkdir(exist_ok=True)
            one.chmod(self._folder_rights | one.stat().st_mode & stat.S_ISGID)
            _flush(one.parent)

    def _silent(self, cause: str) -> ArchiveTemporary:
        return ArchiveTemporary(f"{self._path} did not answer in time; is its server there?", cause)

    def _judged(self, trouble: OSError) -> ArchiveTemporary:
        cause = f"{type(trouble).__name__}: {trouble}"
        if trouble.errno in _FULL:
            return ArchiveTemporary(f"{self._path} is full.", cause)
        if trouble.errno in _NOT_ALLOWED:
            return ArchiveTemporary(
                f"{self._path} may not be written by the service: give its user the right, and name the "
                "folder under ReadWritePaths of its systemd unit.",
                cause,
            )
        if trouble.errno == errno.ENOENT:
            return ArchiveTemporary(f"{self._path} is not there: make it, or mount it.", cause)
        return ArchiveTemporary(f"{self._path} did not take the file.", cause)


def _tell(written: "asyncio.Future[None]", trouble: OSError | None) -> None:
    if written.done():
        return
    if trouble:
        written.set_exception(trouble)
    else:
        written.set_result(None)


def _fill(path: Path, octets: bytes, rights: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(octets)
        file.flush()
        os.fchmod(file.fileno(), rights)
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
