"""A mail within the mail as a page: its head, and below a line its text, as one HTML document.

The mail's own HTML is taken as it is, but for what is no content or lies elsewhere; it is drawn without
network.
"""

import re
from html import escape

from mta.mime.letter import Letter

_FRAME = """\
<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: 8.27in 11.69in; margin: 0.6in }}
body, td, p {{ font-family: "Noto Sans", sans-serif; font-size: 11pt }}
</style></head><body>
<div style="font-family: 'Noto Sans', sans-serif; font-size: 14pt; margin: 0 0 6pt 0"><b>{title}</b></div>
<table cellpadding="1" cellspacing="0" border="0">
{rows}
</table>
<hr size="2" color="#000000" noshade>
{body}
</body></html>
"""
_ROW = '<tr valign="top"><td width="110"><b>{name}</b></td><td>{text}</td></tr>'
_UNTITLED = "Forwarded message"

# What is never closed runs to the end, as in a browser, so that one pass is all it takes.
_OUTSIDE = re.compile(
    r"<(?P<unseen>script|title)\b.*?(?:</(?P=unseen)\s*>|\Z)"
    r"|</?(?:html|head|body|meta|base|link|noscript|object|iframe|!doctype)\b[^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_GAP = re.compile(r"\n(?:[ ]*\n){3,}")
_BLANK = re.compile(r"^ | (?= )", re.MULTILINE)
_PICTURE = re.compile(r"<(?:img|v:imagedata|input)\b[^>]*(?:>|\Z)", re.IGNORECASE)
_IS_HERE = re.compile(r"""\bsrc\s*=\s*["']?data:image/""", re.IGNORECASE)


def forwarded_page(letter: Letter) -> str:
    """The page of a mail that is inside the sender's."""
    rows = [(name, text) for name, text in letter.head if name != "Subject"]
    if letter.enclosures:
        rows.append(("Attachments", ", ".join(one.name or "without a name" for one in letter.enclosures)))
    if letter.left_out:
        rows.append(("Left out", ", ".join(letter.left_out)))
    return _FRAME.format(
        title=escape(letter.subject or _UNTITLED),
        rows="\n".join(_ROW.format(name=name, text=escape(text)) for name, text in rows),
        body=_of_html(letter.html) if letter.html else _of_text(letter.text),
    )


def _of_html(html: str) -> str:
    inner = _OUTSIDE.sub(" ", html)
    return _PICTURE.sub(lambda found: found[0] if _IS_HERE.search(found[0]) else "", inner)


def _of_text(text: str) -> str:
    """Lines as they are, with their blanks; long gaps are shortened."""
    lines = _GAP.sub("\n\n\n", escape(text.strip("\n").replace("\t", "    ")))
    return f"<p>{_BLANK.sub('&nbsp;', lines)}</p>".replace("\n", "<br>\n")
