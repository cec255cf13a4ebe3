"""Any order of calls, crashes and interventions, against a model: what must never happen, cannot."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from small_book import ARCHIVE, LEASE, SmallBook, header, new_mail, policy, refused, small_book, to

from config.notifications import NoticeSwitches
from config.settings import UserPolicy
from store.job import FaxJob, Priority, Refusal, Wishes
from store.lifecycle import FINAL_STATES, IllegalTransition, JobState, Transition
from store.mail import MailState
from store.records.calls import FREE_INTERRUPTIONS
from store.records.interventions import CancelResult
from store.status import Status

NUMBERS = ("+12065550100", "+12065550101", "+12065550102")
CHANNELS = 2
# Where there is one, a file system in memory: thousands of commits, and none that a power cut could test.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own is made in it

mostly = st.sampled_from([True, True, True, False])
switches = st.builds(NoticeSwitches, success=mostly, failure=mostly)
users = st.builds(
    policy,
    archives=st.sampled_from([(ARCHIVE,), (ARCHIVE, ARCHIVE), ()]),
    initial=switches,
    delivery=switches,
    attempts=st.integers(1, 3),
)
recipients = st.lists(st.sampled_from([*NUMBERS, "911"]), min_size=1, max_size=3, unique=True)
statuses = st.sampled_from([Status.SUCCESS, Status.BUSY, Status.JOB_CANCELLED, None])
wishes = st.tuples(st.sampled_from(Priority), st.integers(0, 3), st.sampled_from([0, 0, 2, 5]))
any_number = st.integers(0, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class ModelJob:
    """What the book must say of a job."""

    number: str
    user: UserPolicy
    state: JobState
    due_at: datetime
    wishes: Wishes
    has_document: bool = False
    tries: int = 0
    interruptions: int = 0
    cancelled_in_call: bool = False
    told: bool = False
    """Whether its delivery notice and its copies are owed by now."""


@dataclass
class Model:
    """What the book must say of everything."""

    mails: dict[str, MailState] = field(default_factory=dict)
    by_key: dict[int, str] = field(default_factory=dict)
    users: dict[str, UserPolicy] = field(default_factory=dict)
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    initial: dict[str, bool] = field(default_factory=dict)
    """By mail: whether its initial notice tells a success."""
    open: dict[str, str] = field(default_factory=dict)
    """Open attempts and their jobs."""

    def of_mail(self, mail_id: str) -> list[str]:
        return [job_id for job_id in self.jobs if job_id.startswith(mail_id)]

    def change(self, job_id: str, **values: Any) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], **values)

    def end(self, job_id: str, state: JobState, **values: Any) -> None:
        self.change(job_id, state=state, told=True, **values)

    def answer(self, mail_id: str) -> None:
        self.mails[mail_id] = MailState.ANSWERED
        states = {self.jobs[job_id].state for job_id in self.of_mail(mail_id)}
        self.initial[mail_id] = JobState.FAILED not in states

    def callable_at(self, now: datetime) -> list[str]:
        busy = {job.number for job in self.jobs.values() if job.state is JobState.DIALLING}
        due = [
            (job.wishes.priority, job.due_at, job_id)
            for job_id, job in self.jobs.items()
            if job.state in Transition.DIAL.sources and job.due_at <= now and job.number not in busy
        ]
        return [job_id for *_, job_id in sorted(due)]

    def expire(self, now: datetime) -> None:
        """What happens before each call."""
        for job_id, job in self.jobs.items():
            expired = job.wishes.expires_at is not None and job.wishes.expires_at <= now
            if expired and job.state in Transition.CANCEL.sources:
                self.end(job_id, JobState.CANCELLED)

    def interrupt(self, attempt_id: str, now: datetime) -> None:
        job_id = self.open.pop(attempt_id)
        job = self.jobs[job_id]
        counts = job.interruptions + 1 > FREE_INTERRUPTIONS
        tries = job.tries + counts
        self.change(job_id, interruptions=job.interruptions + 1, tries=tries)
        if job.cancelled_in_call:
            self.end(job_id, JobState.CANCELLED)
        elif counts and tries >= job.user.settings.retry.attempts:
            self.end(job_id, JobState.FAILED)
        else:
            self.change(job_id, state=JobState.WAITING, due_at=now)


class BookMachine(RuleBasedStateMachine):
    """Drives a book and the model side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="book-machine-", dir=MEMORY))
        self.model = Model()
        self.opened = 0
        self.keys = 100
        self.small: SmallBook

    @initialize(first=recipients, second=recipients, user=users)
    def begin(self, first: list[str], second: list[str], user: UserPolicy) -> None:
        """With something to call from the first step on."""
        self.open()
        self.queue(first, user)
        self.queue(second, user)

    def open(self) -> None:
        self.stack = AsyncExitStack()
        self.opened += 1
        book = small_book(self.folder, owner=f"here/{self.opened}/x", seed=self.opened)
        time = self.small.clock if self.opened > 1 else None
        self.small = self.runner.run(self.stack.enter_async_context(book))
        if time:
            self.small.clock.time = time()

    def teardown(self) -> None:
        self.runner.run(self._compare())
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def any_of(self, choices: list[str], pick: int) -> str:
        return sorted(choices)[pick % len(choices)]

    # --- What stages do -----------------------------------------------------------------------------------

    @rule(key=st.integers(1, 5))
    def accept(self, key: int) -> None:
        accepted = self.runner.run(self.small.book.accept_mail(new_mail(key)))
        assert accepted.duplicate is (key in self.model.by_key)
        assert accepted.mail_id == self.model.by_key.setdefault(key, accepted.mail_id)
        self.model.mails.setdefault(accepted.mail_id, MailState.RECEIVED)

    @precondition(lambda self: MailState.RECEIVED in self.model.mails.values())
    @rule(numbers=recipients, user=users, wish=wishes)
    def decide(self, numbers: list[str], user: UserPolicy, wish: tuple[Priority, int, int]) -> None:
        book = self.small.book
        claim = self.runner.run(book.claim_mail(MailState.RECEIVED, LEASE))
        assert claim is not None
        mail_id = claim.mail.id
        asked = self.wishes(*wish)
        new_jobs = [
            refused(number) if number == "911" else replace(to(number)[0], wishes=asked) for number in numbers
        ]
        record = book.record_submission(
            mail_id, subject="", message_id="", references=(), user=user, jobs=new_jobs
        )
        for job in self.runner.run(record):
            self.model.jobs[job.id] = ModelJob(
                number=job.recipient.number,
                user=user,
                state=JobState.FAILED if job.recipient.number == "911" else JobState.CONVERTING,
                due_at=self.small.clock(),
                wishes=Wishes() if job.recipient.number == "911" else asked,
            )
        self.model.users[mail_id] = user
        self.model.mails[mail_id] = MailState.SUBMITTED
        if numbers == ["911"]:
            self.model.answer(mail_id)

    def wishes(self, priority: Priority, later: int, last: int) -> Wishes:
        """What a sender asks for; 0 minutes for nothing said."""
        now = self.small.clock()
        return Wishes(
            priority=priority,
            not_before=now + timedelta(minutes=later) if later else None,
            expires_at=now + timedelta(minutes=last) if last else None,
        )

    @precondition(lambda self: MailState.SUBMITTED in self.model.mails.values())
    @rule(refuse=st.booleans())
    def convert(self, refuse: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        book, now = self.small.book, self.small.clock()
        claim = self.runner.run(book.claim_mail(MailState.SUBMITTED, LEASE))
        assert claim is not None
        made = {job.id: self.small.document() for job in claim.jobs}
        assert {self.model.jobs[job_id].state for job_id in made} <= {JobState.CONVERTING}
        refusal = Refusal(status=Status.INVALID_ATTACHMENT, explanation="no") if refuse else None
        self.runner.run(book.record_documents(claim.mail.id, made, refusal=refusal))
        for job_id in made:
            later = self.model.jobs[job_id].wishes.not_before
            if refuse:
                self.model.change(job_id, state=JobState.FAILED)
            elif later and later > now:
                self.model.change(job_id, state=JobState.SCHEDULED, due_at=later, has_document=True)
            else:
                self.model.change(job_id, state=JobState.QUEUED, due_at=now, has_document=True)
        self.model.answer(claim.mail.id)

    @rule(numbers=recipients, user=users)
    def queue(self, numbers: list[str], user: UserPolicy) -> None:
        """The way to the queue in one step: single steps seldom come to its end in the right order."""
        self.keys += 1
        self.accept(self.keys)
        while MailState.RECEIVED in self.model.mails.values():
            self.decide(numbers, user, (Priority.NORMAL, 0, 0))
        while MailState.SUBMITTED in self.model.mails.values():
            self.convert(refuse=False)

    @rule(minutes=st.integers(0, 3))
    def dial(self, minutes: int) -> None:
        now = self.small.clock.set_on(timedelta(minutes=minutes))
        self.model.expire(now)
        expected = self.model.callable_at(now)
        claimed = self.runner.run(self.small.book.claim_call({"main": CHANNELS}, LEASE, header))
        assert (claimed is None) is (not expected)
        if claimed:
            job, attempt = claimed
            assert job.id == expected[0]
            assert attempt.number == self.dials(job.id)
            self.model.open[attempt.id] = job.id
            self.model.change(job.id, state=JobState.DIALLING)

    def dials(self, job_id: str) -> int:
        history = self.runner.run(self.small.book.transitions_of(job_id))
        return sum(entry.transition is Transition.DIAL for entry in history)

    @precondition(lambda self: self.model.open)
    @rule(pick=any_number, status=statuses, again=st.booleans())
    def end_call(self, pick: int, status: Status | None, again: bool) -> None:  # noqa: FBT001 - as above
        """A call ends, or without a status is interrupted."""
        attempt_id = self.any_of(list(self.model.open), pick)
        if status is None:
            self.runner.run(self.small.book.record_interrupted(attempt_id))
            self.model.interrupt(attempt_id, self.small.clock())
            return
        later = self.small.clock() + timedelta(minutes=1) if again else None
        self.runner.run(self.small.book.record_outcome(attempt_id, self.small.outcome(status), later))
        job_id = self.model.open.pop(attempt_id)
        job = self.model.jobs[job_id]
        tries = job.tries + 1
        if status is Status.SUCCESS:
            self.model.end(job_id, JobState.SENT, tries=tries)
        elif job.cancelled_in_call or status is Status.JOB_CANCELLED:
            self.model.end(job_id, JobState.CANCELLED, tries=tries)
        elif later:
            self.model.change(job_id, state=JobState.WAITING, due_at=later, tries=tries)
        else:
            self.model.end(job_id, JobState.FAILED, tries=tries)

    @rule(status=statuses, again=st.booleans(), cancel=st.booleans(), repeats=st.integers(1, 6))
    def call(self, status: Status | None, again: bool, cancel: bool, repeats: int) -> None:  # noqa: FBT001 - as above
        """Calls one after the other, most of them for the same job."""
        for _ in range(repeats):
            self.dial(1)
            if self.model.open:
                if cancel:
                    self.cancel(sorted(self.model.jobs).index(next(iter(self.model.open.values()))))
                self.end_call(0, status, again)

    @rule()
    def crash(self) -> None:
        """The process ends without a word; another one comes."""
        self.runner.run(self._compare())
        self.runner.run(self.stack.aclose())
        self.open()
        gone = f"here/{self.opened - 1}/x"
        released = self.runner.run(self.small.book.release_dead_owners(lambda owner: owner == gone))
        assert sorted(released.interrupted) == sorted(self.model.open)
        for attempt_id in released.interrupted:
            self.model.interrupt(attempt_id, self.small.clock())

    # --- What people do -----------------------------------------------------------------------------------

    @precondition(lambda self: self.model.jobs)
    @rule(pick=any_number)
    def cancel(self, pick: int) -> None:
        job_id = self.any_of(list(self.model.jobs), pick)
        state = self.model.jobs[job_id].state
        result = self.runner.run(self.small.book.cancel(job_id, "ana"))
        if state in FINAL_STATES:
            assert result is CancelResult.ALREADY_FINAL
        elif state is JobState.DIALLING:
            assert result is CancelResult.WILL_HANG_UP
            self.model.change(job_id, cancelled_in_call=True)
        else:
            assert result is CancelResult.CANCELLED
            self.model.end(job_id, JobState.CANCELLED)

    @precondition(lambda self: self.model.jobs)
    @rule(pick=any_number, transition=st.sampled_from([Transition.HOLD, Transition.RELEASE]))
    def hold_or_release(self, pick: int, transition: Transition) -> None:
        job_id = self.any_of(list(self.model.jobs), pick)
        book = self.small.book
        act = book.hold if transition is Transition.HOLD else book.release
        try:
            self.runner.run(act(job_id, "root"))
        except IllegalTransition:
            assert self.model.jobs[job_id].state not in transition.sources
        else:
            assert self.model.jobs[job_id].state in transition.sources
            self.model.change(job_id, state=transition.target)

    # --- What must always hold ----------------------------------------------------------------------------

    async def _compare(self) -> None:
        for mail_id, state in self.model.mails.items():
            mail = await self.small.book.mail(mail_id)
            assert mail is not None
            assert mail.state is state
            jobs = await self.small.book.group(mail_id)
            assert {job.id for job in jobs} == set(self.model.of_mail(mail_id))
            for job in jobs:
                await self._compare_job(job)
            notices = await self.small.book.notices_of(mail_id)
            assert sorted((notice.id, notice.success) for notice in notices) == self._owed_notices(mail_id)

    async def _compare_job(self, job: FaxJob) -> None:
        expected = self.model.jobs[job.id]
        assert (job.state, job.tries, job.document is not None) == (
            expected.state,
            expected.tries,
            expected.has_document,
        )
        if job.state in Transition.DIAL.sources:
            assert job.due_at == expected.due_at
        assert (job.finished_at is not None) is job.state.final
        archives = job.user.archives if expected.told and expected.has_document else ()
        copies = [copy.id for copy in await self.small.book.copies_of(job.id)]
        assert copies == [f"{job.id}:{place}" for place in range(1, len(archives) + 1)]
        await self._check_history(job)

    async def _check_history(self, job: FaxJob) -> None:
        """Every step was legal, and the job became final at most once."""
        state = None
        for entry in await self.small.book.transitions_of(job.id):
            assert (entry.start, entry.end) == (state, entry.transition.target)
            assert state is None or state in entry.transition.sources
            state = entry.end
        assert state is job.state

    def _owed_notices(self, mail_id: str) -> list[tuple[str, bool]]:
        owed = []
        if mail_id in self.model.initial:
            success = self.model.initial[mail_id]
            if _wanted(self.model.users[mail_id].settings.notifications.initial, success=success):
                owed.append((f"initial:{mail_id}", success))
        for job_id in self.model.of_mail(mail_id):
            job = self.model.jobs[job_id]
            success = job.state is JobState.SENT
            if job.told and _wanted(job.user.settings.notifications.delivery, success=success):
                owed.append((f"delivery:{job_id}", success))
        return sorted(owed)


def _wanted(switches: NoticeSwitches, *, success: bool) -> bool:
    return switches.success if success else switches.failure


BookMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestBookMachine = BookMachine.TestCase
