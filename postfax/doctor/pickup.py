"""The mailboxes that mails are fetched from: can they be reached, and are we let in? No mail is looked at."""

import asyncio
import ssl
import time
from collections.abc import Sequence

from config.mail import Pickup
from mta.imap.connection import ImapConnection
from mta.imap.oauth import TokenSource
from mta.imap.secret_file import read_secret
from mta.imap.trouble import PickupTrouble
from postfax.doctor.finding import Finding, failure, ok
from postfax.doctor.site import Site

_SECONDS = 12.0


async def pickup(site: Site) -> Sequence[Finding]:
    """Each mailbox."""
    accounts = site.settings.mail.pickup
    if not accounts:
        return [ok("none; no mail is fetched")]
    return await asyncio.gather(*(_account(account) for account in accounts))


async def _account(account: Pickup) -> Finding:
    subject = f"{account.username} at {account.host}:{account.port}"
    try:
        async with asyncio.timeout(_SECONDS):
            how = await _log_in(account)
    except PickupTrouble as problem:
        why = f" It said: {problem.cause}" if problem.cause else ""
        advice = f"Check mail.pickup.{why}"
        return failure(problem.sentence.rstrip("."), advice, subject=subject)
    except TimeoutError:
        advice = "Check its address and port under mail.pickup, and the firewall."
        return failure(f"no answer within {_SECONDS:g} s", advice, subject=subject)
    return ok(f"lets us in by {how}", subject=subject)


async def _log_in(account: Pickup) -> str:
    """Connect, log in, log out; by what we were let in.

    Raises:
        PickupTrouble: no connection, or not let in.
    """
    connection = await ImapConnection.open(account, ssl.create_default_context())
    try:
        if account.oauth:
            token = await TokenSource(account.oauth, monotonic=time.monotonic).token()
            await connection.log_in_with_token(account.username, token)
            return "access token"
        if account.password_file:
            await connection.log_in(account.username, read_secret(account.password_file))
        return "password"
    finally:
        await connection.close()
