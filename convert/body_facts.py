"""What the pages say that carry a mail's body when the fax has no cover page.

Like `convert.cover_facts`: plain fields, a JSON file on the way to the task, empty texts leave no hole.
"""

from dataclasses import asdict, dataclass
from typing import Any, Self

from config.fax import Paper


@dataclass(frozen=True, kw_only=True, slots=True)
class BodyFacts:
    """A mail's body and the small heading above it."""

    paper: Paper
    subject: str = ""
    sender: str = ""
    """The name and address of the sender, as people read them."""
    recipient: str = ""
    """The name or the number of the recipient."""
    date: str = ""
    """With time and zone."""
    body_text: str = ""
    """The mail's text; `convert.message` says which of the two is printed."""
    body_html: str = ""
    """The mail's HTML as received; never trusted."""

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
        return cls(**{**value, "paper": Paper(value["paper"])})
