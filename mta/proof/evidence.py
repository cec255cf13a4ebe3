"""What SPF, DKIM, DMARC and ARC found out about a mail: the values that the verdict is made of."""

from dataclasses import dataclass
from enum import StrEnum

from mta.proof.authentication_results import AuthenticationResults


class SpfCode(StrEnum):
    """The results of RFC 7208 §2.6."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpfResult:
    """What SPF says of a client and a domain."""

    code: SpfCode
    domain: str
    """The domain whose record was evaluated, as A-labels."""
    detail: str = ""
    """The mechanism that matched, or what went wrong: for the log and for `postfax show`."""
    out_of_time: bool = False
    """A temperror because the evaluation as a whole took too long."""


class DkimCode(StrEnum):
    """The results of RFC 8601 §2.7.1 that a signature can have here."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    POLICY = "policy"
    """It may verify, and proves nothing all the same: a weak key, SHA-1, a part of the body only."""
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


@dataclass(frozen=True, kw_only=True, slots=True)
class DkimResult:
    """What one DKIM signature (RFC 6376) is worth."""

    code: DkimCode
    domain: str
    """The `d=` tag, in lower case."""
    selector: str = ""
    algorithm: str = ""
    """`rsa-sha256` or `ed25519-sha256`, or what else stands there."""
    reason: str = ""
    """Why it is no pass."""


class DmarcCode(StrEnum):
    """What became of the search for a DMARC record (RFC 7489 §6.6.3)."""

    FOUND = "found"
    NONE = "none"
    PERMERROR = "permerror"
    """There is one, or there are several, but none that can be applied."""
    TEMPERROR = "temperror"


class DmarcPolicy(StrEnum):
    """What the owner of a domain asks for where its mail is not proven (RFC 7489 §6.3)."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class DmarcResult:
    """The DMARC record that holds for a From domain."""

    code: DmarcCode
    domain: str = ""
    """Where the record stands: the From domain, or its organisational domain."""
    policy: DmarcPolicy = DmarcPolicy.NONE
    """For this From domain: `sp`, `pct=0` and `t=y` are considered."""
    strict_spf: bool = False
    strict_dkim: bool = False
    detail: str = ""
    """What is wrong with the record, or with the search."""

    @property
    def enforced(self) -> bool:
        """Whether unproven mail must not be taken."""
        return self.policy is not DmarcPolicy.NONE


class ArcCode(StrEnum):
    """The state of a chain (RFC 8617 §4.4), and why it was not found out."""

    PASS = "pass"  # noqa: S105 - a result, no password
    FAIL = "fail"
    NONE = "none"
    POLICY = "policy"
    """Not looked into: its last sealer is not trusted, or it is longer than any forwarder makes it."""
    TEMPERROR = "temperror"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArcHop:
    """One ARC set."""

    domain: str
    """Who sealed it, in lower case."""
    results: AuthenticationResults | None
    """What the sealer found when the mail came to it; None if that cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArcResult:
    """What an ARC chain (RFC 8617) is worth."""

    code: ArcCode
    hops: tuple[ArcHop, ...] = ()
    """The last one first."""
    reason: str = ""
