"""What has to hold whatever happened: the book's words against what telephones and mail servers saw.

Each function looks at one promise and gives a sentence for every breach of it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Table, select

from simulation.mail_server import NOBODY
from simulation.office import (
    ATTEMPTS,
    BATCH_PAGES,
    BUSY_INTERVAL,
    INTERVAL,
    KEPT,
    TOLD_OF_FAILURES,
    WITH_ARCHIVE,
)
from simulation.virtual_time import BEGINNING
from store.lifecycle import Transition
from store.status import Status
from store.tables import attempts, bodies, copies, jobs, mails, notices, transitions

if TYPE_CHECKING:
    from simulation.world import World

LONGEST = timedelta(hours=8)
"""From the mail to the end of the last call: four attempts, interruptions, and an hour of storm."""
CLOCKS_DIFFER = timedelta(seconds=200)


def violations(world: "World") -> list[str]:
    """Everything that is wrong in this world."""
    seen = _Seen(world)
    promises = (
        acknowledged_mails_are_kept_once, every_job_ends, success_is_true, nothing_is_sent_twice_without_need,
        one_call_a_number, calls_keep_their_times, calls_are_shared_by_policy, senders_are_told,
        nobody_is_told_twice, copies_are_filed,
        named_bodies_are_whole, documents_go_in_time,
    )  # fmt: skip
    return [f"{promise.__name__}: {breach}" for promise in promises for breach in promise(seen)]


class _Seen:
    """The book's rows, and the world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.mails = self._rows(mails)
        self.jobs = {row.id: row for row in self._rows(jobs)}
        self.notices = self._rows(notices)
        self.copies = self._rows(copies)
        self.bodies = self._rows(bodies)
        self.attempts: dict[str, list[Any]] = {}
        for row in sorted(self._rows(attempts), key=lambda row: row.number):  # an id ends in #9, #10, …
            self.attempts.setdefault(row.job_id, []).append(row)
        self.names: dict[str, list[str]] = {}
        for row in self._rows(transitions):
            self.names.setdefault(row.job_id, []).append(row.name)

    def _rows(self, table: Table) -> list[Row[Any]]:
        query = select(table).order_by(*table.primary_key)
        return self.world.disk.read(lambda connection: list(connection.execute(query)))

    @property
    def times_are_true(self) -> bool:
        """Whether all that is written beside each other was told by clocks that agreed."""
        return not self.world.clocks_jumped

    def had_document(self, job_id: str) -> bool:
        """Whether it could be called."""
        return not {Transition.QUEUE.name, Transition.SCHEDULE.name}.isdisjoint(self.names[job_id])


def acknowledged_mails_are_kept_once(seen: _Seen) -> Iterator[str]:
    """Every 250 is one mail in the book with one job for each recipient, however often it was sent."""
    kept = Counter(row.message_id for row in seen.mails)
    recipients = Counter(row.mail_id for row in seen.jobs.values())
    for mail in seen.world.sent:
        if len(mail.mail_ids) != 1 or kept[mail.message_id] != 1:
            yield f"{mail.message_id} is {sorted(mail.mail_ids)}, {kept[mail.message_id]} times in the book"
        for mail_id in mail.mail_ids:
            if recipients[mail_id] != len(mail.recipients):
                yield f"{mail_id} has {recipients[mail_id]} jobs for {len(mail.recipients)} recipients"
    if len(seen.mails) != len(seen.world.sent):
        yield f"{len(seen.mails)} mails for {len(seen.world.sent)} that were sent"


def every_job_ends(seen: _Seen) -> Iterator[str]:
    """None waits for ever."""
    for job in seen.jobs.values():
        if job.finished_at is None:
            yield f"{job.id} is {job.state}"
        elif seen.times_are_true and job.finished_at - job.created_at > LONGEST:
            yield f"{job.id} took {job.finished_at - job.created_at}"


