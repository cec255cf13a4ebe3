"""The book: the only door to the database, and to the bodies beside it.

Everything that changes state goes through here, each call one transaction: when it returns, it is on the
disk. A claim is a lease: it comes back when it ends, or when its owner is gone. What a state causes outside
(notices, copies) is written in the transaction of the state.

Every method may raise `BookUnavailable`; nothing was changed then, and the call may be repeated. Of a call
that its caller stops waiting for, it is not known whether it was done. Ids may be written as people write
them: in lower case, without the first dash. A look-up of an unknown id is None or empty, a change raises
`NotInBook`.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection

from config.settings import UserPolicy
from store.access import BookAccess
from store.address import access_to, folders_of, is_on_server
from store.body_folder import BodyFolder
from store.body_objects import BodyObjects, Objects
from store.body_places import BodyPlaces
from store.calling import Calling
from store.disk import check_space
from store.errors import NotInBook
from store.history import RecordedTransition
from store.ids import read_id
from store.incoming import IncomingBody
from store.job import FaxJob, NewJob, Refusal
from store.job_filter import JobFilter
from store.mail import MailState, NewMail, ReceivedMail
from store.migrations import migrate
from store.new_document import NewDocument
from store.outbox import Copy, Notice
from store.owner import this_process
from store.pickup import PickupKey
from store.records import (
    attempts,
    interventions,
    jobs,
    mails,
    outbox,
    pickups,
    schedule,
)
from store.records.interventions import CancelResult
from store.records.mails import Accepted, Arrived, MailClaim
from store.records.schedule import Counts, Outlook
from store.records.submissions import KeptDocument, SubmissionFacts, record_documents, record_submission
from store.tables import copies, notices

Noun = TypeVar("Noun")


class Book(Calling):
    """The durable record of one Postfax.

    Args:
        url: `sqlite:PATH` or `postgresql://USER@HOST/DATABASE`.
        documents: the folder of large bodies; made if it is missing.
        objects: the object store that has all bodies in its place; None for none.
        clock: the time, with its zone.
        uptime: of the host, by which it is seen that the clock was set (`store.reckoning`,
            `store.host_clock`); by default the clock alone counts, as for one that is made up.
        owner: in whose name claims are held; by default this process.
        rng: where the ids of mails come from; by default one of its own. They are no secrets.
        access: how the database is reached; by default in the way that the url says.

    Raises:
        BookAddressError: the url is of another kind.
    """

    def __init__(
        self,
        url: str,
        documents: Path,
        *,
        objects: Objects | None = None,
        clock: Callable[[], datetime],
        uptime: Callable[[], timedelta] | None = None,
        owner: str = "",
        rng: Random | None = None,
        access: BookAccess | None = None,
    ) -> None:
        self.owner = owner or this_process()
        self._folders = (*folders_of(url), documents)
        rng = rng or Random(SystemRandom().getrandbits(128))  # noqa: S311 - names, no secrets
        access = access or access_to(url, clock=clock, uptime=uptime, owner=self.owner)
        bodies = BodyPlaces(
            BodyFolder(documents),
            objects=BodyObjects(objects) if objects else None,
            rows=not is_on_server(url),
        )
        super().__init__(access, bodies, clock=clock, uptime=uptime, rng=rng)
        self._accept = self._access.together(partial(mails.accept_mails, rng=rng))

    # --- Opening and closing ------------------------------------------------------------------------------

    @staticmethod
    async def migrate(url: str) -> None:
        """Make the book if it is missing, and bring it to this program's version. Only the service does.

        Raises:
            BookVersionError: a newer Postfax wrote it, or the database is not fit for a book.
        """
        await asyncio.to_thread(migrate, url)

    async def open(self) -> None:
        """Open the book.

        Raises:
            BookVersionError: there is none, or it is of another version; the text says what to do.
        """
        await self._access.open()
        await self._access.in_thread(self._bodies.folder.create)

    async def close(self) -> None:
        """Write what is queued, and close. Claims stay; see `release_own_claims`."""
        await self._access.close()

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def check_writable(self) -> None:
        """Pass if a mail could be taken on now: there is room, and the book can be locked."""
        await self._access.in_thread(check_space, self._folders)
        await self._access.write(lambda _: None)

    def begin_body(self) -> IncomingBody:
        """A file for a large mail that arrives, to be given to `accept_mail`, or discarded.

        Raises:
            OSError: it cannot be made.
        """
        return self._bodies.folder.begin(".eml")

    # --- A mail's way to its jobs -------------------------------------------------------------------------

    async def accept_mail(self, mail: NewMail, pickup: PickupKey | None = None) -> Accepted:
        """Take a mail on. A second one with the same dedupe or pickup key is recognised and not kept."""
        return await self.accepting(mail, pickup)

    def accepting(self, mail: NewMail, pickup: PickupKey | None = None) -> Awaitable[Accepted]:
        """As `accept_mail`. A mail that is kept in a row is on its way when this returns, without a task."""
        if self._bodies.is_for_a_row(mail.body):
            return self._accept(Arrived(mail, self._bodies.keep(mail.body, ".eml"), pickup))
        return self._accept_large(mail, pickup)

    async def _accept_large(self, mail: NewMail, pickup: PickupKey | None) -> Accepted:
        body = await self._keep(mail.body, ".eml")
        accepted = await self._accept(Arrived(mail, body, pickup))
        if accepted.duplicate:
            await self._access.in_thread(self._bodies.discard, body)
        return accepted

    async def pickup_known(self, key: PickupKey) -> bool:
        """Whether the message with this key was taken on."""
        return await self._access.read(pickups.mail_picked_up, key) is not None

    async def claim_mail(self, state: MailState, lease: timedelta) -> MailClaim | None:
        """Claim the mail in this state (received or submitted) that has been due longest.

        Raises:
            BodiesUnavailable: none could be worked on.
        """
        await self._bodies_are_there()
        return await self._access.write(mails.claim_mail, state, lease)

    async def postpone_mail(self, mail_id: str, due_at: datetime, error: str) -> None:
        """Work on a claimed mail failed: it can be claimed again from `due_at` on, with one try more."""
        await self._access.write(mails.postpone_mail, mail_id, due_at, error)

    async def release_mail(self, mail_id: str, due_at: datetime) -> None:
        """Give a claimed mail back as it was, to be claimed from `due_at` on.

        Nothing happens where it is claimed by this owner no longer.
        """
        await self._access.write(mails.release_mail, mail_id, due_at)

    async def record_submission(
        self,
        mail_id: str,
        *,
        subject: str,
        message_id: str,
        references: tuple[str, ...],
        user: UserPolicy | None,
        jobs: Sequence[NewJob],
    ) -> tuple[FaxJob, ...]:
        """A mail was decided: write its jobs, accepted or refused. If all are refused, the sender is told.

        `user` is None for a sender whom the policy no longer knows; then all are refused. A mail that was
        decided before stays as it is, and its jobs are returned.

        Raises:
            ValueError: no jobs, or a fax for a sender without a policy.
        """
        facts = SubmissionFacts(subject=subject, message_id=message_id, references=references)
        return await self._access.write(record_submission, mail_id, facts, user, jobs)

    async def record_documents(
        self,
        mail_id: str,
        documents: Mapping[str, NewDocument],
        *,
        refusal: Refusal | None = None,
    ) -> tuple[FaxJob, ...]:
        """A mail's documents were made, by job id: queue its jobs, each when its sender wants it.

        With a refusal none of its jobs is queued, and likewise where the mail has more pages than its sender
        may fax on this day. In either case the sender is told. Documents are read and kept; their files stay
        where they are. A mail that was answered before stays as it is.

        Raises:
            ValueError: a job has no document, and there is no refusal.
            NotInBook: there is no such mail, or it was not decided.
        """
        made = {job_id: await self._keep_document(document) for job_id, document in documents.items()}
        recorded = await self._access.write(record_documents, mail_id, made, refusal)
        await self._access.in_thread(self._discard_unused, made.values(), recorded)
        return recorded

    # --- Outbox -------------------------------------------------------------------------------------------

    async def claim_notice(self, lease: timedelta) -> Notice | None:
        """Claim the notice that has been due longest."""
        return await self._access.write(outbox.claim_notice, lease)

    async def notice_delivered(self, notice_id: str) -> None:
        """The notice was taken by a mail server."""
        await self._access.write(outbox.notice_delivered, notice_id)

    async def postpone_notice(
        self, notice_id: str, due_at: datetime, error: str, *, give_up: bool = False
    ) -> None:
        """Sending a notice failed: it is due again at `due_at`, or given up."""
        await self._access.write(outbox.postpone, notices, notice_id, due_at, error, give_up=give_up)

    async def put_off_notice(self, notice_id: str, due_at: datetime, error: str) -> None:
        """A claimed notice could not be made for now: it is due again at `due_at`, and nothing counts."""
        await self._access.write(outbox.put_off, notices, notice_id, due_at, error)

    async def claim_copy(self, lease: timedelta) -> Copy | None:
        """Claim the copy that has been due longest.

        Raises:
            BodiesUnavailable: none could be made.
        """
        await self._bodies_are_there()
        return await self._access.write(outbox.claim_copy, lease)

    async def copy_delivered(self, copy_id: str, place: str) -> None:
        """The copy was filed at `place`: a path or an address."""
        await self._access.write(outbox.copy_delivered, copy_id, place)

    async def postpone_copy(
        self, copy_id: str, due_at: datetime, error: str, *, give_up: bool = False
    ) -> None:
        """Filing a copy failed: it is due again at `due_at`, or given up."""
        await self._access.write(outbox.postpone, copies, copy_id, due_at, error, give_up=give_up)

    async def put_off_copy(self, copy_id: str, due_at: datetime, error: str) -> None:
        """A claimed copy could not be made for now: it is due again at `due_at`, and nothing counts."""
        await self._access.write(outbox.put_off, copies, copy_id, due_at, error)

    # --- People step in -----------------------------------------------------------------------------------

    async def cancel(self, job_id: str, by: str) -> CancelResult:
        """End a job, or ask for the call in progress to be ended. `by`: who wants it."""
        return await self._access.write(interventions.cancel, _job_id(job_id), by)

    async def hold(self, job_id: str, by: str) -> FaxJob:
        """Keep a job from being called.

        Raises:
            IllegalTransition: it waits for no call.
        """
        return await self._access.write(interventions.hold, _job_id(job_id), by)

    async def release(self, job_id: str, by: str) -> FaxJob:
        """Let a held job be called again.

        Raises:
            IllegalTransition: it is not held.
        """
        return await self._access.write(interventions.release, _job_id(job_id), by)

    # --- Look-ups -----------------------------------------------------------------------------------------

    async def job(self, job_id: str) -> FaxJob | None:
        """A job with its attempts."""
        known = read_id(job_id)
        return await self._access.read(attempts.job_with_attempts, known) if known else None

    async def jobs(self, wanted: JobFilter) -> tuple[FaxJob, ...]:
        """The jobs that the filter lets through, newest first, without their attempts."""
        return await self._access.read(jobs.find_jobs, wanted)

    async def group(self, mail_id: str) -> tuple[FaxJob, ...]:
        """The jobs of a mail in the order of its recipients, without their attempts."""
        return await self._all_of(jobs.jobs_of_mail, mail_id)

    async def mail(self, mail_id: str) -> ReceivedMail | None:
        """A mail."""
        known = read_id(mail_id)
        return await self._access.read(mails.find_mail, known) if known else None

    async def notices_of(self, mail_id: str) -> tuple[Notice, ...]:
        """The notices about a mail and its jobs, oldest first."""
        return await self._all_of(outbox.notices_of_mail, mail_id)

    async def copies_of(self, job_id: str) -> tuple[Copy, ...]:
        """The copies of a job's fax."""
        return await self._all_of(outbox.copies_of_job, job_id)

    async def transitions_of(self, job_id: str) -> tuple[RecordedTransition, ...]:
        """What happened to a job, from its beginning."""
        return await self._all_of(jobs.transitions_of_job, job_id)

    async def counts(self) -> Counts:
        """How many mails, jobs, notices and copies there are in each state."""
        return await self._access.read(schedule.count_all)

    # --- Bodies -------------------------------------------------------------------------------------------

    async def body(self, reference: str, octets: int = -1) -> bytes:
        """The octets of a mail or a document: all, or at least so many from its beginning.

        Raises:
            BodiesUnavailable: the object store with it cannot be used.
            BodyMissing: it was removed from outside; `BodyAltered`, if all are wanted and are others.
        """
        return await self._fetch(reference, lambda found: self._bodies.beginning(found, octets))

    async def beginning_of_mail(self, mail_id: str, octets: int) -> bytes:
        """At least so many octets of a mail as received, from its beginning, or all if it has no more.

        Raises:
            NotInBook: there is no such mail.
            BodiesUnavailable, BodyMissing: as with `body`.
        """
        return await self.body(await self._access.read(mails.body_of, mail_id), octets)

    async def body_path(self, reference: str, folder: Path) -> Path:
        """A file with the octets, to be read only: the body's own, or one that is written into `folder`.

        Raises:
            BodiesUnavailable: the object store with it cannot be used.
            BodyMissing: it was removed from outside; `BodyAltered`, if it is another one.
        """
        return await self._fetch(reference, lambda found: self._bodies.path(found, folder))

    # --- Waiting ------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        """How many changes have been seen. Remember it before looking for work, and wait with it."""
        return self._access.changes.generation

    async def wait_for_change(self, seconds: float, *, since: int | None = None) -> int:
        """Wait until the book has changed since that generation (default: now), or the time is over.

        A commit of this process ends it at once, one of another process within a fifth of a second.
        """
        changes = self._access.changes
        return await changes.wait(changes.generation if since is None else since, seconds)

    def announce(self) -> None:
        """Another process says that it has changed the book: whoever waits for a change learns of it."""
        self._access.changes.announce()

    async def outlook(self, now: datetime) -> Outlook:
        """What is due at this time, and what comes after it."""
        return await self._access.read(schedule.outlook, now)

    async def _all_of(
        self, look_up: Callable[[Connection, str], tuple[Noun, ...]], written: str
    ) -> tuple[Noun, ...]:
        known = read_id(written)
        return await self._access.read(look_up, known) if known else ()

    def _discard_unused(self, made: Iterable[KeptDocument], recorded: Sequence[FaxJob]) -> None:
        """Remove the files of documents that no job got after all."""
        used = {job.document.body for job in recorded if job.document}
        for document in made:
            if document.body.reference not in used:
                self._bodies.discard(document.body)

    async def _keep_document(self, document: NewDocument) -> KeptDocument:
        octets = await self._access.in_thread(document.path.read_bytes)
        return KeptDocument(
            body=await self._keep(octets, ".tif"),
            sha256=hashlib.sha256(octets).hexdigest(),
            resolution=document.resolution,
            pages=document.pages,
        )


def _job_id(written: str) -> str:
    known = read_id(written)
    if known is None:
        raise NotInBook("job", written)
    return known
