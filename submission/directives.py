"""What a sender asks for in `X-Fax-…` header fields.

An unknown field fails the submission: a directive that is passed over in silence is a fax that is not what
its sender wanted.
"""

from dataclasses import dataclass
from enum import StrEnum

from store.job import Refusal
from store.status import Status


class CoverWish(StrEnum):
    """Whether the sender asks for a cover page."""

    UNSAID = "unsaid"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Directives:
    """What the sender of a mail asks for."""

    cover: CoverWish = CoverWish.UNSAID
    template: str = ""
    """The template that is asked for by name; empty for the assigned one."""
    to: str = ""
    """The recipient's name."""
    company: str = ""
    """The recipient's company."""
    reference: str = ""
    billing: str = ""


KNOWN = ("X-Fax-Cover", "X-Fax-To", "X-Fax-Company", "X-Fax-Reference", "X-Fax-Billing")
_NO_COVER = frozenset({"none", "off", "no"})


def read_directives(fields: dict[str, str]) -> Directives | Refusal:
    """The directives of a mail, or the refusal that names the fields which are not understood.

    Args:
        fields: The `X-Fax-…` header fields by name in lower case.
    """
    known = {name.lower() for name in KNOWN}
    values = {name: " ".join(value.split()) for name, value in fields.items()}
    unknown = [f"'{name.title()}: {value}'" for name, value in values.items() if name not in known]
    if unknown:
        return refuse_directive(
            f"{' and '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not understood.",
            f"Known are {', '.join(KNOWN)}. Take the other away and send the mail again.",
        )
    cover = values.get("x-fax-cover")
    if cover == "":
        return refuse_directive(
            "X-Fax-Cover is empty.", "Write yes, none or the name of a cover page, or take it away."
        )
    wish, template = _cover(cover)
    return Directives(
        cover=wish,
        template=template,
        to=values.get("x-fax-to", ""),
        company=values.get("x-fax-company", ""),
        reference=values.get("x-fax-reference", ""),
        billing=values.get("x-fax-billing", ""),
    )


def refuse_directive(explanation: str, advice: str) -> Refusal:
    """The refusal of a mail for what its sender asks for."""
    return Refusal(status=Status.GENERAL_ERROR, explanation=explanation, advice=advice)


def _cover(value: str | None) -> tuple[CoverWish, str]:
    if value is None:
        return CoverWish.UNSAID, ""
    if value.lower() in _NO_COVER:
        return CoverWish.NO, ""
    return CoverWish.YES, "" if value.lower() == "yes" else value.lower()
