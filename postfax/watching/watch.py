"""Looks at the service again and again: for its metrics, for alarms, and for systemd's watchdog.

A condition that needs an administrator is told to the company's alert contacts when it begins, and again
every few hours while it lasts. Its end is logged.
"""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from cryptography import x509

from config.monitoring import MonitoringSettings
from config.policy import Policy
from postfax.clock_doubt import what_is_doubted
from postfax.notification_socket import notify_systemd
from postfax.opening import Clock
from postfax.watching import metrics
from postfax.watching.alarms import Alarm, alarms
from postfax.watching.condition import Condition, LineCondition
from store.book import Book
from store.errors import BookUnavailable
from store.owner import this_host

LOOK_SECONDS = 15.0
HUNG_SECONDS = 60.0
"""Without a turn of the service's loop for so long, it hangs."""
TOLD_AGAIN = timedelta(hours=6)

log = structlog.get_logger()


class Lines(Protocol):
    """`postfax.open_lines.OpenLines`, as far as it is watched."""

    async def conditions(self) -> tuple[LineCondition, ...]:
        """Every line as it is now."""


class Watch:
    """Watches one service."""

    def __init__(
        self,
        book: Book,
        lines: Lines,
        policy: Callable[[], Policy],
        settings: MonitoringSettings,
        *,
        folders: tuple[Path, ...],
        certificate: Path | None,
        lost_after: timedelta,
        clock: Clock,
    ) -> None:
        """Nothing was looked at yet.

        Args:
            book: says what is on its way.
            lines: the telephone lines.
            policy: the one in force: its company's alert contacts are told.
            settings: when something is stuck.
            folders: those that are written.
            certificate: the file of `mail.tls`, if there is one.
            lost_after: a host that was silent for so long is lost.
            clock: the time.
        """
        self._book = book
        self._lines = lines
        self._policy = policy
        self._settings = settings
        self._folders = folders
        self._certificate = certificate
        self._lost_after = lost_after
        self._clock = clock
        self._turned_at = time.monotonic()
        self._trouble = "the service is starting"
        self._raised: dict[str, datetime] = {}
        self._clock_doubted = False

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._turned_at = time.monotonic()
            notify_systemd("WATCHDOG=1")
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    def hung(self) -> str:
        """Why the service is not healthy; empty while it is. From any thread."""
        silent = time.monotonic() - self._turned_at
        return f"nothing has moved for {silent:.0f} seconds" if silent > HUNG_SECONDS else ""

    def not_ready(self) -> str:
        """Why no mail can be taken on; empty while it can. From any thread."""
        return self.hung() or self._trouble

    async def _look(self) -> None:
        try:
            await self._book.check_writable()
            condition = await self._condition()
            self._trouble = condition.bodies_away
            metrics.show(condition)
            await self._alert(alarms(condition, stuck_after=self._settings.stuck_after))
        except BookUnavailable as problem:
            self._trouble = str(problem)
            log.error("book_unavailable", step="watch", cause=problem.cause or str(problem))
        except Exception as problem:
            # Watching must outlive whatever it meets.
            log.error("step_failed", step="watch", exc_info=problem)

    async def _condition(self) -> Condition:
        now = self._clock()
        return Condition(
            at=now,
            gauges=await self._book.gauges(now),
            lines=await self._lines.conditions(),
            free={str(folder): _free(folder) for folder in self._folders},
            certificate_expires=await asyncio.to_thread(_expiry, self._certificate),
            bodies_away=await self._book.bodies_away(),
            lost_hosts=await self._lost_hosts(now),
            clock_doubt=await self._look_at_clock(),
        )

    async def _look_at_clock(self) -> str:
        """Why it is not believed; empty while it is."""
        clock = await self._book.look_at_clock()
        doubt = what_is_doubted(this_host(), clock)
        if doubt and not self._clock_doubted:
            log.warning("clock_doubted", sure=clock.time, clock=clock.read.clock, cause=doubt)
        elif self._clock_doubted and not doubt:
            log.info("clock_believed", clock=clock.read.clock)
        self._clock_doubted = bool(doubt)
        return doubt

    async def _lost_hosts(self, now: datetime) -> tuple[str, ...]:
        nodes = await self._book.nodes()
        heard = {node.host for node in nodes if now - node.heard_at <= self._lost_after}
        return tuple(sorted({node.host for node in nodes} - heard))

    async def _alert(self, found: tuple[Alarm, ...]) -> None:
        """Tell of what is new or was told long ago; forget what is over."""
        for topic in self._raised.keys() - {alarm.topic for alarm in found}:
            del self._raised[topic]
            log.info("alarm_over", topic=topic)
        contacts = self._policy().settings.alerts.contacts
        now = self._clock()
        for alarm in found:
            raised = self._raised.get(alarm.topic)
            if raised is not None and now - raised < TOLD_AGAIN:
                continue
            self._raised[alarm.topic] = now
            told = await self._book.alert(alarm.topic, alarm.sentence, contacts)
            log.warning("alarm", topic=alarm.topic, contacts=len(contacts), told=len(told))


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _expiry(certificate: Path | None) -> datetime | None:
    """When the first certificate of the chain expires; None where none can be read."""
    if certificate is None:
        return None
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as problem:
        log.warning("certificate_not_read", cause=str(problem))
        return None
    return min(each.not_valid_after_utc for each in chain)
