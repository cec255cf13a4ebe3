"""Takes over a changed policy while the service runs: as a whole, if it is right and no users vanish.

The old policy stays in force while the new one is read beside the event loop, and it stays if there are
mistakes. It stays also if users would vanish together with their department, which is what a lost file looks
like: until somebody says that it is meant (`postfax policy approve`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from config.datetimes import written
from config.difference import PolicyDifference, compare, policy_digest, snapshot_of
from config.mistakes import ConfigError
from notify.wording import count
from postfax.collector import collector_paused
from postfax.live_policy import LivePolicy, ReadPolicy
from postfax.notification_socket import notify_systemd
from postfax.opening import Clock
from postfax.policy_watch import policy_changes
from postfax.vanishing import PoliciesSeen, Vanishing, departments_of, names_of, vanishing
from store.errors import BookUnavailable
from store.seen_policy import UsersByDepartment

APPROVAL_SECONDS = 1.0
"""Between two looks whether a policy that waits was approved."""
ALERT = "the policy was not reloaded"
"""What those who are called are told of, at most once an hour."""

log = structlog.get_logger()


class PolicyBook(PoliciesSeen, Protocol):
    """`store.book.Book`, as far as it knows policies and is told of them."""

    async def policy_taken_over(self, digest: str, users: UsersByDepartment) -> None:
        """The policy with this digest, and these users in it, is in force from now on."""

    async def alert(self, subject_of_alert: str, sentence: str, contacts: Sequence[str]) -> tuple[str, ...]:
        """Tell the contacts by mail that something needs an administrator."""


class PolicyReload:
    """Keeps the policy that is in force up to date with its files.

    Args:
        book: knows which users there were, and what was approved.
        live: the policy in force.
        taken: called after another policy has come into force.
        clock: the time.
        allow_removal: whether users may vanish with their departments without being approved.
    """

    def __init__(
        self,
        book: PolicyBook,
        live: LivePolicy,
        taken: Callable[[], Awaitable[None]],
        *,
        clock: Clock,
        allow_removal: bool = False,
    ) -> None:
        self._book = book
        self._live = live
        self._taken = taken
        self._clock = clock
        self._allow_removal = allow_removal
        self._wanted = asyncio.Event()
        self._waits_for_approval = ""
        """The digest of the policy that would let users vanish; empty for none."""

    async def begin(self) -> None:
        """Tell who vanished since the last run: at the start there is no policy to fall back to."""
        policy, digest = self._live.current, self._live.digest
        try:
            gone = await vanishing(self._book, policy, digest)
            if gone.refused and not self._allow_removal:
                log.warning("users_vanished", **_facts_of(gone))
            await self._book.policy_taken_over(digest, await asyncio.to_thread(snapshot_of, policy))
        except BookUnavailable as problem:
            log.warning("policy_not_noted", cause=problem.cause or str(problem))

    def want(self) -> None:
        """Ask for the policy to be read again."""
        self._wanted.set()

    async def watch(self) -> None:
        """Ask for it whenever its files say something else, until cancelled."""
        async for _ in policy_changes(self._live.path):
            try:
                digest = await asyncio.to_thread(policy_digest, self._live.path)
            except (ConfigError, OSError):
                digest = ""  # the reload tells why they cannot be read
            if digest != self._live.digest or self._waits_for_approval:
                self.want()

    async def run(self) -> None:
        """Read it whenever that is asked for, or approved, until cancelled."""
        while True:
            try:
                await self._until_wanted()
                await self.reload()
            except Exception as problem:
                # A fault of ours in this must not keep the next policy out.
                log.error("policy_not_reloaded", exc_info=problem, **self._kept())
                await self._alert("The service met a fault of its own, which its log describes.")
                await asyncio.sleep(APPROVAL_SECONDS)

    async def reload(self) -> bool:
        """Read the policy now; whether what the files say is in force."""
        self._wanted.clear()
        notify_systemd("RELOADING=1")
        try:
            return await self._reload()
        finally:
            notify_systemd("READY=1")

    async def _reload(self) -> bool:
        with collector_paused():
            try:
                read = await self._live.read_again()
            except (ConfigError, OSError) as problem:
                self._waits_for_approval = ""
                await self._tell_mistakes(problem)
                return False
            if read.digest == self._live.digest:
                self._waits_for_approval = ""
                log.info("policy_unchanged")
                return True
            return await self._take_over(read)

    async def _take_over(self, read: ReadPolicy) -> bool:
        difference = await asyncio.to_thread(compare, self._live.current, read.policy)
        if difference.orphaned and not await self._may_vanish(read, difference):
            return False
        self._waits_for_approval = ""
        self._live.take(read, now=self._clock())
        log.info("policy_reloaded", users=len(read.policy), **_counts(difference))
        await self._hand_on()
        await self._note(read)
        return True

    async def _hand_on(self) -> None:
        """Tell who else works by the policy: it is in force, whatever becomes of that."""
        try:
            await self._taken()
        except Exception as problem:
            log.error("policy_not_handed_on", exc_info=problem)

    async def _may_vanish(self, read: ReadPolicy, difference: PolicyDifference) -> bool:
        approved_by = "" if self._allow_removal else await self._approved_by(read.digest)
        if self._allow_removal or approved_by:
            log.info("users_may_vanish", users=len(difference.orphaned), approved_by=approved_by)
            return True
        if self._waits_for_approval != read.digest:
            gone = Vanishing(people=difference.orphaned, approved_by="")
            log.error("policy_not_reloaded", **_facts_of(gone), **self._kept())
            await self._alert(
                f"{count(len(gone.people), 'user')} would vanish with their departments. "
                "Put the departments back, or say that it is meant with `postfax policy approve`."
            )
        self._waits_for_approval = read.digest
        return False

    async def _approved_by(self, digest: str) -> str:
        try:
            return await self._book.policy_approved_by(digest)
        except BookUnavailable as problem:
            log.warning("approval_not_known", cause=problem.cause or str(problem))
            return ""

    async def _note(self, read: ReadPolicy) -> None:
        """Let the next start know whom there were."""
        try:
            users = await asyncio.to_thread(snapshot_of, read.policy)
            await self._book.policy_taken_over(read.digest, users)
        except BookUnavailable as problem:
            log.warning("policy_not_noted", cause=problem.cause or str(problem))

    async def _until_wanted(self) -> None:
        while True:
            try:
                async with asyncio.timeout(APPROVAL_SECONDS if self._waits_for_approval else None):
                    await self._wanted.wait()
            except TimeoutError:
                if await self._approved_by(self._waits_for_approval):
                    return
            else:
                return

    async def _tell_mistakes(self, problem: ConfigError | OSError) -> None:
        mistakes = problem.mistakes if isinstance(problem, ConfigError) else [problem]
        log.error("policy_not_reloaded", mistakes=[str(mistake) for mistake in mistakes], **self._kept())
        number = count(len(mistakes), "mistake")
        await self._alert(f"Its files have {number}. `postfax check` shows what is wrong.")

    async def _alert(self, what: str) -> None:
        """Tell those who are called at the company's level; the mail goes out while the old policy holds."""
        policy = self._live.current
        since = written(self._live.loaded_at, policy.settings.datetime)
        sentence = f"{what} The policy that was loaded {since} stays in force."
        try:
            await self._book.alert(ALERT, sentence, policy.settings.alerts.contacts)
        except BookUnavailable as problem:
            log.warning("nobody_alerted", cause=problem.cause or str(problem))

    def _kept(self) -> dict[str, str]:
        return {"kept_since": self._live.loaded_at.isoformat()}


def _facts_of(gone: Vanishing) -> dict[str, object]:
    return {
        "cause": "users would vanish with their departments",
        "users": len(gone.people),
        "named": names_of(gone.people),
        "departments": departments_of(gone.people),
        "advice": "put the departments back, or say that it is meant: postfax policy approve",
    }


def _counts(difference: PolicyDifference) -> dict[str, int]:
    return {
        "added": len(difference.added),
        "removed": len(difference.removed),
        "moved": len(difference.moved),
        "settings": len({change.setting for change in difference.settings}),
        "touched": len(difference.touched),
    }
