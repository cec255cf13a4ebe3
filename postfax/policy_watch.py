"""Notices that the files of the policy have changed, however they are replaced.

inotify tells at once of what happens to the files and within their folder. It tells nothing where the folder
as a whole is swapped by a rename or through a symbolic link, as Kubernetes and deployments by git do it, nor
on network file systems, and there may be no watches left. So the files are looked at every two seconds as
well, and what counts is always what they look like: names, inodes, times and sizes.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import structlog
from watchfiles import awatch

from config.mistakes import ConfigError
from config.policy import policy_files

LOOK_SECONDS = 2.0
"""Between two looks where nothing is told."""
SETTLED_SECONDS = 0.3
"""Files that have looked the same for so long are complete."""
_LOOKS_UNTIL_SETTLED = 20
"""Who never stops writing is read all the same."""

_Looks = tuple[tuple[str, int, int, int], ...] | str
log = structlog.get_logger()


async def policy_changes(path: Path) -> AsyncGenerator[None]:
    """One step for each time that the policy's files have changed and come to rest.

    The first step comes at once: whoever read the files before may have read others.
    """
    seen = await asyncio.to_thread(_looks_of, path)
    yield
    async with aclosing(_occasions(path)) as occasions:
        async for _ in occasions:
            looks = await asyncio.to_thread(_looks_of, path)
            if looks != seen:
                seen = await _settled(path, looks)
                yield


async def _settled(path: Path, looks: _Looks) -> _Looks:
    for _ in range(_LOOKS_UNTIL_SETTLED):
        await asyncio.sleep(SETTLED_SECONDS)
        before, looks = looks, await asyncio.to_thread(_looks_of, path)
        if looks == before:
            break
    return looks


async def _occasions(path: Path) -> AsyncGenerator[None]:
    """Times to look: something was told, or nothing for a while."""
    told_of_trouble = False
    while True:
        try:
            async with aclosing(_told(path)) as told:
                async for _ in told:
                    told_of_trouble = False
                    yield
        except Exception as problem:  # noqa: BLE001 - whatever keeps it from telling, there is another way
            if not told_of_trouble:
                log.warning("policy_not_watched", cause=str(problem), looked_at_every=LOOK_SECONDS)
            told_of_trouble = True
            await asyncio.sleep(LOOK_SECONDS)
            yield


async def _told(path: Path) -> AsyncGenerator[None]:
    """What inotify tells of the file or folder that is at this path, until another one is there."""
    watched = await asyncio.to_thread(_identity, path)
    events = awatch(
        path,
        watch_filter=None,
        step=100,
        rust_timeout=int(LOOK_SECONDS * 1000),
        yield_on_timeout=True,
        recursive=False,
    )
    async with aclosing(events):
        async for _ in events:
            yield
            if await asyncio.to_thread(_identity, path) != watched:
                return


def _looks_of(path: Path) -> _Looks:
    try:
        stats = [(file.name, file.stat()) for file in policy_files(path)]
    except (OSError, ConfigError) as problem:
        return str(problem)
    return tuple((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _identity(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino
