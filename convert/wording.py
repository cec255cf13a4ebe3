"""Reasons that several modules give: each the end of the sentence “NAME cannot be faxed: …”."""

from collections.abc import Sequence

from config.size_text import size_text

BLANK = "nothing of it can be seen on a fax: every page would be blank"
"""Why a document is refused that has nothing to show; ends “NAME cannot be faxed: …”."""


def too_many(count: int, most: int, *, exact: bool = True) -> str:
    """That there are more pages than may be."""
    return f"it has {count if exact else f'more than {most}'} pages; {most} are allowed"


def too_slow(seconds: float) -> str:
    """That the time was used up."""
    return f"it takes longer than {seconds:g} seconds to convert"


def not_allowed(words: str, kind: str, allowed: Sequence[str]) -> str:
    """That a document is of a type that its sender may not fax."""
    return (
        f"its type is {words} ({kind}), and your policy allows only {', '.join(allowed) or 'no type at all'}"
    )


def too_large(words: str, size: int, most: int) -> str:
    """That a document has more octets than its sender may fax."""
    return f"it has {size_text(size)}, and your policy allows {size_text(most)} for this type ({words})"
