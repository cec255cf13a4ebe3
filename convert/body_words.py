"""Whether one of a mail's two bodies says all that the other says: by their words. Pure."""

import html as entities
import re
from collections.abc import Iterator

from markupsafe import Markup

_MISSING = 0.03
"""Share of a body's different words that may be missing: where programs end words differently."""
_WORD = re.compile(r"\w+")
# What programs write into the text for a picture: its name, mostly in brackets.
_PICTURE = re.compile(
    r"\[(?:cid|image|bild|inline image)\s*:?[^\]\n]{0,200}\]|\[https?://[^\]\s]{0,2000}\]"
    r"|\b[^\s/<>\[\]]{1,80}\.(?:png|jpe?g|gif)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<?(?:https?|ftp|mailto|tel):[^\s<>]+>?", re.IGNORECASE)
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<unseen>script|style|title)\b.*?(?:</(?P=unseen)[^>]*>?|\Z)|<[a-z/?!][^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_INLINE_TAG = re.compile(r"</?(?:b|strong|i|em|u|s|sub|sup|code)>")
_TAG = re.compile(r"<[^>]*>")
_NO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def says_all_of(one: str, other: str) -> bool:
    """Whether nearly all words of the other text, and all its numbers, are in the one."""
    wanted = set(_words(_ADDRESS.sub(" ", _PICTURE.sub(" ", other))))
    missing = wanted - set(_words(one))
    return not any(map(_is_number, missing)) and len(missing) <= _MISSING * len(wanted)


def _words(text: str) -> Iterator[str]:
    # In scripts without blanks a run of letters is a sentence, which other line ends cut elsewhere.
    for found in _WORD.finditer(_NO_WIDTH.sub("", text).casefold()):
        word = found[0].strip("_")
        yield from word if word > "\u0e00" else (word,) if word else ()


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def words_of_html(html: str) -> str:
    """What HTML says that is nested too deeply to be read as such: its text, a line for each element."""
    return entities.unescape(re.sub(r"\s*\n\s*", "\n", _MARKUP.sub("\n", html)))


def words_of_markup(content: Markup) -> str:
    """What a page says: the words of different blocks apart, those with a letter in bold whole."""
    return Markup(_TAG.sub(" ", _INLINE_TAG.sub("", content))).unescape()  # noqa: S704 - without any tags
