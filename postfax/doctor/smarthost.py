"""The way of notices: everything that is done to hand one over, up to the recipient; no mail is sent."""

import asyncio
from collections.abc import Sequence

from config.mistakes import ConfigError
from notify.mailer import MailPermanent, MailTemporary, NotServed, Rehearsal
from postfax.doctor.finding import Finding, failure, not_checked, ok, warning
from postfax.doctor.policy import read
from postfax.doctor.site import Site
from postfax.mail_carrier import make_mail_carrier

_SECONDS = 12.0
_NOTHING_LOST = "Notices wait meanwhile, and none is lost. Check mail.smarthost."


async def smarthost(site: Site) -> Sequence[Finding]:
    """Whether notices would be taken."""
    settings = site.settings.mail.smarthost
    recipient = site.recipient or await _first_user(site)
    domain = recipient.rpartition("@")[2]
    if settings.direct and not domain:
        return [not_checked("there is no user whose mail server could be asked")]
    subject = f"the mail servers of {domain}" if settings.direct else f"{settings.host}:{settings.port}"
    mailer = make_mail_carrier(site.settings)
    try:
        async with asyncio.timeout(_SECONDS):
            rehearsal = await mailer.rehearse(recipient)
    except NotServed as problem:
        advice = (
            f"Have the smarthost take mail with a null return path from this host, and for "
            f"{recipient or 'our users'}. Notices wait meanwhile, and none is lost."
        )
        return [failure(problem.detail.rstrip("."), advice, subject=subject)]
    except MailPermanent as problem:
        advice = f"Have it take mail for {recipient or 'our users'}: notices to there are given up."
        return [failure(problem.detail.rstrip("."), advice, subject=subject)]
    except MailTemporary as problem:
        return [failure(problem.detail.rstrip("."), _NOTHING_LOST, subject=subject)]
    except TimeoutError:
        return [failure(f"no answer within {_SECONDS:g} s", _NOTHING_LOST, subject=subject)]
    return [_judged(rehearsal, recipient, subject)]


def _judged(rehearsal: Rehearsal, recipient: str, subject: str) -> Finding:
    steps = [
        rehearsal.tls_version or "without TLS",
        "login taken" if rehearsal.logged_in else "without login",
    ]
    steps.append(f"takes notices to {recipient}" if recipient else "takes our null return path")
    told = ", ".join(steps)
    if rehearsal.logged_in and not rehearsal.tls_version:
        return warning(
            told, "The password goes over the network in the clear: mail.smarthost.tls.", subject=subject
        )
    return ok(told, subject=subject)


async def _first_user(site: Site) -> str:
    try:
        policy = await read(site)
    except ConfigError:
        return ""
    return next((user.email for user in policy.users), "")
