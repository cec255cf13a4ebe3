"""What a policy may say and may not mean: told by `postfax check`, and no reason to refuse it."""

from collections.abc import Iterator

from config.inheritance import SettingPath
from config.levels import Level
from config.mistakes import Caution, path_text
from config.notifications import NoticeSwitches

CAUTIONED = frozenset({"notifications", "archive"})
"""The groups of settings that there are cautions about."""


def cautions_of(level: Level) -> Iterator[Caution]:
    """The cautions about what a level says itself."""
    for kind in ("initial", "delivery"):
        switches: NoticeSwitches = getattr(level.own.notifications, kind)
        if "failure" in switches.model_fields_set and not switches.failure:
            yield caution(
                level,
                ("notifications", kind, "failure"),
                "is off: a sender is not told when a fax is refused or does not arrive",
                "Leave it on, unless another program tells them.",
            )
    archive = level.own.archive
    if archive.enabled and "file_name" in archive.model_fields_set and "{job_id}" not in archive.file_name:
        yield caution(
            level,
            ("archive", "file_name"),
            "is without {job_id}: two faxes may want the same file name",
            "Put {job_id} into it.",
        )
    if archive.enabled and archive.ftps and archive.ftps.tls == "insecure-none":
        yield caution(
            level,
            ("archive", "ftps", "tls"),
            "is insecure-none: everybody on the way can read the password and the faxes",
            "Let the server speak TLS, or use sftp.",
        )


def caution(level: Level, setting: SettingPath, remark: str, advice: str = "") -> Caution:
    """A caution about a setting that a level says."""
    source = level.source_of(setting)
    place = source.place(*setting)
    path = path_text((*source.steps, *setting))
    return Caution(
        file=place.file, line=place.line, column=place.column, path=path, remark=remark, advice=advice
    )
