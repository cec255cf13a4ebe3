"""The task that draws a cover page as a PDF. Runs confined (`sandbox`), in a folder of its own.

The total of pages on a cover includes the cover's own pages, which only its layout can count: a long message
flows on to further pages, and nothing is cut off.
"""

from pathlib import Path
from typing import Any

from convert.cover_facts import CoverFacts
from convert.cover_values import page_values, token_values
from convert.facts_file import handed_over
from convert.message import message_markup
from convert.page_templates import filled_in
from convert.templates import cover_template, cover_templates
from convert.typesetting import TypesetPages, style_sheet, typeset

_STYLE_SHEETS = {template.name: style_sheet(*template.style_sheets) for template in cover_templates()}


def cover_page(arguments: dict[str, Any]) -> dict[str, Any]:
    """Draw a cover into `cover.pdf` in the working folder.

    Args:
        arguments: What `facts_file.hand_over` made of `CoverFacts.to_json()`.

    Returns:
        The file's name as `pdf`, and the number of its pages as `pages`.

    Raises:
        Refused: The message cannot be laid out.
        KeyError: There is no template of that name.
    """
    cover = draw_cover(CoverFacts.from_json(handed_over(arguments)))
    Path("cover.pdf").write_bytes(cover.pdf)
    return {"pdf": "cover.pdf", "pages": cover.pages}


def draw_cover(facts: CoverFacts) -> TypesetPages:
    """The pages of a cover.

    Raises:
        Refused: The message cannot be laid out.
        KeyError: There is no template of that name.
    """
    template = cover_template(facts.template)
    message = message_markup(text=facts.body_text, html=facts.body_html)
    values = token_values(facts, message)

    def compose(own_pages: int) -> str:
        return filled_in(template.file, {**values, **page_values(facts, own_pages)})

    return typeset(compose, _STYLE_SHEETS[template.name], ours=True)
