"""Domain names by the organisation that owns them.

The organisational domain (RFC 7489 §3.2) is found with the public suffix list that the `publicsuffixlist`
package carries; the version of that package is the list's date, and it is pinned in the lock file.
"""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from config.domain_name import ascii_domain


@lru_cache(maxsize=10_000)
def organisational_domain(domain: str) -> str:
    """The domain directly below its public suffix: `example.co.uk` of `mx.example.co.uk`.

    A name that is itself a public suffix stands for itself.
    """
    return suffix_list().privatesuffix(domain) or domain


def aligned(proven: str, claimed: str) -> bool:
    """Whether two domains belong to one organisation (relaxed alignment, RFC 7489 §3.1.2)."""
    first, second = ascii_domain(proven), ascii_domain(claimed)
    if first is None or second is None:
        return False
    return organisational_domain(first) == organisational_domain(second)


@cache
def suffix_list() -> PublicSuffixList:
    """The list, read once; that takes about 50 ms."""
    return PublicSuffixList()
