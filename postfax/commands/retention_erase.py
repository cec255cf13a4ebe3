"""`postfax retention erase`: what is kept of a sender or a number goes, on request."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from config.number_pattern import NoPattern, read_pattern
from config.server import ServerSettings
from postfax.cdr_shelf import erase_kept
from postfax.failures import ExitCode, Failure
from postfax.opening import documents_folder, make_book, run, settings_in
from postfax.person import person
from postfax.progress import counting
from postfax.remains import LookedThrough, look_through
from postfax.terminal import octets_for_people, print_facts, print_json
from store.erasure import Erased, ErasurePlan, ErasureWish

_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wishes:
    preview: bool
    undelivered: bool
    yes: bool
    as_json: bool


@click.command("erase")
@click.option("--sender", metavar="ADDRESS", default="", help="What this account, or this address, faxed.")
@click.option(
    "--number", metavar="NUMBER", default="", help="What was faxed to this number, as +12065551234."
)
@click.option("--preview", is_flag=True, help="Only tell what would go.")
@click.option("--undelivered", is_flag=True, help="Also where a notice or a copy is still to be delivered.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def command(settings_file: str, /, sender: str, number: str, **wishes: Any) -> int:
    """Erase what is kept of one sender, or of one number. It cannot be undone.

    Mails, documents, names, subjects and references go at once. What accounting needs stays under a
    pseudonym: times, pages, statuses, billing codes, who did what. Faxes that wait are cancelled. In the end
    database, log and folder are looked through. Copies in archives, mails and backups are not ours to erase.
    """
    return run(_erase(settings_in(settings_file), _wish(sender, number), _Wishes(**wishes)))


def _wish(sender: str, number: str) -> ErasureWish:
    if bool(sender) == bool(number):
        raise Failure("say --sender ADDRESS or --number NUMBER, one of the two.", ExitCode.USAGE)
    if sender:
        if "@" not in sender:
            raise Failure(f"'{sender}' is no address, such as ana@hospital.example.", ExitCode.USAGE)
        return ErasureWish(sender=sender.strip().lower())
    try:
        known = read_pattern(number)
    except NoPattern as problem:
        raise Failure(str(problem), ExitCode.USAGE) from None
    if "?" in known or "*" in known:
        raise Failure(f"{number} stands for many numbers; name one.", ExitCode.USAGE)
    return ErasureWish(number=known)


async def _erase(settings: ServerSettings, wish: ErasureWish, wishes: _Wishes) -> int:
    async with make_book(settings) as book:
        plan = await book.kept_of(wish)
        if plan.is_empty:
            raise Failure(f"nothing is kept of {wish.subject}.", ExitCode.NOT_FOUND)
        if wishes.preview or not wishes.yes:
            _preview(wish, plan, as_json=wishes.as_json)
        if wishes.preview:
            return ExitCode.DONE
        _confirm(yes=wishes.yes)
        with counting("mails erased") as tell:
            erased = await book.erase(wish, by=person(), undelivered=wishes.undelivered, tell=tell)
    rows = erase_kept(documents_folder(settings), wish, erased.pseudonym)
    with counting("MB looked through") as tell:
        seen = look_through(_places(settings), wish.subject.removeprefix("+"), tell)
    if wishes.as_json:
        print_json(_plain(plan, erased, rows, seen))
    else:
        _tell(wish, erased, rows, seen)
    return ExitCode.PARTLY if erased.left else ExitCode.DONE


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure("say --yes if that is meant; nothing was changed.", ExitCode.USAGE)
    click.confirm("This cannot be undone. Go on?", abort=True, err=True)


def _places(settings: ServerSettings) -> list[Path]:
    """Where something could be left: none of a database on a server, which others look after."""
    places = [documents_folder(settings)]
    scheme, _, path = settings.store.partition(":")
    if scheme == "sqlite":
        places += [Path(path), Path(f"{path}-wal")]
    return places


# --- Told -------------------------------------------------------------------------------------------------


def _preview(wish: ErasureWish, plan: ErasurePlan, *, as_json: bool) -> None:
    if as_json:
        print_json({"kept": _plain_plan(plan)})
        return
    click.echo(f"Kept of {wish.subject}")
    print_facts(
        (
            ("faxes", f"{plan.faxes:,} of {_count(len(plan.mails), 'mail', 'mails')}"),
            ("documents", f"{plan.documents:,}, {octets_for_people(plan.octets)}" if plan.documents else ""),
            ("under way", _named(plan.unfinished, "will be cancelled; one in a call is hung up")),
            ("on their way", f"{plan.unread:,} mails that are still to be made ready" if plan.unread else ""),
            ("to be told", _named(plan.owing, "a notice or a copy is still to be delivered")),
            ("refusals", f"{plan.refusals:,}" if plan.refusals else ""),
            ("quarantine", f"{plan.quarantined:,}" if plan.quarantined else ""),
            ("audit", f"{plan.audited:,} entries will name a pseudonym" if plan.audited else ""),
            ("copies", _named(tuple(dict.fromkeys(plan.copies)), "in archives; they are not ours to remove")),
        )
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _named(names: tuple[str, ...], words: str) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}: {words}"


def _tell(wish: ErasureWish, erased: Erased, rows: int, seen: LookedThrough) -> None:
    size = octets_for_people(erased.octets)
    others = f"{erased.refusals:,} refusals, {erased.quarantined:,} mails in quarantine"
    audited = f" and {_count(erased.audited, 'entry', 'entries')} of the audit" if erased.audited else ""
    wiped = "emptied" if erased.wiped else "not emptied yet: somebody reads; the service tries again"
    print_facts(
        (
            ("erased", f"{_count(erased.mails, 'mail', 'mails')}, {erased.documents:,} documents ({size})"),
            ("", others if erased.refusals or erased.quarantined else ""),
            ("", f"{rows:,} rows of closed months" if rows else ""),
            ("kept", f"{_count(erased.faxes, 'fax', 'faxes')}{audited}, as {erased.pseudonym}"),
            ("log", wiped),
            ("looked", _seen_words(wish, seen)),
        )
    )
    for mail_id, why in erased.left:
        click.echo(f"left  {mail_id}  {why}")


def _seen_words(wish: ErasureWish, seen: LookedThrough) -> str:
    through = f"through {_count(seen.files, 'file', 'files')} ({octets_for_people(seen.octets)})"
    if not seen.found:
        return f"{through}: {wish.subject} stands nowhere"
    where = ", ".join(f"{times:,} times in {path}" for path, times in seen.found[:_SHOWN])
    return (
        f"{through}: {wish.subject} still stands {where}. What may say so: blocks, locks and passwords, "
        "mails and rules of others, what was left above"
    )


def _plain_plan(plan: ErasurePlan) -> dict[str, Any]:
    return asdict(plan)


def _plain(plan: ErasurePlan, erased: Erased, rows: int, seen: LookedThrough) -> dict[str, Any]:
    return {
        "kept": _plain_plan(plan),
        "erased": {
            **{key: value for key, value in asdict(erased).items() if key != "left"},
            "rows_of_months": rows,
        },
        "left": [{"mail": mail_id, "reason": why} for mail_id, why in erased.left],
        "looked_through": {
            "files": seen.files,
            "octets": seen.octets,
            "found": [{"file": path, "times": times} for path, times in seen.found],
        },
    }
