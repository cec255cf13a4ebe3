"""Who sent a fax, as lists and exports tell it: of the policy as it was then, and without the rest of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """The user of a fax."""

    email: str
    """The account address."""
    name: str
    """Empty for a sender whom the policy did not know any more, and so is the company."""
    company: str
    custom_fields: Mapping[str, str]
