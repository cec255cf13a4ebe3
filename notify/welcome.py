"""What the welcome message says: how to send a fax by mail, what a user's own rules are, and whom to ask.

It goes out when an administrator wants it, and never by itself. With credentials it carries a code for those
who log in to send (AUTH): entered once, with a password of the user's own behind it.
"""

from collections.abc import Mapping

import phonenumbers

from config.attachments import AttachmentSettings
from config.coverpage import CoverpageMode
from config.fax import FaxSettings
from config.fax_values import DOCUMENT_TYPES
from config.notifications import NoticeSwitches
from config.number_text import international
from config.settings import Settings, UserPolicy
from notify.content import Content, Entry, Fact, Section, Tone, facts_of
from notify.facts import LoginDoor, WelcomeFacts
from notify.language import Speech, speech
from notify.wording import one_line

_EXAMPLE = "+12065550123"
_SHORTEST_OWN = 8
"""Characters of a user's own part of the password."""


def welcome_content(facts: WelcomeFacts) -> Content:
    """The message to a user."""
    user = facts.user
    say = speech(user.settings.notifications.language)
    must_log_in = not facts.addresses
    return Content(
        subject=say("How to send a fax: write a mail"),
        tone=Tone.NEUTRAL,
        verdict=say("Welcome"),
        headline=say("You can send faxes from your mail program, {name}.", name=one_line(user.name, 60)),
        remark=_remark(facts, say),
        facts=(*_how(facts, say), *_rules(user, say)),
        sections=(_steps(facts, say), *_setting_up(facts, say, must_log_in=must_log_in)),
        outlook=_whom_to_ask(facts, say),
        language=say.language,
    )


def _remark(facts: WelcomeFacts, say: Speech) -> str:
    return say(
        "Write to the fax number, followed by @{domain}, and attach what you want to fax. There is nothing "
        "to install.",
        domain=facts.domain,
    )


def _how(facts: WelcomeFacts, say: Speech) -> tuple[Fact, ...]:
    number = _example(facts.user.settings.fax.default_region)
    return facts_of(
        (say("Write to"), f"{number}@{facts.domain}"),
        (
            say("Write from"),
            tuple(map(_sending_address, facts.addresses)) or say("any address, after logging in"),
        ),
    )


def _example(region: str) -> str:
    """A number of the user's own country that is meant for examples."""
    number = phonenumbers.example_number(region)
    if number is None:
        return _EXAMPLE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _sending_address(address: str) -> str:
    return one_line(address)


def _rules(user: UserPolicy, say: Speech) -> tuple[Fact, ...]:
    settings = user.settings
    return facts_of(
        (say("Cover page"), _cover(settings, say)),
        (say("Attachments"), _attachments(settings.attachments, settings.coverpage.mode, say)),
        (say("Limits"), _limits(settings.fax, say)),
        (
            say("Your number"),
            international(settings.fax.sender_number) if settings.fax.sender_number else "",
        ),
    )


def _cover(settings: Settings, say: Speech) -> str:
    mode, name = settings.coverpage.mode, one_line(settings.coverpage.template)
    on_demand = mode in {CoverpageMode.ON_DEMAND, CoverpageMode.ON_DEMAND_REQUIRES_ATTACHMENT}
    if mode is CoverpageMode.NONE or (on_demand and "cover" not in settings.fax.directives):
        return say("none; the text of your mail becomes the first page")
    if on_demand:
        return say(
            "{template}, if you ask for one: begin the mail with the line {line}",
            template=name,
            line="#fax cover: yes",
        )
    if mode in {CoverpageMode.WITH_BODY_TEXT, CoverpageMode.WITH_BODY_TEXT_REQUIRES_ATTACHMENT}:
        return say("{template}, if your mail has a text, which is printed on it", template=name)
    return say("{template}, with the subject and the text of your mail", template=name)


