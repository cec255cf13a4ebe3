"""Letters that a mail means as pictures: those of the fonts Wingdings and Symbol, in which Word writes them.

On a page without those fonts a smile would be a J and a bullet an o, a paragraph sign or nothing.
"""

import re

_FONT = re.compile(r"font(?:-family)?\s*:[^;]*?\b(wingdings|symbol)\b(?!\s*[23])", re.IGNORECASE)
_WINGDINGS = {
    "J": "☺", "K": "😐", "L": "☹", "N": "☠", "(": "☎", ")": "✆", "*": "🖂", "+": "✉", "!": "✏", '"': "✂",
    "C": "👍", "D": "👎", "E": "☜", "F": "☞", "G": "☝", "H": "☟", "l": "●", "m": "○", "n": "■", "o": "□",
    "q": "❑", "u": "◆", "v": "❖", "w": "•", "s": "•", "§": "▪", "¨": "□", "à": "→", "á": "↑", "â": "↓",
    "ß": "←", "è": "➔", "ð": "⇨", "ó": "⇔", "Ø": "➢", "ü": "✓", "û": "✗", "ý": "☒", "þ": "☑", "«": "★",
    "¤": "◎", "x": "☒", "½": "🕐",
}  # fmt: skip
_SYMBOL = {
    "·": "•", "a": "α", "b": "β", "g": "γ", "d": "δ", "e": "ε", "m": "μ", "p": "π", "s": "σ", "l": "λ",
    "w": "ω", "D": "Δ", "W": "Ω", "S": "Σ", "F": "Φ", "£": "≤", "³": "≥", "¹": "≠", "»": "≈", "®": "→",
    "¬": "←", "­": "↑", "¯": "↓", "°": "°", "±": "±", "´": "×", "¥": "∞", "Ö": "√", "Þ": "⇒", "Û": "⇔",
}  # fmt: skip
_TABLES = {"wingdings": str.maketrans(_WINGDINGS), "symbol": str.maketrans(_SYMBOL)}
_PRIVATE = {0xF000 + code: chr(code) for code in range(0x20, 0x100)}
# Word writes the bullet of a list as a letter and several blanks, and says so in its own style property.
MARKER = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
_BULLETS = frozenset("·o§ØüvqàènlwsŸ➢✓❖❑→➔■●•▪")


def picture_font(style: str, face: str) -> str | None:
    """The font of pictures that an element sets, or None."""
    if found := _FONT.search(style):
        return found[1].lower()
    name = face.strip().lower()
    return name if name in _TABLES else None


def as_pictures(text: str, font: str) -> str:
    """What a text in such a font shows. Its private code points (U+F000…) stand for the same letters."""
    return text.translate(_PRIVATE).translate(_TABLES[font])


def marker(text: str) -> str:
    """The mark of an item of Word's lists: its number, or a bullet for whichever letter drew one."""
    mark = text.strip()
    return f"{'•' if len(mark) == 1 and mark in _BULLETS else mark}\u2002" if mark else ""
