"""What an alert says: something needs an administrator. Nothing in it is about patients or documents."""

from config.datetimes import written
from config.settings import DatetimeSettings
from notify.content import Content, Tone, facts_of
from notify.facts import AlertFacts
from notify.wording import one_line

_TOPIC = 160
_REMARK = 1500
"""Characters."""


def alert_content(facts: AlertFacts) -> Content:
    """The mail to one of those who are called."""
    notice = facts.notice
    topic = one_line(notice.topic, _TOPIC)
    return Content(
        subject=f"Postfax needs an administrator: {topic}",
        tone=Tone.BAD,
        verdict="Needs an administrator",
        headline=f"{topic[:1].upper()}{topic[1:]}.",
        remark=one_line(notice.remark, _REMARK),
        facts=facts_of(
            ("When", written(notice.created_at, DatetimeSettings())),
            ("Job", notice.job_id),
            ("Mail", notice.mail_id),
        ),
        outlook="If it happens again within the hour, it is counted and told with the next mail about it.",
    )
