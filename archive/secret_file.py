"""What a file of the policy holds that a server wants to know: read anew for every delivery."""

from pathlib import Path

from archive.trouble import ArchiveTemporary


def password_in(setting: str, path: Path) -> str:
    """The password on the first line of a file.

    Raises:
        ArchiveTemporary: the file cannot be read; `setting` is named.
    """
    try:
        return path.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
    except (ValueError, OSError) as trouble:
        raise unreadable(setting, path, trouble) from trouble


def unreadable(setting: str, path: Path, trouble: Exception) -> ArchiveTemporary:
    """What is told of a file that cannot be read."""
    return ArchiveTemporary(f"{path} ({setting}) cannot be read.", f"{type(trouble).__name__}: {trouble}")
