"""Which mails may be faxed as far as the number and the size of their attachments say.

What type an attachment has is decided by its bytes, and so where it is opened: conversion holds the allowed
types and the sizes of each type.
"""

from collections.abc import Iterator, Sequence

from config.attachments import AttachmentSettings
from config.size_text import size_text
from store.job import Refusal
from store.mail import MailContent, MailPart
from store.status import Status

_NAMED = 3
"""Attachments that are named where several are too large."""


def refuse_attachments(content: MailContent, settings: AttachmentSettings) -> Refusal | None:
    """Why this mail cannot be faxed, or None.

    Args:
        content: The mail taken apart; what was inside forwarded mails counts like the rest.
        settings: The sender's.
    """
    return _refuse_number(content.attachments, settings.most) or _refuse_sizes(content.attachments, settings)


def _refuse_number(attachments: Sequence[MailPart], most: int) -> Refusal | None:
    if len(attachments) <= most:
        return None
    return _refused(
        f"The mail has {len(attachments)} attachments, those inside forwarded mails included, and your "
        f"policy allows {most}.",
        "Nothing was faxed. Send the attachments in several mails.",
    )


def _refuse_sizes(attachments: Sequence[MailPart], settings: AttachmentSettings) -> Refusal | None:
    """What no type may have; a type with a size of its own is measured once it is known."""
    most = max(settings.largest, *settings.largest_of.values(), 0)
    too_large = list(_named(attachments, most))
    if not too_large:
        return None
    return _refused(
        f"{_enumerated(too_large)} larger than the {size_text(most)} that your policy allows.",
        "Nothing was faxed. Send a smaller version of the document, or parts of it in several mails.",
    )


def _named(attachments: Sequence[MailPart], most: int) -> Iterator[str]:
    return (f'"{part.name}" ({size_text(part.size)})' for part in attachments if part.size > most)


def _enumerated(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    shown = [*names[:_NAMED], f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [*names]
    return f"{', '.join(shown[:-1])} and {shown[-1]} are"


def _refused(explanation: str, advice: str) -> Refusal:
    return Refusal(status=Status.INVALID_ATTACHMENT, explanation=explanation, advice=advice)
