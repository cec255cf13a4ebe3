"""The files of an own cover template, read by us and put into the task's folder before the task is confined.

The template itself may lie anywhere (the policy names it); pictures have to lie in its folder or below, and
no link leads out of it. Every file is a plain one of limited size.
"""

import os
import re
import stat
from pathlib import Path
from urllib.parse import unquote

from convert.cover_names import PICTURES, template_name

_LARGEST_HTML = 4 << 20
_LARGEST_DOCUMENT = 20 << 20
_LARGEST_PICTURE = 5 << 20
_LARGEST_PICTURES = 20 << 20
_MOST_PICTURES = 20
_PICTURE = re.compile(
    rb"""["'(=]\s*([^"'()<>\s][^"'()<>\r\n]{0,200}?\.(?:png|jpe?g|gif|webp|svg))\s*["')>\s]""", re.IGNORECASE
)


class TemplateUnusable(Exception):  # noqa: N818 - named as what happened
    """A template's file that cannot be used; the text says why, for the administrator."""


def hand_over_template(own_file: str, folder: Path) -> str:
    """Copy a template and the pictures that it names into a task's folder.

    Returns:
        The name of the template there.

    Raises:
        TemplateUnusable: It is not there, no plain file, or too large.
        OSError: The folder cannot be written.
    """
    template = Path(own_file)
    name = template_name(template)
    is_html = name.endswith(".html")
    octets = read_template(template)
    (folder / name).write_bytes(octets)
    if is_html:
        (folder / PICTURES).mkdir()
        _hand_over_pictures(template.resolve().parent, octets, folder / PICTURES)
    return name


def read_template(template: Path) -> bytes:
    """A template's file.

    Raises:
        TemplateUnusable: It is not there, no plain file, or too large.
    """
    is_html = template_name(template).endswith(".html")
    return _read(template, _LARGEST_HTML if is_html else _LARGEST_DOCUMENT)


def _hand_over_pictures(beside: Path, html: bytes, target: Path) -> None:
    """A picture that cannot be used stays away; the template's task then names it."""
    left = _LARGEST_PICTURES
    names = dict.fromkeys(unquote(found.decode(errors="replace")) for found in _PICTURE.findall(html))
    for name in list(names)[:_MOST_PICTURES]:
        try:
            octets = _read(_inside(beside, name), min(_LARGEST_PICTURE, left))
        except (TemplateUnusable, OSError, ValueError, RuntimeError):
            continue
        left -= len(octets)
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(octets)


def _inside(beside: Path, name: str) -> Path:
    """The file of that name, whose every link has been followed, in the template's folder or below."""
    picture = (beside / name).resolve()
    named_inside = ".." not in Path(name).parts and not Path(name).is_absolute() and ":" not in name
    if not named_inside or not picture.is_relative_to(beside):
        raise TemplateUnusable("it is not beside the template")
    return picture


def _read(path: Path, most: int) -> bytes:
    """A plain file, without waiting for whatever else it may be."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        why = (
            "is not there"
            if isinstance(problem, FileNotFoundError)
            else f"cannot be read: {problem.strerror}"
        )
        raise TemplateUnusable(f"the file {why}") from problem
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise TemplateUnusable("it is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as opened:
            octets = opened.read(most + 1)
    finally:
        os.close(handle)
    if len(octets) > most:
        raise TemplateUnusable(f"the file is larger than {most >> 20} MB")
    return octets
