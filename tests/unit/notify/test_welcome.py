"""The welcome message promises what the user's policy has, and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from notice_facts import DOMAIN, policy

from notify.facts import WelcomeFacts
from notify.rendering import plain_text
from notify.welcome import welcome_content
from store.outbox import DeliveryState, Notice, NoticeKind

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)


def told(**settings: Any) -> str:
    notice = Notice(
        id="welcome:1",
        kind=NoticeKind.WELCOME,
        success=True,
        mail_id="",
        job_id="",
        address="ana@hospital.example",
        state=DeliveryState.PENDING,
        tries=0,
        created_at=NOW,
        due_at=NOW,
    )
    user = policy(**settings)
    facts = WelcomeFacts(notice=notice, user=user, domain=DOMAIN, addresses=(user.email,), ask="duty")
    return " ".join(plain_text(welcome_content(facts), domain=DOMAIN).split())


def test_what_is_built_in_is_told() -> None:
    text = told()
    assert "#fax reference: 4711" in text
    assert "Several recipients are several faxes." in text
    assert "A mail tells you when every page was confirmed, or what went wrong" in text


def test_a_directive_that_the_policy_does_not_allow_is_not_recommended() -> None:
    text = told(fax={"directives": ("at",)}, coverpage={"mode": "on_demand"})
    assert "#fax" not in text
    assert "Cover page none; the text of your mail becomes the first page" in text


def test_who_may_write_to_one_recipient_hears_nothing_of_several() -> None:
    assert "several faxes" not in told(fax={"recipients_per_mail": 1})


@pytest.mark.parametrize(
    ("success", "failure", "sentence"),
    [
        (False, True, "what went wrong and what you can do; none comes of a fax that arrived."),
        (True, False, "A mail tells you when every page was confirmed; none comes of a fax that failed."),
        (False, False, "No mail tells you what became of a fax."),
    ],
)
def test_only_the_mails_that_come_are_promised(success: bool, failure: bool, sentence: str) -> None:  # noqa: FBT001 - switches
    assert sentence in told(notifications={"delivery": {"success": success, "failure": failure}})
