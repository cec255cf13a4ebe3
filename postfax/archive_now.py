"""Where a copy goes when it is tried again: to its archive as the policy has it now. Pure.

A copy keeps the settings that its archive had when the fax ended. What kept it from being filed is often one
of them: a host key that was changed, a server that was replaced.
"""

from collections.abc import Iterator

from config.archive import ArchiveSettings
from config.policy import Policy
from config.settings import UserPolicy
from store.outbox import Copy


def archive_now(copy: Copy, then: UserPolicy, policy: Policy) -> ArchiveSettings:
    """The archive of a copy as it is now; as it was where the policy has none any more that could be meant.

    Args:
        copy: of a fax.
        then: what applied to the fax's sender when it ended.
        policy: of now.
    """
    user = policy.user(then.email)
    now = user.archives if user else ()
    same = [archive for archive in now if archive.goes_to == copy.archive.goes_to]
    if same:
        return same[0]
    if len(now) == len(then.archives):  # the level's archive is elsewhere now
        return now[int(copy.id.rpartition(":")[2]) - 1]
    return copy.archive


def archives_of(policy: Policy) -> Iterator[ArchiveSettings]:
    """Every archive that the policy of now has, each place once."""
    levels = (policy.company_level, *policy.departments.values())
    own = (user.level for user in policy.accounts.values() if user.entry.sets("archive"))
    found: dict[str, ArchiveSettings] = {}
    for level in (*levels, *own):
        archive = level.own.archive
        if archive.enabled:
            found.setdefault(archive.goes_to, archive)
    yield from found.values()
