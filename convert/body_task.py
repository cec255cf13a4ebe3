"""The task that draws a mail's body as pages of a PDF. Runs confined (`sandbox`), in a folder of its own."""

from pathlib import Path
from typing import Any

from convert.body_facts import BodyFacts
from convert.facts_file import handed_over
from convert.message import message_markup
from convert.page_templates import filled_in
from convert.page_text import east_asian_language, printable_values
from convert.typesetting import TypesetPages, style_sheet, typeset

_STYLE_SHEET = style_sheet("page.css", "body.css")
_LONGEST_HEAD = 70
"""Characters of the running head on further pages; all of it stands on the first page."""


def body_pages(arguments: dict[str, Any]) -> dict[str, Any]:
    """Draw a mail's body into `body.pdf` in the working folder.

    Args:
        arguments: What `facts_file.hand_over` made of `BodyFacts.to_json()`.

    Returns:
        The file's name as `pdf`, and the number of its pages as `pages`.

    Raises:
        Refused: The body cannot be laid out.
    """
    body = draw_body(BodyFacts.from_json(handed_over(arguments)))
    Path("body.pdf").write_bytes(body.pdf)
    return {"pdf": "body.pdf", "pages": body.pages}


def draw_body(facts: BodyFacts) -> TypesetPages:
    """The pages of a mail's body.

    Raises:
        Refused: The body cannot be laid out.
    """
    message = message_markup(text=facts.body_text, html=facts.body_html)
    tokens = printable_values({**facts.to_json(), "body_text": "", "body_html": ""})
    head = tokens["subject"] or f"From {tokens['sender']}"
    tokens |= {
        "message": message,
        "running_head": head if len(head) <= _LONGEST_HEAD else head[: _LONGEST_HEAD - 1].rstrip() + "…",
        "language": east_asian_language(f"{tokens} {message}"),
    }
    return typeset(
        lambda pages: filled_in("body.html", {**tokens, "own_pages": pages}), _STYLE_SHEET, ours=True
    )
