"""The part of the book that erases what is kept of a sender or of a number, on request.

`store.book.Book` is the only kind of it; what holds for the book's methods holds here.
"""

from collections.abc import Callable, Sequence

from store.erasure import Erased, ErasurePlan, ErasureWish
from store.purge import PurgeRule, PurgeRun
from store.records import erasure, interventions
from store.records.retention import GROUP
from store.upkeep import Upkeep

_UNDER_WAY = "a fax of it is under way, or it is still to be read; erase again when that has ended"
_OWED = "a notice or a copy of it is still to be delivered; erase again afterwards, or without it"
_LETTERS = "23456789bcdfghjkmnpqrstvwxyz"


class Erasing(Upkeep):
    """Erasure on request."""

    async def kept_of(self, wish: ErasureWish) -> ErasurePlan:
        """What is kept of a sender or a number."""
        return await self._access.read(erasure.find_kept, wish)

    async def erase(
        self,
        wish: ErasureWish,
        *,
        by: str,
        undelivered: bool = False,
        tell: Callable[[int], None] = lambda _: None,
    ) -> Erased:
        """Erase what is kept of a sender or a number; faxes that wait are cancelled first, calls hung up.

        It may be ended anywhere and begun again. Other writes go between its small ones.

        Args:
            wish: whose.
            by: who wants it.
            undelivered: whether also mails are erased of which a notice or a copy is still to be delivered.
            tell: is told how many mails were erased.

        Raises:
            BodiesUnavailable: the object store with its mails and documents cannot be used.
        """
        await self._access.in_thread(self._bodies.check)
        plan = await self.kept_of(wish)
        run = PurgeRun(at=self._clock(), rule=PurgeRule.ERASURE, kept=None)
        pseudonym = "erased-" + "".join(self._rng.choices(_LETTERS, k=8))
        for job_id in plan.unfinished:
            await self._access.write(interventions.cancel, job_id, by)
        left = await self._left(plan.mails, undelivered=undelivered)
        ready = [mail_id for mail_id in plan.mails if mail_id not in left]
        mails = documents = octets = 0
        for start in range(0, len(ready), GROUP):
            group = ready[start : start + GROUP]
            removed, gone = await self._access.write(erasure.erase_mails, group, wish, pseudonym, run)
            await self._access.in_thread(self._bodies.remove, removed.references)
            mails, documents, octets = mails + removed.mails, documents + gone.documents, octets + gone.octets
            tell(mails)
        rest = await self._access.write(erasure.erase_the_rest, wish, pseudonym, run)
        refusals, quarantined, audited, removed = rest
        await self._access.in_thread(self._bodies.remove, removed.references)
        kind = "a sender" if wish.sender else "a number"
        await self._access.write(
            erasure.note_erasure, pseudonym, f"{kind}: {mails} mails, {documents} documents", by=by
        )
        remaining = await self.kept_of(wish)
        return Erased(
            pseudonym=pseudonym,
            mails=mails,
            faxes=plan.faxes - remaining.faxes,
            documents=documents,
            octets=octets,
            refusals=refusals,
            quarantined=quarantined,
            audited=audited,
            left=tuple(left.items()),
            wiped=await self.wipe(),
        )

    async def _left(self, ids: Sequence[str], *, undelivered: bool) -> dict[str, str]:
        """The mails that cannot be erased yet, each with the reason."""
        unfinished = await self._access.read(erasure.unfinished_mails, ids)
        left = dict.fromkeys(sorted(unfinished), _UNDER_WAY)
        if undelivered:
            ready = [each for each in ids if each not in left]
            for start in range(0, len(ready), GROUP):
                await self._access.write(erasure.withhold, ready[start : start + GROUP])
            return left
        owing = await self._access.read(erasure.owing_mails, ids)
        return dict.fromkeys(sorted(owing), _OWED) | left