def _attachments(settings: AttachmentSettings, mode: CoverpageMode, say: Speech) -> tuple[str, ...]:
    everything = set(settings.allowed) >= set(DOCUMENT_TYPES)
    kinds = (
        say("PDF, Word, Excel, PowerPoint, pictures, text")
        if everything
        else ", ".join(settings.allowed) or say("none")
    )
    needed = say("Every fax needs one.") if mode.requires_attachment else ""
    return tuple(filter(None, (kinds, needed)))


def _limits(fax: FaxSettings, say: Speech) -> tuple[str, ...]:
    said = (
        say.counted("{number} page a fax", "{number} pages a fax", fax.pages_per_fax),
        say.counted("{number} recipient a mail", "{number} recipients a mail", fax.recipients_per_mail),
        say.counted("{number} page a day", "{number} pages a day", fax.pages_per_day)
        if fax.pages_per_day
        else "",
        say.counted("{number} mail an hour", "{number} mails an hour", fax.mails_per_hour)
        if fax.mails_per_hour
        else "",
    )
    return tuple(filter(None, said))


def _steps(facts: WelcomeFacts, say: Speech) -> Section:
    domain = facts.domain
    number = _example(facts.user.settings.fax.default_region)
    settings = facts.user.settings
    several = say("Several recipients are several faxes.") if settings.fax.recipients_per_mail > 1 else ""
    reference = say(
        "A first line such as {line} comes back in every mail about the fax, and is not printed.",
        line="#fax reference: 4711",
    )
    said = (
        (say("A name for the cover page"), f'"Dr Lee" <{number}@{domain}>'),
        (say("A reference of your own"), reference if "reference" in settings.fax.directives else ""),
        (say("More than one"), several),
        (say("What you hear back"), _heard(settings.notifications.delivery, say)),
    )
    return Section(
        title=say("Good to know"),
        entries=tuple(Entry(title=title, lines=(line,)) for title, line in said if line),
    )


def _heard(wanted: NoticeSwitches, say: Speech) -> str:
    """What the user will be told of a fax: no more than the policy has switched on."""
    if wanted.success and wanted.failure:
        return say("A mail tells you when every page was confirmed, or what went wrong and what you can do.")
    if wanted.failure:
        return say("A mail tells you what went wrong and what you can do; none comes of a fax that arrived.")
    if wanted.success:
        return say("A mail tells you when every page was confirmed; none comes of a fax that failed.")
    return say("No mail tells you what became of a fax.")


def _setting_up(facts: WelcomeFacts, say: Speech, *, must_log_in: bool) -> tuple[Section, ...]:
    """How to set up the mail program, where a log-in is needed or a code is given."""
    door = facts.login
    if door is None or not (facts.code or must_log_in):
        return ()
    entries = [
        Entry(title=say("Outgoing server (SMTP)"), lines=(_server(door, say),)),
        Entry(title=say("User name"), lines=(one_line(facts.user.email),)),
    ]
    if facts.code:
        entries += _code(facts, say)
    else:
        entries.append(Entry(title=say("Password"), lines=(say("Your administrator gives you one."),)))
    return (Section(title=say("Setting up your mail program"), entries=tuple(entries)),)


def _server(door: LoginDoor, say: Speech) -> str:
    values: Mapping[str, str | int] = {"host": door.host, "port": door.port}
    if door.implicit_tls:
        return say("{host}, port {port}, encrypted (SSL/TLS)", **values)
    return say("{host}, port {port}, encrypted (STARTTLS)", **values)


def _code(facts: WelcomeFacts, say: Speech) -> list[Entry]:
    until = say.moment(facts.code_good_until, facts.user.settings.datetime) if facts.code_good_until else ""
    how = say(
        "Enter this code, and directly behind it a password of your own of {number} characters or more. What "
        "you enter is your password from then on.",
        number=_SHORTEST_OWN,
    )
    return [
        Entry(title=say("Password"), lines=(how,)),
        Entry(
            title=say("Your code"),
            lines=(facts.code,),
            detail=say(
                "It works once, until {time}. Without a password behind it, it opens nothing.", time=until
            ),
        ),
    ]


def _whom_to_ask(facts: WelcomeFacts, say: Speech) -> str:
    return say("Questions? Ask {person}.", person=one_line(facts.ask)) if facts.ask else ""
