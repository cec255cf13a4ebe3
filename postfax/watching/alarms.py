"""Which conditions need an administrator. Pure.

Each alarm has a topic, the same for the same cause, and a sentence that says what is wrong and what to do,
and nothing about patients, senders or numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.values import duration_text
from postfax.clock_doubt import what_to_do
from postfax.doctor.certificate import RENEW_BEFORE
from postfax.doctor.record import COMFORTABLE
from postfax.terminal import octets_for_people
from postfax.watching.condition import Condition
from store.disk import LEAST_FREE
from store.gauges import Waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Something that an administrator has to see to."""

    topic: str
    sentence: str


def alarms(condition: Condition, *, stuck_after: timedelta) -> tuple[Alarm, ...]:
    """All that is wrong.

    Args:
        condition: of the service.
        stuck_after: how long something may be overdue.
    """
    return (
        *_stuck(condition, stuck_after),
        *_lines_down(condition),
        *_disks_low(condition),
        *_certificate(condition),
        *_bodies_away(condition),
        *_lost_hosts(condition),
        *_clock_ahead(condition),
    )


def _stuck(condition: Condition, stuck_after: timedelta) -> Iterator[Alarm]:
    seen = condition.gauges
    for topic, waiting, advice in (
        ("faxes are waiting", seen.due, "`postfax line list` shows whether a line is held, down or full."),
        ("notices are not delivered", seen.notices, "`postfax doctor` looks at the way out for mails."),
        ("copies are not filed", seen.copies, "`postfax archive status` tells what each archive answered."),
        *(
            ("mails are not worked on", waiting, "The log tells why; `postfax doctor` looks at the tools.")
            for waiting in seen.mails.values()
        ),
    ):
        if since := _overdue(waiting, condition.at, stuck_after):
            sentence = f"{waiting.count} wait, the first for {_span(condition.at - since)}. {advice}"
            yield Alarm(topic=topic, sentence=sentence)


def _overdue(waiting: Waiting, now: datetime, stuck_after: timedelta) -> datetime | None:
    since = waiting.since
    return since if since is not None and now - since > stuck_after else None


def _lines_down(condition: Condition) -> Iterator[Alarm]:
    for line in condition.lines:
        if line.down:
            others = any(not other.closed for other in condition.lines)
            follows = "Its faxes take the other lines that carry them." if others else "No fax can be sent."
            yield Alarm(
                topic=f"line {line.name} is down",
                sentence=f"{line.down}. {follows} `postfax line test {line.name}` asks the trunk.",
            )


def _disks_low(condition: Condition) -> Iterator[Alarm]:
    least = octets_for_people(LEAST_FREE)
    for folder, free in condition.free.items():
        if free < COMFORTABLE:
            yield Alarm(
                topic="the disk is nearly full",
                sentence=f"{octets_for_people(free)} are left for {folder}. Below {least} mails are turned "
                "away. Free some, or shorten the retention of documents.",
            )


def _certificate(condition: Condition) -> Iterator[Alarm]:
    expires = condition.certificate_expires
    if expires is None or expires - condition.at >= RENEW_BEFORE:
        return
    left = expires - condition.at
    when = f"expires in {left.days} days" if left > timedelta(0) else "has expired"
    yield Alarm(
        topic="the certificate expires",
        sentence=f"The certificate of mail.tls {when}. "
        "Renew it; the service takes up renewed files by itself.",
    )


def _bodies_away(condition: Condition) -> Iterator[Alarm]:
    if condition.bodies_away:
        yield Alarm(
            topic="the object store is away",
            sentence=f"{condition.bodies_away} Until then mails get 451 and come again, and faxes wait.",
        )


def _lost_hosts(condition: Condition) -> Iterator[Alarm]:
    if condition.lost_hosts:
        names = ", ".join(condition.lost_hosts)
        yield Alarm(
            topic="a host is lost",
            sentence=f"Nothing is heard of {names}; the others have taken over what was in hand there. "
            "Start it again, or say `postfax nodes forget` if it will not come back.",
        )


def _clock_ahead(condition: Condition) -> Iterator[Alarm]:
    if doubt := condition.clock_doubt:
        yield Alarm(topic="the clock is ahead", sentence=f"{doubt[0].upper()}{doubt[1:]}. {what_to_do()}")


def _span(time: timedelta) -> str:
    return duration_text(timedelta(minutes=int(time.total_seconds() // 60)))