def success_is_true(seen: _Seen) -> Iterator[str]:
    """A job is sent exactly if a call says so, and then the far end has every page."""
    for job in seen.jobs.values():
        said = any(attempt.status == Status.SUCCESS for attempt in seen.attempts.get(job.id, []))
        if said != (job.state == "sent"):
            yield f"{job.id} is {job.state}, and {'a' if said else 'no'} call succeeded"
        if job.state == "sent":
            received = seen.world.telephones.ends[job.number].received.get(job.id, set())
            if not received >= set(range(job.pages)) or job.pages_confirmed != job.pages:
                confirmed = f"{job.pages_confirmed} confirmed"
                yield f"{job.id} has {job.pages} pages, {confirmed}, {len(received)} received"


def nothing_is_sent_twice_without_need(seen: _Seen) -> Iterator[str]:
    """A last page comes again only after a call of which nobody knows how it ended."""
    for job in seen.jobs.values():
        end = seen.world.telephones.ends.get(job.number)
        whole = end.whole.get(job.id, 0) if end else 0
        unsure = sum(
            attempt.interrupted or attempt.status == Status.TRANSMISSION_FAILED
            for attempt in seen.attempts.get(job.id, [])
        )
        if whole > 1 + unsure:
            yield f"{job.id} arrived {whole} times with {unsure} calls that nobody knows the end of"


def one_call_a_number(seen: _Seen) -> Iterator[str]:
    """No telephone is called while it is in a call with us."""
    yield from seen.world.telephones.wrong


def calls_keep_their_times(seen: _Seen) -> Iterator[str]:
    """Retries wait as long as the policy says, and are no more than it says; a book's call was a call."""
    placed = {
        call.attempt_id: BEGINNING + timedelta(seconds=call.began) for call in seen.world.telephones.calls
    }
    if len(placed) != len(seen.world.telephones.calls):
        yield "an attempt was placed twice"
    for job_id, placed_or_not in seen.attempts.items():
        calls = [call for call in placed_or_not if call.ended_at is not None]
        if len(calls) < len(placed_or_not):
            yield f"a call of {job_id} has no end"
        counted = [call for call in calls if not call.interrupted]
        limit = ATTEMPTS + sum(call.interrupted for call in calls)
        if len(calls) > limit:
            yield f"{job_id} was called {len(calls)} times, {len(counted)} of them to an end"
        if not seen.times_are_true:
            continue
        for call in calls:
            if (began := placed.get(call.id)) and began > call.ended_at + CLOCKS_DIFFER:
                yield f"{call.id} was placed at {began}, and had ended at {call.ended_at}"
        for before, after in pairwise(calls):
            wait = BUSY_INTERVAL if before.status == Status.BUSY else INTERVAL
            if not before.interrupted and after.started_at - before.ended_at < wait - CLOCKS_DIFFER:
                yield f"{after.id} came {after.started_at - before.ended_at} after {before.status}"


def calls_are_shared_by_policy(seen: _Seen) -> Iterator[str]:
    """What goes in one call is claimed for it, to one number, of one department, and not too much."""
    for call in seen.world.telephones.calls:
        carried = [seen.jobs[job_id] for job_id in call.faxes]
        claimed = {
            job.id
            for job in carried
            for attempt in seen.attempts[job.id]
            if call.attempt_id in {attempt.id, attempt.shares_call_of}
        }
        if claimed != set(call.faxes):
            yield f"{call.attempt_id} had {call.faxes}, and {sorted(claimed)} were claimed for it"
        if len({(job.department, job.number) for job in carried}) != 1 or carried[0].number != call.number:
            yield f"{call.attempt_id} to {call.number} had {call.faxes} of others, or for others"
        most = BATCH_PAGES if seen.world.batched else 0
        if len(carried) > 1 and sum(job.pages for job in carried) > most:
            yield f"{call.attempt_id} had {call.faxes}, of more than {most} pages"


