"""`postfax notice`: what the mails to senders look like, before one is sent."""

import asyncio
import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postfax.failures import ExitCode, Failure
from postfax.terminal import print_json

if TYPE_CHECKING:
    from config.settings import UserPolicy
    from convert.converter import Converter
    from convert.first_page import FirstPagePicture
    from notify.content import Attachment
    from notify.facts import DeliveryFacts
    from postfax.sample_notices import Facts

_THUMBNAIL, _IN_REPORT = 600, 1000
"""Pixels."""


@click.group("notice")
def command() -> None:
    """See what the mails to senders look like."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    """What is asked for on the command line."""

    kinds: tuple[str, ...]
    user: str | None
    language: str | None
    folder: Path | None
    as_json: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Preview:
    """A notice, as a mail."""

    kind: str
    octets: bytes
    trouble: str = ""
    """What is wrong with an own template; the notice is then in the built-in form."""

    @property
    def mail(self) -> EmailMessage:
        """The mail as its receiver parses it."""
        parsed = message_from_bytes(self.octets, policy=default)
        assert isinstance(parsed, EmailMessage)  # noqa: S101 - what the default policy makes
        return parsed


@command.command("preview", short_help="Show notices with sample data.")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@click.option("--user", metavar="USER", help="Whose policy they are made with; else a sample's.")
@click.option("--language", type=click.Choice(["en", "de", "es", "fr"]), help="Other than the policy's.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False),
    help="Write them there: as .eml, .html and .txt, and what goes with them.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def preview_command(settings_file: str, /, **wishes: Any) -> int:
    """Show notices with sample data, as a user's own settings and templates make them.

    KIND is accepted, scheduled, refused, several, delivered, failed, broken, cancelled, too-late,
    to-others, summary, alert, welcome or welcome-with-credentials; without one it is all of them.
    Without --folder their plain text is printed.
    """
    return _preview(settings_file, _Wishes(**wishes))


def _preview(settings_file: str, wishes: _Wishes) -> int:
    from postfax.sample_notices import KINDS

    unknown = [kind for kind in wishes.kinds if kind not in KINDS]
    if unknown:
        raise click.UsageError(f"there is no kind {unknown[0]}; there are {', '.join(KINDS)}")
    user, domain = _whose(settings_file, wishes)
    kinds = wishes.kinds or tuple(KINDS)
    # Drawn before the event loop: that forks, and must be the only thread.
    pictures = _pictures(user)
    previews = asyncio.run(_made(kinds, user, domain, pictures))
    files = {preview.kind: _written(preview, wishes.folder) for preview in previews} if wishes.folder else {}
    _tell(previews, files, as_json=wishes.as_json)
    return ExitCode.PARTLY if any(preview.trouble for preview in previews) else ExitCode.DONE


def _whose(settings_file: str, wishes: _Wishes) -> "tuple[UserPolicy, str]":
    """The user, and the fax domain."""
    from postfax.chosen_template import policy_in, user_in
    from postfax.opening import settings_in
    from postfax.sample_fax import sample_user

    if wishes.user:
        user, domain = user_in(policy_in(settings_file), wishes.user), settings_in(settings_file).domain
    else:
        user, domain = sample_user(), "fax.example.com"
    if wishes.language:
        notifications = user.settings.notifications.model_copy(update={"language": wishes.language})
        settings = user.settings.model_copy(update={"notifications": notifications})
        user = user.model_copy(update={"settings": settings})
    return user, domain


# --- Making them ------------------------------------------------------------------------------------------


async def _made(
    kinds: Sequence[str], user: "UserPolicy", domain: str, pictures: "Mapping[int, FirstPagePicture]"
) -> list[_Preview]:
    from config.server import ConvertSettings
    from convert.converter import Converter
    from postfax.sample_notices import sample_notice

    converter = Converter(ConvertSettings(processes=1))
    try:
        facts = [
            await _with_files(sample_notice(kind, user, domain), domain, pictures, converter)
            for kind in kinds
        ]
    finally:
        await converter.stop()
    return [await _in_own_form(kind, each, user, domain) for kind, each in zip(kinds, facts, strict=True)]


async def _in_own_form(kind: str, facts: "Facts", user: "UserPolicy", domain: str) -> _Preview:
    from notify.rendering import OwnTemplateTrouble
    from postfax.journey.own_notice_templates import read_templates

    try:
        own = await read_templates(user.settings.notifications.templates)
        return _Preview(kind=kind, octets=_composed(facts, domain, own))
    except OwnTemplateTrouble as problem:
        return _Preview(kind=kind, octets=_composed(facts, domain, {}), trouble=str(problem))


def _composed(facts: "Facts", domain: str, own: dict[str, str]) -> bytes:
    from notify.compose import (
        compose_alert,
        compose_delivery,
        compose_initial,
        compose_summary,
        compose_welcome,
    )
    from notify.delivery_status import ReportingMta
    from notify.facts import AlertFacts, DeliveryFacts, InitialFacts, SummaryFacts

    sender, mta = f"postfax@{domain}", ReportingMta(hostname=domain, domain=domain)
    match facts:
        case AlertFacts():
            return compose_alert(facts, sender=sender, mta=mta)
        case InitialFacts():
            return compose_initial(replace(facts, templates=own), sender=sender, mta=mta)
        case DeliveryFacts():
            return compose_delivery(replace(facts, templates=own), sender=sender, mta=mta)
        case SummaryFacts():
            return compose_summary(replace(facts, templates=own), sender=sender, mta=mta)
    return compose_welcome(replace(facts, templates=own), sender=sender, mta=mta)


async def _with_files(
    facts: "Facts", domain: str, pictures: "Mapping[int, FirstPagePicture]", converter: "Converter"
) -> "Facts":
    """What goes with a delivery notice, as the policy wants it."""
    from notify.facts import DeliveryFacts, FirstPage
    from postfax.journey.sending_report import is_wanted

    if not isinstance(facts, DeliveryFacts) or not facts.notice.to_sender:
        return facts
    small = pictures.get(_THUMBNAIL) if facts.user.settings.notifications.thumbnail else None
    if small:
        facts = replace(facts, first_page=FirstPage(png=small.png, width=small.width, height=small.height))
    if is_wanted(facts):
        facts = replace(facts, report=await _report(facts, domain, pictures.get(_IN_REPORT), converter))
    return facts


async def _report(
    facts: "DeliveryFacts", domain: str, picture: "FirstPagePicture | None", converter: "Converter"
) -> "Attachment":
    from convert.sheet import PICTURE
    from notify.content import Attachment
    from notify.transmission_report import MEDIA_TYPE, report_html, report_name
    from postfax.sample_notices import DOCUMENT

    html = report_html(facts, DOCUMENT, picture=picture is not None, domain=domain)
    with tempfile.TemporaryDirectory(prefix="postfax-") as folder:
        if picture:
            (Path(folder) / PICTURE).write_bytes(picture.png)
        octets = await converter.sheet(html, Path(folder))
    return Attachment(name=report_name(facts.job), media_type=MEDIA_TYPE, octets=octets)


def _pictures(user: "UserPolicy") -> "dict[int, FirstPagePicture]":
    """The user's cover page with sample data, by the widths that it is wanted in."""
    wanted = user.settings.notifications
    if wanted.phi_free:
        return {}
    widths = [width for width, on in ((_THUMBNAIL, wanted.thumbnail), (_IN_REPORT, wanted.report)) if on]
    return _drawn(user, widths) if widths else {}


