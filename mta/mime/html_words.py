"""Whether there is anything to read in an HTML text: mail programs write empty ones around attachments."""

import re
from html import unescape

# What is never closed runs to the end, so that one pass is all it takes.
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<name>script|style|title)\b.*?(?:</(?P=name)\s*>|\Z)|<[^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_PICTURE = "data:image/"


def says_something(html: str) -> bool:
    """Whether it has a character to see, or a picture of its own."""
    if _PICTURE in html:
        return True
    # Spaces of every kind and zero-width characters are not printable to Python, but for the space itself.
    return any(character.isprintable() and character != " " for character in unescape(_UNSEEN.sub("", html)))
