"""The recipients of a mail: every address of the envelope, each number once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from config.domain_name import ascii_domain
from config.settings import UserPolicy
from store.job import Recipient, Refusal
from store.mail import Envelope
from store.status import Status
from submission.address import UnknownOption, display_name, local_part_of, read_addressee
from submission.allowance import Blocks, refuse_number
from submission.number import Unreadable
from submission.written import Written, refuse_directive, refuse_unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedRecipient:
    """A recipient as the envelope names it."""

    recipient: Recipient
    addresses: tuple[str, ...]
    directives: tuple[Written, ...] = ()
    """What the address asks for."""
    refusal: Refusal | None = None
    """Why this one gets no fax."""


def read_recipients(
    envelope: Envelope, names: dict[str, str], user: UserPolicy, *, domains: Sequence[str], blocks: Blocks
) -> list[NamedRecipient]:
    """Every recipient of the envelope, each once, in its order.

    Args:
        envelope: Its recipients are the ones that count (Bcc works).
        names: Display names by address in lower case.
        user: The sender, and everything that applies to them.
        domains: The mail domains whose addresses are fax numbers.
        blocks: Every block that applies.
    """
    ours = set(map(ascii_domain, domains))
    found: dict[tuple[str, str], NamedRecipient] = {}
    for address in envelope.recipients:
        if ascii_domain(address.rpartition("@")[2]) in ours:
            named = _read(address, display_name(address, names), user, blocks)
        else:
            named = _elsewhere(address, display_name(address, names), domains[0])
        key = named.recipient.number.casefold(), named.recipient.subaddress
        found[key] = _joined(found[key], named) if key in found else named
    return list(found.values())


def _joined(first: NamedRecipient, again: NamedRecipient) -> NamedRecipient:
    """A number that is named twice has one fax, if both ask for the same and neither is refused."""
    addresses = (*first.addresses, *again.addresses)
    if _asked(first.directives) == _asked(again.directives) or again.refusal:
        named = replace(first.recipient, name=first.recipient.name or again.recipient.name)
        refusal = first.refusal or again.refusal
        return replace(first, recipient=named, addresses=addresses, refusal=refusal)
    refusal = refuse_directive(
        f"{first.recipient.number} is named twice, as {' and '.join(addresses)}, and each asks for something "
        "else.",
        "Nothing was sent to it. Write to it once.",
    )
    return replace(first, addresses=addresses, refusal=first.refusal or refusal)


def _asked(directives: Iterable[Written]) -> set[tuple[str, str]]:
    return {(one.name, one.value.casefold()) for one in directives}


def _elsewhere(address: str, name: str, domain: str) -> NamedRecipient:
    elsewhere = Unreadable(explanation=f"'{address}' is not an address of {domain}.")
    return _refused(address, address, name, _invalid(elsewhere))


def _read(address: str, name: str, user: UserPolicy, blocks: Blocks) -> NamedRecipient:
    local_part = local_part_of(address)
    addressee = read_addressee(local_part, user.settings.fax.default_region)
    if isinstance(addressee, Unreadable):
        return _refused(address, local_part or address, name, _invalid(addressee))
    if isinstance(addressee, UnknownOption):
        unknown = refuse_unknown([addressee.quote], user.settings.fax.directives)
        return _refused(address, addressee.number or address, name, unknown)
    return NamedRecipient(
        recipient=Recipient(number=addressee.number.e164, subaddress=addressee.subaddress, name=name),
        addresses=(address,),
        directives=addressee.directives,
        refusal=refuse_number(addressee.number, user.settings.fax, blocks),
    )


def _refused(address: str, number: str, name: str, refusal: Refusal) -> NamedRecipient:
    return NamedRecipient(
        recipient=Recipient(number=number, name=name), addresses=(address,), refusal=refusal
    )


def _invalid(problem: Unreadable) -> Refusal:
    return Refusal(status=Status.INVALID_FAX_NUMBER, explanation=problem.explanation, advice=problem.advice)
