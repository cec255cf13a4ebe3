"""The seven modes: body text or none, an attachment or none, and what the sender asks for."""

from itertools import product
from pathlib import Path

import pytest

from config.coverpage import CoverpageMode, CoverpageSettings
from store.job import Refusal
from store.status import Status
from submission.coverpage import CoverDecision, CoverReason, decide_cover
from submission.directives import CoverWish, Directives

COVER, BODY, BARE = "cover", "body page", "neither"
NO_ATTACHMENT, FORBIDDEN = Status.NO_ATTACHMENT, Status.GENERAL_ERROR

# mode: for (text + attachment, text alone, attachment alone, neither) what a sender gets
# who asks for nothing, who asks for a cover page, who asks for none.
TABLE: dict[str, dict[CoverWish, tuple[str, str, str, str]]] = {
    "automatic": {
        CoverWish.UNSAID: (COVER, COVER, COVER, COVER),
        CoverWish.YES: (COVER, COVER, COVER, COVER),
        CoverWish.NO: (FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    },
    "none": {
        CoverWish.UNSAID: (BODY, BODY, BARE, NO_ATTACHMENT),
        CoverWish.YES: (FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
        CoverWish.NO: (BODY, BODY, BARE, NO_ATTACHMENT),
    },
    "on_demand": {
        CoverWish.UNSAID: (BODY, BODY, BARE, NO_ATTACHMENT),
        CoverWish.YES: (COVER, COVER, COVER, COVER),
        CoverWish.NO: (BODY, BODY, BARE, NO_ATTACHMENT),
    },
    "with_body_text": {
        CoverWish.UNSAID: (COVER, COVER, BARE, NO_ATTACHMENT),
        CoverWish.YES: (COVER, COVER, FORBIDDEN, FORBIDDEN),
        CoverWish.NO: (BODY, BODY, BARE, NO_ATTACHMENT),
    },
    "on_demand_requires_attachment": {
        CoverWish.UNSAID: (BODY, NO_ATTACHMENT, BARE, NO_ATTACHMENT),
        CoverWish.YES: (COVER, NO_ATTACHMENT, COVER, NO_ATTACHMENT),
        CoverWish.NO: (BODY, NO_ATTACHMENT, BARE, NO_ATTACHMENT),
    },
    "with_body_text_requires_attachment": {
        CoverWish.UNSAID: (COVER, NO_ATTACHMENT, BARE, NO_ATTACHMENT),
        CoverWish.YES: (COVER, NO_ATTACHMENT, FORBIDDEN, NO_ATTACHMENT),
        CoverWish.NO: (BODY, NO_ATTACHMENT, BARE, NO_ATTACHMENT),
    },
    "automatic_requires_attachment": {
        CoverWish.UNSAID: (COVER, NO_ATTACHMENT, COVER, NO_ATTACHMENT),
        CoverWish.YES: (COVER, NO_ATTACHMENT, COVER, NO_ATTACHMENT),
        CoverWish.NO: (FORBIDDEN, NO_ATTACHMENT, FORBIDDEN, NO_ATTACHMENT),
    },
}
MAILS = ((True, True), (True, False), (False, True), (False, False))  # body text, attachment
CASES = [
    pytest.param(mode, wish, body_text, attachment, expected, id=f"{mode}-{wish}-{body_text}-{attachment}")
    for mode, wishes in TABLE.items()
    for wish, row in wishes.items()
    for (body_text, attachment), expected in zip(MAILS, row, strict=True)
]


def what(decision: CoverDecision | Refusal) -> str:
    if isinstance(decision, Refusal):
        return decision.status
    if decision.template:
        assert not decision.body_as_page
        return COVER
    return BODY if decision.body_as_page else BARE


def test_the_table_has_every_mode() -> None:
    assert set(TABLE) == set(CoverpageMode)
    assert all(set(wishes) == set(CoverWish) for wishes in TABLE.values())


@pytest.mark.parametrize(("mode", "wish", "body_text", "attachment", "expected"), CASES)
def test_each_mode(mode: str, wish: CoverWish, *, body_text: bool, attachment: bool, expected: str) -> None:
    settings = CoverpageSettings(mode=CoverpageMode(mode))
    decision = decide_cover(settings, Directives(cover=wish), body_text=body_text, attachment=attachment)
    assert what(decision) == expected


@pytest.mark.parametrize(
    ("mode", "wish", "attachment"), list(product(CoverpageMode, CoverWish, (True, False)))
)
def test_body_text_is_never_dropped(mode: CoverpageMode, wish: CoverWish, *, attachment: bool) -> None:
    settings = CoverpageSettings(mode=mode)
    decision = decide_cover(settings, Directives(cover=wish), body_text=True, attachment=attachment)
    assert isinstance(decision, Refusal) or decision.template or decision.body_as_page


@pytest.mark.parametrize(
    ("mode", "wish", "reason"),
    [
        ("automatic", CoverWish.UNSAID, CoverReason.ALWAYS),
        ("none", CoverWish.UNSAID, CoverReason.NEVER),
        ("on_demand", CoverWish.UNSAID, CoverReason.NOT_ASKED),
        ("on_demand", CoverWish.YES, CoverReason.ASKED),
        ("on_demand", CoverWish.NO, CoverReason.DECLINED),
        ("with_body_text", CoverWish.UNSAID, CoverReason.BODY_TEXT),
        ("with_body_text", CoverWish.NO, CoverReason.DECLINED),
    ],
)
def test_a_decision_names_its_reason(mode: str, wish: CoverWish, reason: CoverReason) -> None:
    settings = CoverpageSettings(mode=CoverpageMode(mode))
    decision = decide_cover(settings, Directives(cover=wish), body_text=True, attachment=True)
    assert isinstance(decision, CoverDecision)
    assert decision.reason is reason


def decide_template(template: str, *, restricted: bool) -> CoverDecision | Refusal:
    settings = CoverpageSettings(template="healthcare", restrict_to_assigned=restricted)
    wish = Directives(cover=CoverWish.YES, template=template, cover_quote=f"/cover={template}")
    return decide_cover(settings, wish, body_text=True, attachment=True)


def test_a_sender_may_name_another_template() -> None:
    decision = decide_template("default", restricted=False)
    assert isinstance(decision, CoverDecision)
    assert decision.template == "default"


def test_asking_for_a_cover_page_means_the_assigned_one() -> None:
    decision = decide_template("", restricted=True)
    assert isinstance(decision, CoverDecision)
    assert decision.template == "healthcare"


def test_where_it_is_restricted_only_the_assigned_template_may_be_named() -> None:
    assert isinstance(decide_template("healthcare", restricted=True), CoverDecision)
    refusal = decide_template("default", restricted=True)
    assert isinstance(refusal, Refusal)
    assert refusal.explanation == (
        "'/cover=default' asks for another cover page than 'healthcare', and your policy allows no other."
    )


def test_a_template_that_does_not_exist_is_refused_with_those_that_do() -> None:
    refusal = decide_template("fancy", restricted=False)
    assert isinstance(refusal, Refusal)
    assert refusal.explanation == "'/cover=fancy' asks for a cover page that does not exist."
    assert refusal.advice == "Write yes, none, or one of default, healthcare."


def test_an_own_template_is_found_by_any_spelling_of_its_name() -> None:
    own = {"Letter Head": Path("letter.html")}
    settings = CoverpageSettings(mode=CoverpageMode.ON_DEMAND, templates=own)
    wish = Directives(cover=CoverWish.YES, template="letter_head")
    decision = decide_cover(settings, wish, body_text=True, attachment=True)
    assert isinstance(decision, CoverDecision)
    assert decision.template == "Letter Head"


def test_where_there_is_nothing_to_fax_the_mail_is_told_so() -> None:
    settings = CoverpageSettings(mode=CoverpageMode.NONE)
    refusal = decide_cover(settings, Directives(), body_text=False, attachment=False)
    assert isinstance(refusal, Refusal)
    assert refusal.explanation == "The mail has neither text nor an attachment."
