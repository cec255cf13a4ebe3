"""Where the service puts what it works on: one folder a process, gone with it.

What a process left behind because it was killed is removed when the next one starts: it holds parts of mails
and documents.
"""

import shutil
from pathlib import Path

from sandbox.temporary_folder import remove_abandoned
from store.owner import is_gone, this_process


def make_work_folder(base: Path) -> Path:
    """Make this process's folder under `base`, and remove those of processes that are gone.

    Raises:
        OSError: `base` cannot be written.
    """
    remove_abandoned()
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in base.iterdir():
        if is_gone(_owner(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    folder = base / this_process().replace("/", "@")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _owner(name: str) -> str:
    return name.replace("@", "/")
