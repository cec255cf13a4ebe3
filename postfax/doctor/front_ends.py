"""Front ends: mail servers before us must not read one mail of a client as two (SMTP smuggling).

Postfax refuses bare line feeds itself, but one that takes them for line ends lets a stranger hide a second
mail in the first, and hands it on as its own. A Postfix on this host can be asked; others cannot.
"""

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from postfax.doctor.finding import Finding, not_checked, ok, warning
from postfax.doctor.site import Site

_SETTING = "smtpd_forbid_bare_newline"
_ADVICE = (
    f"On a Postfix: postconf -e {_SETTING}=normalize smtpd_forbid_unauth_pipelining=yes && postfix reload "
    "(from 3.7.10 or 3.8.5 on)."
)
_GOOD = {"yes", "normalize", "reject"}


def ask_postfix() -> str | None:
    """The setting of the Postfix on this host, empty if it is too old to know it; None without a Postfix."""
    try:
        shown = subprocess.run(
            ["postconf", "-h", _SETTING],  # noqa: S607 - wherever the host has it
            capture_output=True, timeout=5, check=False, text=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return shown.stdout.strip().lower()


async def front_ends(site: Site, *, ask: Callable[[], str | None] = ask_postfix) -> Sequence[Finding]:
    """What the Postfix here says, or a reminder."""
    networks = site.settings.mail.front_ends
    if not networks:
        return [ok("none; mail comes straight from its senders")]
    findings: list[Finding] = []
    if any(ip_address(address) in network for network in networks for address in ("127.0.0.1", "::1")):
        said = await asyncio.to_thread(ask)
        if said is not None:
            findings.append(_judged(said))
    elsewhere = [network for network in networks if not network.is_loopback]
    if elsewhere or not findings:
        told = ", ".join(map(str, elsewhere or networks))
        findings.append(
            not_checked(f"whether {told} takes bare line feeds for line ends is not seen here", _ADVICE)
        )
    return findings


def _judged(said: str) -> Finding:
    if said in _GOOD:
        return ok(f"{_SETTING} = {said}", subject="Postfix on this host")
    found = f"{_SETTING} = {said}" if said else f"it does not know {_SETTING}"
    return warning(f"{found}: SMTP smuggling gets through", _ADVICE, subject="Postfix on this host")
