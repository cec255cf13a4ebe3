"""Authentication-Results (RFC 8601): read and written. Pure.

The grammar is that of RFC 8601 §2.2 with what large providers write besides: property values that are no
tokens (`header.b=aB/c+`), pairs without a property type (`action=none`), empty results (`;;`). Everything
else that is not the grammar is not read at all: half of a field that is believed is worse than none. ARC's
own field (RFC 8617 §4.1.1) has the same grammar behind its instance.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

FIELD_LIMIT = 32 * 1024
"""Characters of a field that is read."""

_COMMENT_DEPTH = 20
_BLANK = re.compile(r"[ \t\r\n]+")
# RFC 2045 §5.1, and beyond ASCII (RFC 8601 §2.2 with RFC 6532).
_PLAIN = r"!#$%&'*+\-.0-9A-Z^_`a-z{|}~\u0080-\U0010ffff"
_TOKEN = re.compile(rf"[{_PLAIN}]+")
_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n]|\r\n[ \t])*)"')
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_DIGITS = re.compile(r"[0-9]{1,9}")
_VALUE = re.compile(r'[^ \t\r\n;()"\\]+')
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodResult:
    """What one method found: `dkim=pass header.d=hospital.example`."""

    method: str
    """In lower case: `spf`, `dkim`, `dmarc`, `arc`, `auth`, …"""
    result: str
    """In lower case: `pass`, `fail`, …"""
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    """Names as `smtp.mailfrom`, in lower case, with their values, in order."""

    def value(self, name: str) -> str:
        """The value of a property; empty if it is not there, or there with different values."""
        values = {value for key, value in self.properties if key == name}
        return values.pop() if len(values) == 1 else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthenticationResults:
    """One field."""

    authserv_id: str
    """Who says it, as written. Compare without regard to case (RFC 8601 §2.5 lets it be a domain name)."""
    results: tuple[MethodResult, ...] = ()
    """Empty where it says `none`."""

    def of(self, method: str) -> tuple[MethodResult, ...]:
        """The results of one method; DKIM has one for each signature."""
        return tuple(result for result in self.results if result.method == method)


_COMPOSED = 1024
"""Fields that are remembered: the mails of one sender have the same."""


def parse(value: str) -> AuthenticationResults | None:
    """What the value of an Authentication-Results field says, folded or not; None if it is none."""
    if len(value) > FIELD_LIMIT:
        return None
    try:
        return _Reader(value).payload()
    except _NotTheGrammar:
        return None


def parse_sealed(value: str) -> tuple[int, AuthenticationResults] | None:
    """The instance and the results of an ARC-Authentication-Results field (RFC 8617 §4.1.1)."""
    instance, separator, rest = value.partition(";")
    name, _, number = (part.strip() for part in instance.partition("="))
    results = parse(rest) if separator else None
    if results is None or name.lower() != "i" or not _DIGITS.fullmatch(number):
        return None
    return int(number), results


@lru_cache(_COMPOSED)
def compose(field: AuthenticationResults) -> str:
    """The value of the field, unfolded. What stands in it cannot end it or begin another result."""
    head = _written(field.authserv_id, quoted="@" in field.authserv_id)
    if not field.results:
        return f"{head}; none"
    return "; ".join([head, *(_composed(result) for result in field.results)])


def _composed(result: MethodResult) -> str:
    words = [f"{result.method}={result.result}"]
    if result.reason:
        words.append(f"reason={_written(result.reason, quoted=True)}")
    words.extend(f"{name}={_written(value)}" for name, value in result.properties)
    return " ".join(words)


def _written(value: str, *, quoted: bool = False) -> str:
    """A token, or a quoted text without control characters."""
    text = _NO_TEXT.sub(" ", value)
    local, at, domain = text.rpartition("@")
    tokens = [domain, *([local] if local else [])] if at else [text]
    if not quoted and all(_TOKEN.fullmatch(token) for token in tokens):
        return text
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


class _NotTheGrammar(Exception):  # noqa: N818 - named as what is wrong
    pass


class _Reader:
    """A reader of one value, by recursive descent; every step moves `_at` forward or raises."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def payload(self) -> AuthenticationResults:
        self._skip_blanks()
        authserv_id = self._token_or_quoted()
        self._skip_blanks()
        self._take(_DIGITS)  # authres-version
        self._skip_blanks()
        results: list[MethodResult] = []
        while not self._ended():
            self._demand(";")
            self._skip_blanks()
            if not self._ended() and self._peek() != ";" and (result := self._resinfo()):
                results.append(result)
        return AuthenticationResults(authserv_id=authserv_id, results=tuple(results))

    def _resinfo(self) -> MethodResult | None:
        """One result; None for the `none` that stands where there is no result."""
        method = self._keyword()
        self._skip_blanks()
        if method == "none" and (self._ended() or self._peek() == ";"):
            return None
        if self._accept("/"):
            self._skip_blanks()
            self._need(_DIGITS)
            self._skip_blanks()
        self._demand("=")
        self._skip_blanks()
        result = self._keyword()
        self._skip_blanks()
        pairs = list(self._pairs())
        reason = pairs.pop(0)[1] if pairs and pairs[0][0] == "reason" else ""
        return MethodResult(method=method, result=result, reason=reason, properties=tuple(pairs))

    def _pairs(self) -> Iterable[tuple[str, str]]:
        while not self._ended() and self._peek() != ";":
            name = self._keyword()
            self._skip_blanks()
            if self._accept("."):
                self._skip_blanks()
                name = f"{name}.{self._keyword()}"
                self._skip_blanks()
            self._demand("=")
            self._skip_blanks()
            yield name, self._value()
            self._skip_blanks()

    def _value(self) -> str:
        """A token, a quoted text, or an address: `@example.org`, `"a b"@example.org`."""
        parts = []
        while not self._ended():
            if (quoted := self._take(_QUOTED)) is not None:
                parts.append(_unquoted(quoted))
            elif (plain := self._take(_VALUE)) is not None:
                parts.append(plain)
            else:
                break
        if not parts:
            raise _NotTheGrammar
        return "".join(parts)

    def _token_or_quoted(self) -> str:
        quoted = self._take(_QUOTED)
        return self._need(_TOKEN) if quoted is None else _unquoted(quoted)

    def _keyword(self) -> str:
        return self._need(_KEYWORD).lower()

    # --- Characters ---------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        return self._at >= len(self._text)

    def _peek(self) -> str:
        return self._text[self._at]

    def _accept(self, character: str) -> bool:
        if self._ended() or self._peek() != character:
            return False
        self._at += 1
        return True

    def _demand(self, character: str) -> None:
        if not self._accept(character):
            raise _NotTheGrammar

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self._text, self._at)
        if not found:
            return None
        self._at = found.end()
        return found[0]

    def _need(self, pattern: re.Pattern[str]) -> str:
        found = self._take(pattern)
        if found is None:
            raise _NotTheGrammar
        return found

    def _skip_blanks(self) -> None:
        """CFWS: white space and comments, which may stand in one another (RFC 5322 §3.2.2)."""
        while self._take(_BLANK) is not None or (not self._ended() and self._peek() == "("):
            if not self._ended() and self._peek() == "(":
                self._skip_comment()

    def _skip_comment(self) -> None:
        depth = 0
        while not self._ended():
            character = self._peek()
            self._at += 2 if character == "\\" else 1
            depth += (character == "(") - (character == ")")
            if depth == 0:
                return
            if depth > _COMMENT_DEPTH:
                break
        raise _NotTheGrammar


def _unquoted(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1].replace("\r\n", ""))
