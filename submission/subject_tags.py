"""Directives in a subject: `Referral for Monday /cover=none /ref=4711`.

A tag begins with a slash at the beginning or behind a space, and counts only if its key is a directive's
name, so that `24/7`, `and/or` and `/path=x` stay text. A value ends at a space; `_` stands for a space in it,
or the value stands in double quotes, also in those that telephones make of straight ones.
"""

import re

from submission.written import Place, Written, directive_named

_TAG = re.compile(
    r"""(?<!\S)/(?P<name>[A-Za-z_-]{1,20})=
    (?:"(?P<quoted>[^"]*)"|[“”„](?P<typeset>[^“”„]*)[“”]|(?P<bare>[^\s"“”„]*))(?!\S)""",
    re.VERBOSE,
)
# `[FAX] 2065551234, +4930123456`: where a mailbox takes numbers from subjects, that is no subject to print.
_ADDRESSED = re.compile(r"\s*\[\s*FAX\s*\][\s:,;|]*[0-9+][0-9+().,;\s-]*", re.IGNORECASE)


def split_subject(subject: str) -> tuple[str, list[Written]]:
    """The subject without its tags, and what they say."""
    found: list[Written] = []

    def take(tag: re.Match[str]) -> str:
        name = directive_named(tag["name"])
        if not name:
            return tag[0]
        bare = tag["bare"] or ""
        value = tag["quoted"] or tag["typeset"] or bare.replace("_", " ")
        found.append(Written(name=name, value=value.strip(), quote=tag[0], place=Place.SUBJECT))
        return " "

    rest = _TAG.sub(take, subject)
    rest = " ".join(rest.split()) if found else subject
    return ("" if _ADDRESSED.fullmatch(rest) else rest), found
