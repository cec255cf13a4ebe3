"""Letters of symbol fonts that this host does not have, as the characters of Unicode that look the same.

Word keeps a tick of Wingdings as a letter of a private area (U+F0FC), and of a font that is not there
LibreOffice draws a box: on a form nobody could tell a tick from a cross. Needs nothing of ours: it stands
beside `convert.office_server` in LibreOffice's sandbox.
"""

from collections.abc import Iterator
from typing import Any

_PRIVATE = 0xF000
_FIRST = 0x20
_MOST = 5000
"""Places in one document that are mended."""
_FACE = "Symbola"
_NONE = "\ufffd"

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


def mend(document: Any) -> None:
    """Replace such letters all over a text document of LibreOffice."""
    for place in _places(document):
        before = place.String
        after = in_unicode(before, place.CharFontName)
        if after != before:
            place.String = after
            place.CharFontName = place.CharFontNameAsian = place.CharFontNameComplex = _FACE


def _places(document: Any) -> Iterator[Any]:
    wanted = document.createSearchDescriptor()
    wanted.SearchRegularExpression = True
    wanted.SearchString = f"[{chr(_PRIVATE + _FIRST)}-{chr(_PRIVATE + 0xFF)}]"
    found = document.findAll(wanted)
    for number in range(min(found.Count, _MOST)):
        yield found.getByIndex(number)
