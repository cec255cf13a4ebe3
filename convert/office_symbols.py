"""What LibreOffice would draw as a box, because no font here has it, drawn so that it can be read.

Word keeps a tick of Wingdings as a letter of a private area (U+F0FC): it becomes the character of Unicode
that looks the same, as on a form nobody could tell a tick from a cross. A character that no font has is
written by its name, as on the pages that we typeset ourselves. Needs nothing of ours: it stands beside
`convert.office_server` in LibreOffice's sandbox.
"""

import bisect
import functools
import subprocess
import unicodedata
from collections.abc import Iterator
from typing import Any

_PRIVATE = 0xF000
_FIRST = 0x20
_MOST = 5000
"""Places in one document that are mended."""
_FACE = "Symbola"
_NONE = "\ufffd"
_LAST = 0xFF
_BEYOND = 0x110000
_LOOKED_AT = ((0x250, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFFC), (0x10000, 0x1FBFF), (0x20000, 0x323AF))
"""Code points that are asked for: neither Latin, which every font has, nor halves nor private ones."""
_LUMPS = ((0x10000, 0x1EFFF), (0x20000, 0x323AF))
"""Where fonts have so many gaps that a regular expression which names each takes LibreOffice longer to read
than the document to search: all of these are found, and looked at here."""
_SEEN = "LNPS"
"""Categories of letters, digits, punctuation and symbols."""
_EMOJI = range(0x1F000, 0x1FB00)
"""Symbols all of them, also those that this Python has not heard of."""

# The rows are the 16 codes each that begin with 20, 30, … F0.
_SYMBOL = "".join((
    " !∀#∃%&∍()∗+,−./", "0123456789:;<=>?", "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟ", "ΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_",
    "‾αβχδεφγηιϕκλμνο", "πθρστυϖωξψζ{|}∼", _NONE * 33,
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓", "°±″≥×∝∂•÷≠≡≈…⏐⎯↵", "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓",
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪", _NONE, "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
))  # fmt: skip
_WINGDINGS = (
    " ✏✂✁👓🔔📖🕯☎✆✉✉📪📫📬📭"
    "📁📂📄🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍"
    "✍✌👌👍👎☜☞☝☟✋☺😐☹💣☠⚐"
    "🏱✈☼💧❄🕆✞🕈✠✡☪☯ॐ☸♈♉"
    "♊♋♌♍♎♏♐♑♒♓&&●❍■□"
    "□❑❒⬧⧫◆❖⬥☒⍓⌘❀✿❝❞▯"
    "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹"
    "❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•"
    "▪○○○◉◎○▪□✦✦★✶✴✹✵"
    "⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘"
    "🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗"
    "🙖🙐🙑🙒🙓⌫⌦⮘➢⮙⮛⮈➲⮉⮋←"
    "→↑↓↖↗↙↘←➔↑↓↖↗↙↘⇦"
    "⇨⇧⇩⬄⇳⬀⬁⬃⬂▭▫✗✓☒☑⊞"
)
_WINGDINGS_2 = {
    0x4F: "✗",
    0x50: "✓",
    0x51: "☒",
    0x52: "☑",
    0x53: "☒",
    0x54: "☒",
    0x97: "•",
    0x98: "●",
    0xA2: "■",
    0xA3: "□",
}
_WINGDINGS_3 = {
    0x70: "▲",
    0x71: "▼",
    0x72: "△",
    0x73: "▽",
    0x74: "◀",
    0x75: "▶",
    0x76: "◁",
    0x77: "▷",
    0x7D: "▶",
}
_WEBDINGS = {
    0x61: "✓",
    0x63: "□",
    0x67: "■",
    0x6E: "●",
    0x72: "✗",
    0x33: "◀",
    0x34: "▶",
    0x35: "▲",
    0x36: "▼",
}

TABLES: dict[str, dict[int, str]] = {
    "symbol": {_FIRST + place: letter for place, letter in enumerate(_SYMBOL) if letter != _NONE},
    "wingdings": {_FIRST + place: letter for place, letter in enumerate(_WINGDINGS)},
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
}
"""By the name of the font in small letters: what its codes look like."""


def in_unicode(text: str, font: str) -> str:
    """A text of a symbol font; what no table has stays as it is."""
    table = TABLES.get(font.lower(), {})
    return "".join(table.get(ord(letter) - _PRIVATE, letter) for letter in text)


def by_name(text: str) -> str:
    """Each character that can be seen by its name in brackets: `[melting face]`; all else as it is."""
    return "".join(f"[{_name(letter)}]" if _is_seen(letter) else letter for letter in text)


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] in _SEEN or ord(letter) in _EMOJI


def _name(letter: str) -> str:
    return unicodedata.name(letter, "").lower() or f"U+{ord(letter):04X}"


def mend(document: Any) -> None:
    """Replace what no font has all over a text document of LibreOffice."""
    for place in _places(document):
        before = place.String
        private = all(_PRIVATE <= ord(letter) <= _PRIVATE + _LAST for letter in before)
        if not private and not any(_is_lacking(letter) for letter in before):
            continue
        after = in_unicode(before, place.CharFontName) if private else by_name(before)
        if after != before:
            place.String = after
        if private and after != before:
            place.CharFontName = place.CharFontNameAsian = place.CharFontNameComplex = _FACE


def _places(document: Any) -> Iterator[Any]:
    wanted = document.createSearchDescriptor()
    wanted.SearchRegularExpression = True
    wanted.SearchString = _searched()
    found = document.findAll(wanted)
    for number in range(min(found.Count, _MOST)):
        yield found.getByIndex(number)


@functools.cache
def _searched() -> str:
    """A regular expression of all that may have to be mended."""
    one_by_one = (
        (first, last) for first, last in _lacking() if not any(begin <= first <= end for begin, end in _LUMPS)
    )
    private = (_PRIVATE + _FIRST, _PRIVATE + _LAST)
    return f"[{''.join(_range(*each) for each in (private, *one_by_one, *(_LUMPS if _lacking() else ())))}]"


def _is_lacking(letter: str) -> bool:
    place = bisect.bisect_right(_lacking(), (ord(letter), _BEYOND))
    return place > 0 and ord(letter) <= _lacking()[place - 1][1]


@functools.cache
def _lacking() -> tuple[tuple[int, int], ...]:
    """The code points that no font of this host has: ranges in their order."""
    try:
        asked = subprocess.run(
            ["fc-list", ":color=false", "--format", "%{charset}\n"],  # noqa: S607 - wherever the host has it
            capture_output=True, timeout=30, check=True, text=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(lacking(asked.stdout))


def lacking(charsets: str) -> Iterator[tuple[int, int]]:
    """Ranges of what is asked for that is in none of fontconfig's charsets, a line for each font."""
    ranges = sorted(
        (int(first, 16), int(last or first, 16))
        for first, _, last in (part.partition("-") for part in set(charsets.split()))
    )
    for begin, end in _LOOKED_AT:
        free = begin
        for first, last in ranges:
            if last < free or first > end:
                continue
            if first > free:
                yield free, first - 1
            free = max(free, last + 1)
        if free <= end:
            yield free, end


def _range(first: int, last: int) -> str:
    return f"\\x{{{first:X}}}-\\x{{{last:X}}}"
