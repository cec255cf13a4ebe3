"""Whether a mail has body text: something that a person would see."""

import html
import re

from store.mail import MailContent

# Each alternative runs to the end of the document where it is not closed, so that one pass is all it takes.
_HIDDEN = re.compile(
    r"""<!--.*?(?:-->|\Z)                                                   # comments
    |   <(?P<unseen>script|style|title)\b.*?(?:</(?P=unseen)[^>]*>?|\Z)     # what is no text
    |   <[a-z/?!][^>]*(?:>|\Z)                                              # tags""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def has_body_text(content: MailContent) -> bool:
    """Whether there is a visible character in the plain text or in the HTML."""
    return _visible(content.text) or _visible(html.unescape(_HIDDEN.sub(" ", content.html)))


def _visible(text: str) -> bool:
    # Spaces of every kind and zero-width characters are not printable to Python, but for the space itself.
    return any(character.isprintable() and character != " " for character in text)
