"""What the two sides of an own cover template's task call its files. Loads nothing."""

from pathlib import Path

from convert.formats import Kind

PICTURES = "beside"
"""The folder within the task's that has the pictures from beside the template."""
TEMPLATE = "template"
_KINDS = {".html": Kind.HTML, ".htm": Kind.HTML, ".docx": Kind.DOCX, ".odt": Kind.ODT}


def template_name(file: Path) -> str:
    """The name of a template within its task's folder; the ending says which of three kinds it is."""
    ending = file.suffix.lower()
    return f"{TEMPLATE}{'.html' if ending == '.htm' else ending}"


def template_kind(name: str) -> Kind:
    """Which kind of document it is.

    Raises:
        KeyError: It is none that templates can be.
    """
    return _KINDS[Path(name).suffix.lower()]
