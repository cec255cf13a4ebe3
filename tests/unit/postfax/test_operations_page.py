"""docs/operations.md and docs/admin/monitoring.md name every alert and every metric that there is."""

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postfax.policy_reload import ALERT
from postfax.watching.alarms import alarms
from postfax.watching.condition import Condition, LineCondition
from postfax.watching.metrics import REGISTRY
from store.gauges import Gauges, Waiting
from store.mail import MailState

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATE = Waiting(count=3, since=NOW - timedelta(days=1))
EVERYTHING_WRONG = Condition(
    at=NOW,
    gauges=Gauges(jobs={}, mails={MailState.RECEIVED: LATE}, due=LATE, notices=LATE, copies=LATE),
    lines=(LineCondition(name="NAME", channels=4, calls=0, held=False, down="no answer"),),
    free={"/var/lib/postfax": 1},
    certificate_expires=NOW,
    bodies_away="It does not answer.",
    lost_hosts=("fax2",),
    clock_doubt="the clock of fax1 shows another time",
)


def headings() -> set[str]:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    return {heading.lower() for heading in re.findall(r"^## (.*)$", page, re.MULTILINE)}


def test_every_alarm_has_its_part() -> None:
    topics = {alarm.topic for alarm in alarms(EVERYTHING_WRONG, stuck_after=timedelta(minutes=30))}
    assert len(topics) == 10
    assert {topic.lower() for topic in topics} <= headings()
    assert ALERT in headings()


def test_what_is_given_up_has_its_part() -> None:
    """The topics are texts of the modules that give up, and of those that use templates of one's own."""
    told = set()
    for name in ("giving_up", "make", "own_notice_templates"):
        source = (ROOT / "postfax" / "journey" / f"{name}.py").read_text("utf-8")
        told |= {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    topics = {"a notice could not be delivered", "a copy could not be filed ", "cover page ",
              "an own template of notices"}  # fmt: skip
    assert topics <= told
    parts = headings()
    for topic in topics:
        assert any(part.startswith(topic.strip()) for part in parts), topic


def test_every_metric_is_documented() -> None:
    page = (ROOT / "docs" / "admin" / "monitoring.md").read_text("utf-8")
    for family in REGISTRY.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert f"`{name}" in page, name