def senders_are_told(seen: _Seen) -> Iterator[str]:
    """Each sender gets the initial and the delivery notices that the policy says, each once."""
    owed = {row.id: row for row in seen.notices}
    for mail in seen.mails:
        of_mail = [job for job in seen.jobs.values() if job.mail_id == mail.id]
        refused = any(not seen.had_document(job.id) and job.state == "failed" for job in of_mail)
        if (mail.user_email != TOLD_OF_FAILURES or refused) and f"initial:{mail.id}" not in owed:
            yield f"{mail.id} of {mail.user_email} has no initial notice"
        for job in of_mail:
            # The end of one that had no document is told by the initial notice, unless somebody cancelled it.
            by_itself = seen.had_document(job.id) or job.state == "cancelled"
            wanted = by_itself and (mail.user_email != TOLD_OF_FAILURES or job.state != "sent")
            if wanted != (f"delivery:{job.id}" in owed):
                yield f"{job.id}, {job.state}, of {mail.user_email}: a delivery notice was expected: {wanted}"
    for row in seen.notices:
        yield from _told(seen, row)


def _told(seen: _Seen, notice: Any) -> Iterator[str]:
    server = seen.world.mail_server
    name = notice.id.replace(":", ".")
    came = sum(
        times for (message_id, _), times in server.taken.items() if message_id.startswith(f"<{name}.notice@")
    )
    expected = "given up" if notice.address == NOBODY else "delivered"
    if notice.state not in {expected, "withheld"}:
        yield f"the notice {notice.id} to {notice.address} is {notice.state}: {notice.last_error}"
    if (came > 0) != (notice.state == "delivered"):
        yield f"the notice {notice.id} is {notice.state} and came {came} times"


def nobody_is_told_twice(seen: _Seen) -> Iterator[str]:
    """What comes again is the same mail, and comes only where an answer was lost."""
    for key in seen.world.mail_server.changed:
        yield f"{key} came a second time as another mail"
    for key in seen.world.mail_server.needless:
        yield f"{key} came again, and the first had been answered"


def copies_are_filed(seen: _Seen) -> Iterator[str]:
    """Ana's faxes that were sent or failed in a call have one copy each, and nobody else's have any."""
    owed = Counter(row.job_id for row in seen.copies)
    for job in seen.jobs.values():
        if job.user_email == WITH_ARCHIVE and job.state == "sent" and owed[job.id] != 1:
            yield f"{job.id} has {owed[job.id]} copies"
        if job.user_email != WITH_ARCHIVE and owed[job.id]:
            yield f"{job.id} of {job.user_email} has {owed[job.id]} copies"
    for row in seen.copies:
        if row.state != "delivered":
            yield f"the copy {row.id} is {row.state}: {row.last_error}"


def named_bodies_are_whole(seen: _Seen) -> Iterator[str]:
    """What the book names is in the object store, all of it."""
    for key in seen.world.objects.missed:
        yield f"{key} was named, and was not there or torn"


def documents_go_in_time(seen: _Seen) -> Iterator[str]:
    """What was kept long enough is gone from the book and the folder, and nothing went before."""
    ends: dict[str, list[Any]] = {}
    for job in seen.jobs.values():
        ends.setdefault(job.mail_id, []).append(job.finished_at)
    of_mail = {mail.body: mail for mail in seen.mails}
    for body in seen.bodies:
        if body.octets is not None or body.purged_at is None:
            yield f"{body.reference} is still there"
        elif (mail := of_mail.get(body.reference)) and None not in ends.get(mail.id, []):
            early = max(ends[mail.id]) + KEPT - CLOCKS_DIFFER
            if body.purged_at < early:
                yield f"{body.reference} went at {body.purged_at}, before {early}"
    files = [path.name for path in seen.world.disk.documents.rglob("*") if path.is_file()]
    if files:
        yield f"{len(files)} files are left: {files[:3]}"
    if objects := seen.world.objects.octets:
        yield f"{len(objects)} objects are left: {list(objects)[:3]}"
