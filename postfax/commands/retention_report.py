"""`postfax retention report`: what was removed when and by which rule, and what is still kept until when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import click

from config.explain import UnknownUser, explain
from config.policy import Policy, read_policy
from config.upkeep import RetentionSettings
from config.written import written
from postfax.commands.list import Moment
from postfax.opening import now, open_book, run, settings_in
from postfax.progress import counting
from postfax.terminal import octets_for_people, print_json, print_table
from store.purge import PurgeEntry, PurgeRule
from store.retained import KeptSpan, Retained

_DEFAULT = timedelta(days=30)
_THIS_RUN = timedelta(hours=2)
"""What is over goes within the hour."""
_RULES = ("retention.documents", "retention.allow_longer")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptLonger:
    """Documents that are kept for more than a week, and who says so."""

    kept: timedelta
    mails: int
    accounts: int
    said_by: str
    """Level, file and line of the policy in force; or that it says so no more."""


@click.command("report")
@click.option(
    "--since", type=Moment(), help="What was removed since: 30d if not said; today, 12h, 90d, 2026-11."
)
@click.option("--runs", is_flag=True, help="A line for each run, not for each day.")
@click.option("--json", "as_json", is_flag=True, help="For programs: with each run.")
@click.pass_obj
def command(settings_file: str, since: datetime | None, runs: bool, as_json: bool) -> None:  # noqa: FBT001 - passed by name
    """Tell what was removed, when and by which rule; what is still kept, and until when; what is kept longer.

    Each removal was written down together with it, and is kept as long as the audit. WIPED says that what was
    removed is gone from the database's log, too.
    """
    settings = settings_in(settings_file)
    policy = read_policy(settings.policy, lines=settings.lines)
    since = since or now() - _DEFAULT
    removed, kept = run(_ask(settings_file, policy, since))
    longer = kept_longer(policy, kept.documents)
    if as_json:
        print_json(_plain(since, removed, kept, longer))
        return
    click.echo(f"Removed since {_moment(since)}")
    _print_removed(removed if runs else by_day(removed), runs=runs)
    click.echo("\nStill kept")
    _print_kept(kept, policy.settings.retention)
    if longer:
        click.echo("\nKept for more than 7 days, as allow_longer lets it")
        _print_longer(longer)


async def _ask(
    settings_file: str, policy: Policy, since: datetime
) -> tuple[tuple[PurgeEntry, ...], Retained]:
    def in_force(email: str) -> RetentionSettings | None:
        user = policy.user(email)
        return user.settings.retention if user else None

    async with open_book(settings_file) as book:
        with counting("mails") as tell:
            return await book.purges(since), await book.retained(in_force, tell)


def by_day(entries: Iterable[PurgeEntry]) -> list[PurgeEntry]:
    """What was removed on each day by each rule and span, newest first."""
    days: dict[tuple[str, PurgeRule, timedelta | None], PurgeEntry] = {}
    for entry in entries:
        key = (f"{entry.at.astimezone():%Y-%m-%d}", entry.rule, entry.kept)
        sofar = days.get(key)
        days[key] = entry if sofar is None else _together(sofar, entry)
    return list(days.values())


def _together(one: PurgeEntry, other: PurgeEntry) -> PurgeEntry:
    return replace(
        one,
        mails=one.mails + other.mails,
        documents=one.documents + other.documents,
        octets=one.octets + other.octets,
        records=one.records + other.records,
        longest=max(one.longest, other.longest),
        wiped=one.wiped and other.wiped,
    )


def kept_longer(policy: Policy, spans: Sequence[KeptSpan]) -> list[KeptLonger]:
    """The documents that are kept for more than a week, by what says so."""
    found = []
    for span in spans:
        if span.longer:
            by_place: dict[str, tuple[int, int]] = {}
            for account, mails in span.accounts.items():
                place = _said_by(policy, account, span.kept)
                known = by_place.get(place, (0, 0))
                by_place[place] = known[0] + mails, known[1] + 1
            found += [
                KeptLonger(kept=span.kept, mails=mails, accounts=accounts, said_by=place)
                for place, (mails, accounts) in by_place.items()
            ]
    return found


def _said_by(policy: Policy, account: str, kept: timedelta) -> str:
    """Where the policy in force says that this account's documents are kept longer."""
    try:
        rows = {row.setting: row for row in explain(policy, account, "retention")}
    except UnknownUser:
        return "the policy of their day; the user is gone from it"
    documents, allowed = (rows[name] for name in _RULES)
    if documents.value != written(kept):
        return "the policy of their day"
    return f"{allowed.level}, {allowed.file}:{allowed.line}"


# --- Told -------------------------------------------------------------------------------------------------


