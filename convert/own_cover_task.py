"""The tasks that make a cover of an own template. Run confined (`sandbox`), in a folder of its own.

HTML becomes fax pages at once. A Word or OpenDocument template is filled in here, and is LibreOffice's next.
Mistakes of the template are an answer, not a failure: {"mistakes": [fields of `TemplateMistake`, …]}.
"""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from convert.cover_facts import CoverFacts
from convert.cover_html import draw_html_cover, html_source
from convert.cover_language import TemplateFault
from convert.cover_office import fill_in, office_template
from convert.cover_package import outside_pictures
from convert.facts_file import handed_over
from convert.page_task import make_pages

_PDF = "cover.pdf"


def make_html_cover(arguments: dict[str, Any]) -> dict[str, Any]:
    """Make fax pages of a cover in HTML.

    Args:
        arguments: `facts` as `facts_file.hand_over` gives them, `template`: its name in the folder, and
            `pages`: the fields of a `PageTask` without its source.

    Returns:
        As `make_pages`, with the texts of `DrawnCover` and `says_message`; or `mistakes`.

    Raises:
        Refused: The message cannot be laid out.
    """
    tempfile.tempdir = str(Path.cwd())  # @font-face wants a folder, and a task writes in its own only
    try:
        source = html_source(Path(arguments["template"]).read_bytes())
        cover = draw_html_cover(source, _facts(arguments), Path())
    except TemplateFault as fault:
        return _mistakes(fault)
    Path(_PDF).write_bytes(cover.pdf)
    return {
        **make_pages({**arguments["pages"], "source": _PDF}),
        "refused": cover.refused,
        "complaints": cover.complaints,
        "says_message": cover.says_message,
        "custom_fields": cover.custom_fields,
    }


def fill_office_cover(arguments: dict[str, Any]) -> dict[str, Any]:
    """Fill in a cover in Word or OpenDocument.

    Args:
        arguments: `facts` and `template` as above, and `own_pages`: how many pages it is thought to have.

    Returns:
        The fields of a `FilledDocument`, and `refused` as above; or `mistakes`.

    Raises:
        Refused: The message cannot be laid out.
    """
    try:
        template = office_template(Path(arguments["template"]))
        filled = fill_in(template, _facts(arguments), own_pages=arguments["own_pages"], folder=Path())
        outside = outside_pictures(template.package)
    except TemplateFault as fault:
        return _mistakes(fault)
    told = [f"{address[:120]} is not in the document, and is not fetched" for address in outside]
    return {**asdict(filled), "refused": told, "complaints": []}


def _facts(arguments: dict[str, Any]) -> CoverFacts:
    return CoverFacts.from_json(handed_over(arguments["facts"]))


def _mistakes(fault: TemplateFault) -> dict[str, Any]:
    return {"mistakes": [asdict(mistake) for mistake in fault.mistakes]}
