"""The values of the tokens of one cover, fit to stand on a page.

Pure. What people wrote is made printable here (`convert.page_text`); templates escape it when they print it.
"""

from typing import Any

from markupsafe import Markup

from convert.cover_facts import CoverFacts
from convert.cover_tokens import spelling
from convert.page_text import east_asian_language, printable_values

_LONGEST_HEAD = 70
"""Characters of the running head on further pages; all of it stands on the first page."""
_WITH_LINES = frozenset({"address", "body_text"})


class Group(dict[str, Any]):
    """Tokens under one name, `recipient.…`; knows its own name, so that a mistake can be told."""

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.group = name


class CustomFields(Group):
    """The custom fields: a user who has not got one has nothing to say there, which is no mistake."""

    def __missing__(self, name: str) -> str:
        wanted = spelling(str(name))
        return next((value for known, value in self.items() if spelling(known) == wanted), "")


def printed_facts(facts: CoverFacts) -> CoverFacts:
    """The facts with all their texts printable."""
    return CoverFacts.from_json(
        printable_values({**facts.to_json(), "body_html": ""}, with_lines=_WITH_LINES)
    )


def token_values(facts: CoverFacts, message: Markup | str) -> dict[str, Any]:
    """The tokens' values, without those that only the layout can tell (`page_values`).

    Args:
        facts: As they are, not made printable yet.
        message: The mail's text, as the template's format has it.
    """
    printed = printed_facts(facts)
    values = printed.to_json()
    custom = CustomFields("custom", values.pop("custom_fields"))
    body_text = values["body_text"] or (message.striptags() if isinstance(message, Markup) else message)
    del values["template"], values["own_file"], values["body_html"]
    return {
        **values,
        "recipient": Group("recipient", values["recipient"]),
        "sender": Group("sender", values["sender"]),
        "paper": str(printed.paper),
        "custom": custom,
        "custom_fields": custom,
        "fields": Group("fields", {}),
        "message": message,
        "body_text": body_text,
        "date_time": " ".join(part for part in (printed.date, printed.time, printed.zone) if part),
        "running_head": running_head(printed),
        "language": east_asian_language(f"{values} {message}") or "",
        "end_of_message": "",
    }


def page_values(facts: CoverFacts, own_pages: int) -> dict[str, int]:
    """The tokens that depend on how many pages the cover itself has."""
    return {"own_pages": own_pages, "pages_total": own_pages + facts.pages_following}


def running_head(facts: CoverFacts) -> str:
    """Whom the fax is for and what about, for the top of further pages."""
    recipient = facts.recipient.name or facts.recipient.company or facts.recipient.number
    head = f"Fax to {recipient}: {facts.subject}" if facts.subject else f"Fax to {recipient}"
    return head if len(head) <= _LONGEST_HEAD else head[: _LONGEST_HEAD - 1].rstrip() + "…"