def _print_removed(entries: Sequence[PurgeEntry], *, runs: bool) -> None:
    if not entries:
        click.echo("nothing")
        return
    print_table(
        ("WHEN", "BY", "KEPT", "MAILS", "DOCUMENTS", "SIZE", "RECORDS", "LONGEST"),
        (
            (
                f"{entry.at.astimezone():{'%m-%d %H:%M' if runs else '%Y-%m-%d'}}",
                _rule(entry.rule),
                _span(entry.kept),
                f"{entry.mails:,}",
                f"{entry.documents:,}",
                octets_for_people(entry.octets) if entry.documents else "",
                f"{entry.records:,}",
                _span(entry.longest) if entry.longest else "",
            )
            for entry in entries
        ),
        to_the_right=("KEPT", "MAILS", "DOCUMENTS", "SIZE", "RECORDS", "LONGEST"),
    )
    if not all(entry.wiped for entry in entries):
        click.echo("not wiped from the database's log yet: the service tries again with each purge")


def _rule(rule: PurgeRule) -> str:
    """A rule without the section of the settings that it stands in."""
    return rule.value.rpartition(".")[2]


def _print_kept(kept: Retained, company: RetentionSettings) -> None:
    rows = [
        (
            "documents",
            _span(span.kept),
            f"{span.mails:,}",
            octets_for_people(span.octets),
            _moment(span.first_goes),
            _moment(span.last_goes),
        )
        for span in kept.documents
    ]
    if kept.unread:
        rows.append(("unread", "", f"{kept.unread:,}", "", "", ""))
    first, last = kept.records_go or (None, None)
    if kept.records:
        rows.append(("records", "", f"{kept.records:,}", "", _moment(first), _moment(last)))
    for name, other in kept.others.items():
        if other.rows:
            goes = _moment(other.oldest + company.audit) if name == "audit" and other.oldest else ""
            rows.append((name, _span(company.audit) if goes else "", f"{other.rows:,}", "", goes, ""))
    if not rows:
        click.echo("nothing")
        return
    titles = ("WHAT", "KEPT", "NUMBER", "SIZE", "FIRST GOES", "LAST GOES")
    print_table(titles, rows, to_the_right=("KEPT", "NUMBER", "SIZE"))
    for span in kept.documents:
        for remark in _remarks(span):
            click.echo(f"documents of {_span(span.kept)}: {remark}")


def _remarks(span: KeptSpan) -> Iterator[str]:
    if span.unfinished:
        yield f"{span.unfinished:,} mails with a fax under way"
    if span.owing:
        yield f"{span.owing:,} with a notice or a copy to be delivered"
    if span.first_goes and span.first_goes < now() - _THIS_RUN and not span.owing:
        yield "some should be gone; does the service run?"


def _print_longer(longer: Sequence[KeptLonger]) -> None:
    print_table(
        ("KEPT", "MAILS", "ACCOUNTS", "SAID BY"),
        ((_span(each.kept), f"{each.mails:,}", f"{each.accounts:,}", each.said_by) for each in longer),
        folding=("SAID BY",),
        to_the_right=("KEPT", "MAILS", "ACCOUNTS"),
    )


def _span(span: timedelta | None) -> str:
    """A time span in the two largest units that it has."""
    if span is None:
        return ""
    days, rest = divmod(span, timedelta(days=1))
    hours, rest = divmod(rest, timedelta(hours=1))
    units = ((days, "d"), (hours, "h"), (rest // timedelta(minutes=1), "min"))
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2]) or "0 min"


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""


def _plain(
    since: datetime, removed: Sequence[PurgeEntry], kept: Retained, longer: Sequence[KeptLonger]
) -> dict[str, Any]:
    return {
        "since": since,
        "removed": [
            {
                "at": entry.at,
                "rule": entry.rule.value,
                "kept_seconds": entry.kept,
                "mails": entry.mails,
                "documents": entry.documents,
                "octets": entry.octets,
                "records": entry.records,
                "longest_seconds": entry.longest,
                "wiped": entry.wiped,
            }
            for entry in removed
        ],
        "kept": {
            "documents": [
                {
                    "kept_seconds": span.kept,
                    "mails": span.mails,
                    "documents": span.documents,
                    "octets": span.octets,
                    "first_goes": span.first_goes,
                    "last_goes": span.last_goes,
                    "unfinished": span.unfinished,
                    "owing": span.owing,
                }
                for span in kept.documents
            ],
            "unread": kept.unread,
            "records": kept.records,
            **{name: {"rows": other.rows, "oldest": other.oldest} for name, other in kept.others.items()},
        },
        "longer": [
            {
                "kept_seconds": each.kept,
                "mails": each.mails,
                "accounts": each.accounts,
                "said_by": each.said_by,
            }
            for each in longer
        ],
    }
