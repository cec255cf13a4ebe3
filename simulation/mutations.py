"""The service broken on purpose, one promise at a time: what the invariants do not see they do not hold."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

from postfax import submitting
from postfax.journey import calling, dial, shared_call
from store import body_objects, host_clock
from store.errors import BodiesUnavailable
from store.job import FaxJob, Outcome
from store.lifecycle import Transition
from store.outbox import DeliveryState
from store.records import calls, claims, clocks, outbox
from store.status import Status
from store.tables import notices
from transmit import retry
from transmit.retry import RetryDecision

Broken = AbstractContextManager[object]


def _notice_forgotten() -> Broken:
    """The end of a fax after several calls is told to nobody."""
    whole = outbox.owe_delivery
    return patch.object(calls, "owe_delivery", lambda turn, job: None if job.tries > 2 else whole(turn, job))


def _dedupe_lost() -> Broken:
    """A mail that is sent again is another mail."""
    return patch.object(submitting, "dedupe_key", lambda **_: secrets.token_hex(16))


def _lease_of_the_living() -> Broken:
    """Whoever starts takes all others for dead."""
    whole = claims.release_dead_owners

    def release(turn: Any, _: object, kept: Any = (), *, silent: bool = True) -> Any:
        return whole(turn, lambda _: True, kept, silent=silent)

    return patch.object(claims, "release_dead_owners", release)


def _claim_without_lease() -> Broken:
    """A notice that somebody works on can be claimed by another."""

    def claim(turn: Any, table: Any, lease: timedelta) -> Any:  # noqa: ARG001 - as the outbox calls it
        due = select(table).where(table.c.state == DeliveryState.PENDING.value, table.c.due_at <= turn.now)
        return turn.connection.execute(due.order_by(table.c.due_at).limit(1)).first()

    return patch.object(outbox, "_claim", claim)


def _success_too_early() -> Broken:
    """A fax is sent when all pages but the last are confirmed."""
    whole = calls._transition

    def transition(job: FaxJob, outcome: Outcome, next_call: datetime | None) -> Transition:
        if job.pages > 1 and job.pages_confirmed + outcome.pages_confirmed >= job.pages - 1:
            return Transition.CONFIRM
        return whole(job, outcome, next_call)

    return patch.object(calls, "_transition", transition)


def _page_skipped() -> Broken:
    """A fax that broke off goes on one page too late."""
    whole = calls._first_page
    return patch.object(
        calls, "_first_page", lambda job: min(whole(job) + 1, job.pages - 1) if whole(job) else 0
    )


def _retry_at_once() -> Broken:
    """A number is called again without a pause."""
    whole = retry.decide

    def decide(outcome: Outcome, tries: int, settings: Any, now: datetime, **facts: Any) -> RetryDecision:
        decision = whole(outcome, tries, settings, now, **facts)
        return replace(decision, at=now) if decision.at else decision

    return patch.object(dial, "decide", decide)


def _call_left_open() -> Broken:
    """A call that the end of its process cut off stays open."""
    return patch.object(claims, "record_interrupted", lambda *_: None)


def _one_for_all() -> Broken:
    """Where the first fax of a call got through, all of them did."""
    whole = shared_call.outcomes_of

    def outcomes_of(call: Outcome, pages: Sequence[int]) -> list[Outcome]:
        first, *others = whole(call, pages)
        told = [replace(first, pages_confirmed=count) for count in pages[1:]]
        return [first, *(told if first.status is Status.SUCCESS else others)]

    return patch.object(calling, "outcomes_of", outcomes_of)


def _channels_of_each_host() -> Broken:
    """Each host has all channels of a line."""
    return patch.object(calls, "_left", lambda _turn, channels, _carries: channels)


def _row_before_object() -> Broken:
    """A mail is acknowledged before it is in the object store, and whoever dies then has lost it."""
    whole = body_objects.BodyObjects.keep

    def keep(self: body_objects.BodyObjects, octets: Any, ending: str) -> str:
        try:
            return whole(self, octets, ending)
        except BodiesUnavailable:
            return f"s3:{secrets.token_hex(16)}{ending}"

    return patch.object(body_objects.BodyObjects, "keep", keep)


def _swept_at_once() -> Broken:
    """Whoever starts sweeps what has no row, however young it is."""
    whole = body_objects.BodyObjects.older_than
    young = timedelta(0)
    return patch.object(body_objects.BodyObjects, "older_than", lambda self, _: whole(self, young))


def _redialled_after_success() -> Broken:
    """A fax whose call taught something of the number is sent once more."""
    whole = calls._transition

    def transition(job: FaxJob, outcome: Outcome, next_call: datetime | None) -> Transition:
        if outcome.status is Status.SUCCESS and job.tries == 1:
            return Transition.RETRY
        return whole(job, outcome, next_call)

    return patch.object(calls, "_transition", transition)


def _every_clock_believed() -> Broken:
    """A host writes by its clock, whatever that of the book's server shows."""
    return patch.object(host_clock, "MAY_DIFFER", timedelta(days=365))


def _leases_left_behind() -> Broken:
    """What a host has in hand is given up when its clock is set ahead."""
    return patch.object(clocks, "move_leases", lambda *_: None)


def _start_fails() -> Broken:
    """A node cannot start, for good, once a notice was delivered: its world must not go on without it."""
    whole = claims.release_dead_owners

    def release(turn: Any, gone: Any, kept: Any = (), *, silent: bool = True) -> Any:
        delivered = select(notices.c.id).where(notices.c.state == DeliveryState.DELIVERED.value).limit(1)
        if turn.connection.execute(delivered).first():
            raise RuntimeError("cannot start")
        return whole(turn, gone, kept, silent=silent)

    return patch.object(claims, "release_dead_owners", release)


MUTATIONS: dict[str, Callable[[], Broken]] = {
    "": nullcontext,
    **{
        mutation.__name__.strip("_").replace("_", "-"): mutation
        for mutation in (
            _notice_forgotten, _dedupe_lost, _lease_of_the_living, _claim_without_lease, _success_too_early,
            _page_skipped, _retry_at_once, _call_left_open, _redialled_after_success, _one_for_all,
            _channels_of_each_host, _row_before_object, _swept_at_once, _every_clock_believed,
            _leases_left_behind, _start_fails,
        )
    },
}  # fmt: skip
