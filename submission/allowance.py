"""Whether a complete number may be faxed: premium rates, countries, blocked numbers."""

from collections.abc import Collection, Iterable

from config.fax import FaxSettings
from store.job import Refusal
from store.status import Status
from submission.number import FaxNumber


def refuse_number(number: FaxNumber, settings: FaxSettings, blocks: Collection[str]) -> Refusal | None:
    """Why the number may not be faxed, or None.

    Args:
        number: The number.
        settings: The sender's.
        blocks: Every block that applies: E.164 numbers, or prefixes with a trailing `*`.
    """
    if number.premium and not settings.premium_numbers:
        return _blocked(f"{number.e164} costs extra, and your policy does not allow premium-rate numbers.")
    if settings.allowed_countries and number.region not in settings.allowed_countries:
        allowed = ", ".join(settings.allowed_countries)
        return _blocked(f"{number.e164} is not in a country that your policy allows ({allowed}).")
    if blocked_by(number.e164, blocks):
        return _blocked(f"Faxes to {number.e164} are blocked.")
    return None


def blocked_by(e164: str, blocks: Collection[str]) -> str:
    """The block that a number falls under, or an empty text."""
    return next((block for block in _blocks_on(e164) if block in blocks), "")


def _blocks_on(e164: str) -> Iterable[str]:
    """Every entry that would block the number: itself, and each of its prefixes."""
    yield e164
    for length in range(len(e164), 0, -1):
        yield f"{e164[:length]}*"


def _blocked(explanation: str) -> Refusal:
    return Refusal(status=Status.BLOCKED, explanation=explanation)
