"""The part of the book that the policy does not say: blocked numbers, locks, passwords, and who did what.

They change while the service runs, by commands, each with who did it. `store.book.Book` is the only kind of
it; what holds for the book's methods holds here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from store.access import BookAccess
from store.audit_entry import AuditAction, AuditEntry, AuditFilter
from store.block import Block, BlockChange, LivePatterns
from store.credential import Credential
from store.lock import Lock
from store.records import audit, blocks, credentials, locks, policies_seen, welcomes
from store.records.turn import Turn
from store.seen_policy import SeenPolicy, UsersByDepartment
from store.setup_code import SetupCode


class LiveFacts:
    """What applies beside the policy. `by` is always the person who wants it."""

    def __init__(self, access: BookAccess) -> None:
        self._access = access

    # --- Blocked numbers ----------------------------------------------------------------------------------

    async def block(
        self, patterns: Sequence[str], *, by: str, reason: str = "", reasons: Mapping[str, str] | None = None
    ) -> BlockChange:
        """Block numbers; what is blocked already stays as it is.

        Args:
            patterns: as the policy has them: `+12065551234`, `+1900*`, `+1???976*`.
            by: the person.
            reason: for whoever looks at the list.
            reasons: those of single patterns, in place of it.
        """
        own = reasons or {}
        wanted = {pattern: own.get(pattern, reason) for pattern in patterns}
        return await self._access.write(blocks.add_blocks, wanted, by=by)

    async def unblock(self, patterns: Sequence[str], *, by: str, reason: str = "") -> BlockChange:
        """Take patterns off the list, each as it is written there."""
        return await self._access.write(blocks.remove_blocks, patterns, reason=reason, by=by)

    async def blocks(self) -> tuple[Block, ...]:
        """The live list, by pattern."""
        return await self._access.read(blocks.all_blocks)

    async def blocking(self, e164: str) -> str:
        """The pattern of the live list that a number falls under; or an empty text."""
        return await self._access.read(blocks.blocking, e164)

    async def live_patterns(self, known: tuple[int, int] | None = None) -> LivePatterns | None:
        """All patterns of the live list; None if nothing has changed since the version that is known."""
        return await self._access.read(blocks.live_patterns, known)

    # --- Locks --------------------------------------------------------------------------------------------

    async def lock(self, user_email: str, *, by: str, reason: str = "") -> bool:
        """Lock an account; False if it was locked already."""
        return await self._access.write(locks.set_lock, user_email, reason=reason, by=by)

    async def unlock(self, user_email: str, *, by: str, reason: str = "") -> bool:
        """Let an account be used again; False if it was not locked."""
        return await self._access.write(locks.remove_lock, user_email, reason=reason, by=by)

    async def lock_of(self, user_email: str) -> Lock | None:
        """Whether an account is locked, and by whom."""
        return await self._access.read(locks.find_lock, user_email)

    async def locks(self) -> tuple[Lock, ...]:
        """Every lock, by account."""
        return await self._access.read(locks.all_locks)

    async def locked_accounts(self) -> frozenset[str]:
        """The accounts that are locked, in lower case."""
        return await self._access.read(locks.locked_accounts)

    # --- Passwords ----------------------------------------------------------------------------------------

    async def set_password(self, user_email: str, password_hash: str, by: str) -> None:
        """Keep the hash of an account's password, in place of the one before."""
        await self._access.write(credentials.set_password, user_email, password_hash, by)

    async def password_hash(self, user_email: str) -> str | None:
        """The hash of an account's password, for checking it."""
        return await self._access.read(credentials.password_hash, user_email)

    async def credential(self, user_email: str) -> Credential | None:
        """When an account's password was set, and by whom."""
        return await self._access.read(credentials.find_credential, user_email)

    async def remove_password(self, user_email: str, by: str) -> bool:
        """Forget an account's password; whether it had one."""
        return await self._access.write(credentials.remove_password, user_email, by)

    # --- Welcome messages and set-up codes ----------------------------------------------------------------

    async def welcome(
        self, user_email: str, address: str, *, by: str, code: str = "", setup: SetupCode | None = None
    ) -> str:
        """Owe a welcome message to an account; the notice's id.

        Args:
            user_email: the account.
            address: where it goes.
            by: the person.
            code: what it tells for setting up a password; empty for none.
            setup: the same code as it is kept.
        """
        return await self._access.write(_welcome, user_email, address, by=by, code=code, setup=setup)

    async def setup_code(self, user_email: str, now: datetime) -> SetupCode | None:
        """The code of an account that can be used now."""
        return await self._access.read(welcomes.find_setup_code, user_email, now)

    async def redeem(self, setup: SetupCode, password_hash: str) -> bool:
        """Use a code up: the account has this password from now on; False if it was used meanwhile."""
        return await self._access.write(welcomes.redeem, setup, password_hash)

    # --- Policies -----------------------------------------------------------------------------------------

    async def approve_policy(self, digest: str, *, by: str, detail: str = "") -> None:
        """Let users vanish with the policy that has this digest."""
        await self._access.write(policies_seen.approve_policy, digest, by=by, detail=detail)

    async def policy_approved_by(self, digest: str) -> str:
        """Who approved a policy; empty for nobody."""
        return await self._access.read(policies_seen.approved_by, digest)

    async def policy_taken_over(self, digest: str, users: UsersByDepartment) -> None:
        """The policy with this digest, and these users in it, is in force from now on."""
        packed = await self._access.in_thread(policies_seen.pack_users, users)
        await self._access.write(policies_seen.take_over, digest, packed)

    async def policy_in_force(self) -> SeenPolicy | None:
        """The policy that was in force last."""
        return await self._access.read(policies_seen.last_in_force)

    # --- Who did what -------------------------------------------------------------------------------------

    async def note_deed(self, action: AuditAction, subject: str, *, by: str, detail: str = "") -> None:
        """Write what somebody did outside the book, such as to the policy's files."""
        await self._access.write(audit.note, action, {subject: detail}, by=by)

    async def audit(self, wanted: AuditFilter | None = None) -> tuple[AuditEntry, ...]:
        """What people did, newest first."""
        return await self._access.read(audit.find_entries, wanted or AuditFilter())


def _welcome(
    turn: Turn, user_email: str, address: str, *, by: str, code: str, setup: SetupCode | None
) -> str:
    welcomes.note_welcome(turn, user_email, by=by, with_code=setup is not None)
    return welcomes.owe_welcome(turn, user_email, address, code=code, setup=setup)
