"""The seven cover page modes: what a fax begins with, and when there is nothing to send.

The mode says when a cover page is made. A sender's wish for the contrary is followed where the mode leaves
the choice, and refused where it does not; it is never passed over. Body text is never dropped: it stands on
the cover page, or without one is the first page.
"""

from dataclasses import dataclass
from enum import StrEnum

from config.coverpage import CoverpageMode, CoverpageSettings
from store.job import Refusal
from store.status import Status
from submission.directives import CoverWish, Directives
from submission.written import refuse_directive

_WITHOUT = "Take it away and send the mail again."


class CoverReason(StrEnum):
    """Why there is a cover page, or none."""

    ALWAYS = "the mode makes one always"
    NEVER = "the mode makes none"
    ASKED = "the sender asked for one"
    NOT_ASKED = "the sender did not ask for one"
    DECLINED = "the sender asked for none"
    BODY_TEXT = "the mail has body text"
    NO_BODY_TEXT = "the mail has no body text"


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverDecision:
    """How a fax begins."""

    template: str
    """The cover page's template; empty for no cover page."""
    body_as_page: bool
    """Whether the body text is the first page."""
    reason: CoverReason


class _Trigger(StrEnum):
    """What makes a cover page."""

    ALWAYS = "always"
    NEVER = "never"
    WISH = "wish"
    BODY_TEXT = "body text"


_TRIGGERS = {
    CoverpageMode.AUTOMATIC: _Trigger.ALWAYS,
    CoverpageMode.AUTOMATIC_REQUIRES_ATTACHMENT: _Trigger.ALWAYS,
    CoverpageMode.NONE: _Trigger.NEVER,
    CoverpageMode.ON_DEMAND: _Trigger.WISH,
    CoverpageMode.ON_DEMAND_REQUIRES_ATTACHMENT: _Trigger.WISH,
    CoverpageMode.WITH_BODY_TEXT: _Trigger.BODY_TEXT,
    CoverpageMode.WITH_BODY_TEXT_REQUIRES_ATTACHMENT: _Trigger.BODY_TEXT,
}


def decide_cover(
    settings: CoverpageSettings, wish: Directives, *, body_text: bool, attachment: bool
) -> CoverDecision | Refusal:
    """How a fax begins, or why there is none.

    Args:
        settings: The sender's.
        wish: What the sender asks for.
        body_text: Whether the mail has any.
        attachment: Whether the mail has at least one.
    """
    if settings.mode.requires_attachment and not attachment:
        return _no_attachment("Your policy requires an attachment, and the mail has none.")
    refusal = _refuse_template(settings, wish) or _refuse_wish(settings, wish, body_text=body_text)
    if refusal:
        return refusal
    made, reason = _triggered(_TRIGGERS[settings.mode], wish.cover, body_text=body_text)
    if not made and not body_text and not attachment:
        return _no_attachment("The mail has neither text nor an attachment.")
    template = settings.template_named(wish.template or settings.template) if made else ""
    return CoverDecision(template=template or "", body_as_page=body_text and not made, reason=reason)


def _triggered(trigger: _Trigger, wish: CoverWish, *, body_text: bool) -> tuple[bool, CoverReason]:
    match trigger:
        case _Trigger.ALWAYS:
            return True, CoverReason.ALWAYS
        case _Trigger.NEVER:
            return False, CoverReason.NEVER
        case _Trigger.WISH if wish is CoverWish.YES:
            return True, CoverReason.ASKED
        case _Trigger.BODY_TEXT if body_text and wish is not CoverWish.NO:
            return True, CoverReason.BODY_TEXT
        case _ if wish is CoverWish.NO:
            return False, CoverReason.DECLINED
        case _:
            return False, CoverReason.NOT_ASKED if trigger is _Trigger.WISH else CoverReason.NO_BODY_TEXT


def _refuse_template(settings: CoverpageSettings, wish: Directives) -> Refusal | None:
    """A template that does not exist, or that this sender may not choose."""
    if not wish.template:
        return None
    named = settings.template_named(wish.template)
    if settings.restrict_to_assigned and named != settings.template_named(settings.template):
        return refuse_directive(
            f"'{wish.cover_quote}' asks for another cover page than '{settings.template}', and your policy "
            "allows no other.",
            f"{_WITHOUT} Or write yes.",
        )
    if named is None:
        return refuse_directive(
            f"'{wish.cover_quote}' asks for a cover page that does not exist.",
            f"Write yes, none, or one of {', '.join(settings.known_templates)}.",
        )
    return None


def _refuse_wish(settings: CoverpageSettings, wish: Directives, *, body_text: bool) -> Refusal | None:
    """A wish that the mode does not leave to the sender."""
    asked = f"'{wish.cover_quote}'"
    trigger = _TRIGGERS[settings.mode]
    if trigger is _Trigger.ALWAYS and wish.cover is CoverWish.NO:
        return refuse_directive(
            f"{asked} asks for no cover page, and your policy requires one on every fax.", _WITHOUT
        )
    if trigger is _Trigger.NEVER and wish.cover is CoverWish.YES:
        return refuse_directive(
            f"{asked} asks for a cover page, and your policy does not allow any.", _WITHOUT
        )
    if trigger is _Trigger.BODY_TEXT and wish.cover is CoverWish.YES and not body_text:
        return refuse_directive(
            f"{asked} asks for a cover page; your policy makes one of body text, and the mail has none.",
            f"Write a text in the mail, or: {_WITHOUT}",
        )
    return None


def _no_attachment(explanation: str) -> Refusal:
    return Refusal(
        status=Status.NO_ATTACHMENT,
        explanation=explanation,
        advice="Attach the document and send the mail again.",
    )
