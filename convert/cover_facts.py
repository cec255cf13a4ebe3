"""Everything that a cover page may say, as plain fields: the tokens of a cover template.

The facts travel to the task that draws the page (`convert.cover_task`) as JSON. Texts are as people read
them: numbers grouped, times in the sender's zone and format. An empty text means that there is nothing to
say, and the page leaves no hole for it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from config.fax import Paper


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverRecipient:
    """Whom the fax is for."""

    number: str
    name: str = ""
    company: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverSender:
    """Who sends the fax, and how to reach them."""

    name: str = ""
    company: str = ""
    department: str = ""
    title: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""
    address: str = ""
    """May have several lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverFacts:
    """What one cover page says."""

    template: str
    """The template's name: one of `convert.templates.cover_templates()`, or what an own one is called."""
    paper: Paper
    recipient: CoverRecipient
    sender: CoverSender = CoverSender()
    subject: str = ""
    """As it is faxed: without the directives that stood in it."""
    original_subject: str = ""
    body_text: str = ""
    """The mail's text; it becomes the message. Used before `body_html`."""
    body_html: str = ""
    """The mail's HTML as received, for a mail that has no text; never trusted."""
    date: str = ""
    time: str = ""
    zone: str = ""
    """The time zone's abbreviation."""
    pages_following: int = 0
    """Pages after the cover. The total is this and the cover's own pages, which drawing alone can count."""
    job_id: str = ""
    reference: str = ""
    billing: str = ""
    """A token for templates; the built-in ones keep it to the sender's own records."""
    custom_fields: dict[str, str] = field(default_factory=dict)
    """Tokens for templates, like `billing`."""
    own_file: str = ""
    """The path of an own template's file (HTML, Word or OpenDocument); empty for a built-in template.
    If no page can be made of it, the built-in `default` takes its place: `ConvertedFax.cover_trouble`."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The facts that `to_json` gave.

        Raises:
            TypeError: A field is missing or unknown.
            ValueError: The paper is unknown.
        """
        nested = {
            "paper": Paper(value["paper"]),
            "recipient": CoverRecipient(**value["recipient"]),
            "sender": CoverSender(**value["sender"]),
        }
        return cls(**{**value, **nested})