def _drawn(user: "UserPolicy", widths: Sequence[int]) -> "dict[int, FirstPagePicture]":
    from convert.cover_once import draw_once
    from convert.first_page import FirstPagePicture
    from convert.first_page_task import make_picture
    from convert.header import stamp
    from postfax.logging import silence
    from postfax.sample_fax import sample_facts, sample_header, sample_job
    from postfax.sample_notices import AT

    job = sample_job(user, user.settings.coverpage.template, AT, long=False)
    made = {}
    with tempfile.TemporaryDirectory(prefix="postfax-") as folder:
        drawing = Path(folder) / "drawing"
        drawing.mkdir()
        facts, resolution = sample_facts(job, AT), user.settings.fax.resolution
        fax = draw_once(facts, drawing, resolution=resolution, before_office=silence)
        stamped, target = Path(folder) / "stamped.tif", Path(folder) / "page.png"
        stamp(fax.path, stamped, sample_header(job, AT))
        for width in widths:
            size = make_picture({"source": str(stamped), "target": str(target), "width": width})
            made[width] = FirstPagePicture(
                png=target.read_bytes(), width=size["width"], height=size["height"]
            )
    return made


# --- Showing them -----------------------------------------------------------------------------------------


def _text(mail: EmailMessage, subtype: str) -> str:
    body = mail.get_body((subtype,))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""


def _written(preview: _Preview, folder: Path) -> list[Path]:
    """The files of a notice in the folder."""
    mail = preview.mail
    contents: dict[str, bytes] = {
        f"{preview.kind}.eml": preview.octets,
        f"{preview.kind}.txt": _text(mail, "plain").encode(),
        f"{preview.kind}.html": _standing_alone(mail).encode(),
    }
    for part in mail.walk():
        if part.get_content_disposition() == "attachment":
            contents[f"{preview.kind}-{part.get_filename()}"] = part.get_content()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, octets in contents.items():
            (folder / name).write_bytes(octets)
    except OSError as problem:
        raise Failure(f"{folder} cannot be written: {problem.strerror}.") from problem
    return [folder / name for name in contents]


def _standing_alone(mail: EmailMessage) -> str:
    """The HTML with its picture inside, so that a browser shows it."""
    html = _text(mail, "html")
    for part in mail.walk():
        if part.get_content_type() == "image/png" and part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{part['Content-ID'].strip('<>')}", f"data:image/png;base64,{data}")
    return html


def _tell(previews: list[_Preview], files: dict[str, list[Path]], *, as_json: bool) -> None:
    if as_json:
        print_json([_plain(preview, files.get(preview.kind, [])) for preview in previews])
        return
    for preview in previews:
        if preview.trouble:
            click.echo(f"postfax: {preview.trouble}", err=True)
        if files:
            click.echo("\n".join(map(str, files[preview.kind])))
        else:
            mail = preview.mail
            subject = str(mail["Subject"]).strip()
            click.echo(f"{preview.kind}\nSubject: {subject}\n\n{_text(mail, 'plain')}")


def _plain(preview: _Preview, files: list[Path]) -> dict[str, Any]:
    mail = preview.mail
    return {
        "kind": preview.kind,
        "subject": str(mail["Subject"]).strip(),
        "text": _text(mail, "plain"),
        "files": files,
        "trouble": preview.trouble or None,
    }
