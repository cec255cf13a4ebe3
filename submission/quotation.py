"""The words with which mail programs introduce the mail that is answered. Pure."""

import re
from collections.abc import Sequence

_MOST_LINES = 4
"""Lines over which an introduction, wrapped by its program, can run."""
_LONGEST = 400
"""Characters of an introduction."""

_INTRODUCTION = re.compile(
    r"""On\b .+ \b(?:wrote|writes|said)
    |   Am\b .+ \bschrieb\b .*
    |   .+ \b(?:schrieb|writes|wrote)\b .*
    |   Le\b .+ \ba\ [ée]crit
    |   El\b .+ \b(?:escribi[óo]|ha\ escrito)
    |   Il\b .+ \bha\ scritto
    |   Em\b .+ \bescreveu
    |   Op\b .+ \b(?:schreef|het\ volgende\ geschreven)\b .*
    |   (?:Den|På|Pe)\b .+ \b(?:skrev|a\ scris)\b .*
    |   (?:W\ dniu|Dnia)\b .+ \b(?:pisze|napisał(?:\(a\)|a)?)
    |   .+ \b(?:написал(?:\(а\)|а)?|пишет|пише)
    |   .+ (?:写道|寫道|のメール|님이\ 작성)
    |   (?=[^<]*\d) .+ <[^<>\s]+@[^<>\s]+>            # a date, and an address
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"""[-–—_\s]*
    (?: Original\ (?:Message|Appointment) | Urspr[üu]ngliche\ (?:Nachricht|Mail) | Originalnachricht
    |   Message\ d['’]origine | Mensaje\ original | Messaggio\ originale | Mensagem\ original
    |   Oorspronkelijk\ bericht | Ursprungligt\ meddelande | Oprindelig\ meddelelse | Opprinnelig\ melding
    |   Wiadomość\ oryginalna | Исходное\ сообщение | 原始邮件 | 元のメッセージ )
    [-–—_\s]*""",
    re.VERBOSE | re.IGNORECASE,
)
_RULED = re.compile(r"\s*[-–—_]{3}.*")
_FORWARDED = re.compile(
    r"""[-–—_\s]*
    (?: Forwarded\ (?:message|mail) | Begin\ forwarded\ message
    |   (?:Anfang\ der\ )?weitergeleitete[n]?\ (?:Nachricht|Mail)
    |   (?:D[ée]but\ du\ )?message\ (?:transf[ée]r[ée]|r[ée]exp[ée]di[ée])
    |   Mensaje\ reenviado | Messaggio\ inoltrato | Mensagem\ (?:encaminhada|reencaminhada)
    |   Doorgestuurd\ bericht )
    \b .*""",
    re.VERBOSE | re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]*\]\s*)?(?:Fwd?|WG|TR|RV|I|ENC|Doorst|VS|VB|PD)\s*:", re.IGNORECASE
)
_FROM = re.compile(
    r"(?:From|Von|De|De\ la|Da|Van|Från|Fra|Od|Odesílatel|Lähettäjä|Feladó|Kimden|Από|От|Від|发件人|差出人)"
    r"\s*[:：]\s*(\S.*)",
    re.IGNORECASE,
)
_SENT = re.compile(
    r"(?:Sent|Gesendet|Envoy[ée]|Enviado(?:\ el)?|Enviada(?:\ em)?|Inviato|Verzonden|Skickat|Sendt|Wysłano"
    r"|Отправлено|Надіслано|Lähetetty|Odesláno|Odoslané|Elküldve|Gönderme\ Tarihi|Gönderildi|Στάλθηκε|Trimis"
    r"|发送时间|送信日時)\s*[:：]\s*\S",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:Date|Datum|Fecha|Data|Dato|Dátum|Päivämäärä|Tarih|Ημερομηνία|Дата|日期)\s*[:：]\s*\S", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"(?:Subject|Betreff|Objet|Asunto|Oggetto|Onderwerp|Assunto|Ämne|Emne|Temat|Aihe|Předmět|Predmet|Tárgy|Konu"
    r"|Θέμα|Subiect|Тема|主题|件名)\s*[:：]",
    re.IGNORECASE,
)
_HEADER_LINES = 8
"""Lines within which a copied header has its subject: From, Sent, To, Cc, wrapped."""


def introduction_length(texts: Sequence[str], end: int) -> int:
    """How many lines before `end` are the introduction of a quotation; 0 if there is none."""
    joined = ""
    for count in range(1, min(_MOST_LINES, end) + 1):
        line = texts[end - count]
        if not line or line.startswith(">"):
            break
        joined = f"{line} {joined}".strip()
        if len(joined) > _LONGEST or not joined.endswith((":", "：")):
            break
        if _INTRODUCTION.fullmatch(joined.rstrip(":：").rstrip()):
            return count
    return 0


def begins_original(texts: Sequence[str], at: int) -> bool:
    """Whether the mail that is answered begins at this line, with a mark in words or with its header."""
    line = texts[at]
    if not line or line[0] == ">":
        return False
    if _RULED.match(line) and _ORIGINAL.fullmatch(line):
        return True
    return _is_header(texts, at) and not any(map(is_forwarding, texts[max(0, at - 2) : at]))


def _is_header(texts: Sequence[str], at: int) -> bool:
    """Outlook's From, Sent, To, Subject. A memo has a Date instead, and no address in its From."""
    sender = _FROM.match(texts[at])
    if not sender:
        return False
    following = texts[at + 1 : at + _HEADER_LINES]
    if "" in following:
        following = following[: following.index("")]
    dated = any(map(_SENT.match, following)) or ("@" in sender[1] and any(map(_DATE.match, following)))
    return dated and any(map(_SUBJECT.match, following))


def is_forwarding(line: str) -> bool:
    """Whether a line says that what follows is forwarded: then it is what the mail is about."""
    return bool(_FORWARDED.fullmatch(line.strip("> ")))


def is_forward(subject: str) -> bool:
    """Whether a mail's subject says that it forwards another."""
    return bool(_FORWARD_SUBJECT.match(subject))
