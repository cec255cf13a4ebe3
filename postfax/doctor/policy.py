"""The settings and the policy: do they say what may be said? As `postfax check` tells it."""

import asyncio
from collections.abc import Sequence

from config.mistakes import ConfigError
from config.policy import Policy, read_policy
from notify.wording import count
from postfax.doctor.finding import Finding, failure, ok, warning
from postfax.doctor.site import Site
from postfax.live_policy import ReadPolicy, read_with_digest
from postfax.opening import make_book
from postfax.vanishing import departments_of, names_of, vanishing
from store.address import is_on_server
from store.errors import BookUnavailable, BookVersionError
from store.sqlite import book_path

_MOST = 5
"""Mistakes and cautions that are told one by one."""


async def settings(site: Site) -> Sequence[Finding]:
    """What stands in the settings; that they could be read is why there is a site."""
    mail = site.settings.mail
    told = [count(len(mail.listen), "listener"), count(len(site.settings.lines), "line")]
    if mail.pickup:
        told.append(count(len(mail.pickup), "pick-up account"))
    return [ok(f"no mistakes; {site.settings.domain}, {', '.join(told)}", subject=site.settings_file.name)]


async def policy(site: Site) -> Sequence[Finding]:
    """Mistakes, cautions, whether anybody may fax, and whether a running service takes the policy over."""
    try:
        read_now = await asyncio.to_thread(read_with_digest, site.settings.policy, tuple(site.settings.lines))
    except ConfigError as problem:
        advice = "Correct it; a running service keeps the policy that it has."
        told = [failure(str(mistake), advice) for mistake in problem.mistakes[:_MOST]]
        return told + _rest(len(problem.mistakes), "mistake")
    found = read_now.policy
    cautions = [
        warning(str(caution), "Leave it so if it is meant.") for caution in found.cautions[:_MOST]
    ] + _rest(len(found.cautions), "caution")
    cautions += await _vanishing(site, read_now)
    if not len(found):
        return [*cautions, warning("no mistakes, but nobody may fax", "Name users under users: in it.")]
    return [*cautions, ok(f"no mistakes; {count(len(found), 'user')} may fax")]


async def read(site: Site) -> Policy:
    """The policy.

    Raises:
        ConfigError: it has mistakes.
    """
    return await asyncio.to_thread(read_policy, site.settings.policy, lines=site.settings.lines)


async def _vanishing(site: Site, read_now: ReadPolicy) -> list[Finding]:
    """What keeps a running service from taking over what the files say now."""
    store = site.settings.store
    if not is_on_server(store) and not book_path(store).exists():
        return []
    try:
        async with make_book(site.settings) as book:
            gone = await vanishing(book, read_now.policy, read_now.digest)
    except (BookUnavailable, BookVersionError):
        return []  # the check of the book tells
    if not gone.refused:
        return []
    vanish = f"{count(len(gone.people), 'user')} would vanish with {departments_of(gone.people)}"
    advice = "Put it back, or say that it is meant: `postfax policy approve`."
    return [failure(f"a running service does not take it over: {vanish} ({names_of(gone.people)})", advice)]


def _rest(number: int, noun: str) -> list[Finding]:
    if number <= _MOST:
        return []
    return [warning(f"{count(number - _MOST, noun)} more", "`postfax check` tells all of them.")]
