"""Reasons that several modules give: each the end of the sentence “NAME cannot be faxed: …”."""


def too_many(count: int, most: int, *, exact: bool = True) -> str:
    """That there are more pages than may be."""
    return f"it has {count if exact else f'more than {most}'} pages; {most} are allowed"


def too_slow(seconds: float) -> str:
    """That the time was used up."""
    return f"it takes longer than {seconds:g} seconds to convert"
