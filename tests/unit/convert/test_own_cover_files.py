"""What of an own template's surroundings reaches its task: itself, and plain pictures beside it."""

import os
from pathlib import Path

import pytest

from convert import cover_files
from convert.cover_files import TemplateUnusable, hand_over_template
from convert.cover_names import PICTURES
from convert.cover_structure import structure_mistakes


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    return folder


def template(tmp_path: Path, html: str) -> str:
    folder = tmp_path / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "letter.html").write_text(html, encoding="utf-8")
    return str(folder / "letter.html")


def handed(task: Path) -> dict[str, bytes]:
    folder = task / PICTURES
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def test_pictures_that_the_template_names_are_handed_over(tmp_path: Path, task: Path) -> None:
    file = template(
        tmp_path, """<img src="logo.png"><img src='a/b%20c.JPG'><p style="background: url(d.svg)"> e.png""",
    )  # fmt: skip
    (tmp_path / "templates/a").mkdir()
    for name in ("logo.png", "a/b c.JPG", "d.svg", "unnamed.png"):
        (tmp_path / "templates" / name).write_bytes(name.encode())

    assert hand_over_template(file, task) == "template.html"
    assert handed(task) == {name: name.encode() for name in ("logo.png", "a/b c.JPG", "d.svg")}
    assert (task / "template.html").read_text().startswith("<img")


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/x.png", "link.png", "folder.png", "pipe.png", "large.png"]
)
def test_nothing_else_is(tmp_path: Path, task: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover_files, "_LARGEST_PICTURE", 1000)
    file = template(tmp_path, f'<img src="{name}"><img src="good.png">')
    folder = tmp_path / "templates"
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "large.png").write_bytes(bytes(1001))
    (folder / "good.png").write_bytes(b"good")

    hand_over_template(file, task)

    assert handed(task) == {"good.png": b"good"}


def test_a_link_within_the_folder_is_followed(tmp_path: Path, task: Path) -> None:
    file = template(tmp_path, '<img src="link.png">')
    (tmp_path / "templates/logo.png").write_bytes(b"logo")
    (tmp_path / "templates/link.png").symlink_to("logo.png")

    hand_over_template(file, task)

    assert handed(task) == {"link.png": b"logo"}


def test_a_template_that_cannot_be_used_says_why(tmp_path: Path, task: Path) -> None:
    os.mkfifo(tmp_path / "pipe.html")
    (tmp_path / "large.html").write_bytes(bytes((4 << 20) + 1))
    (tmp_path / "folder.odt").mkdir()

    for name, told in (
        ("gone.html", "the file is not there"),
        ("pipe.html", "it is no plain file"),
        ("folder.odt", "it is no plain file"),
        ("large.html", "the file is larger than 4 MB"),
    ):
        with pytest.raises(TemplateUnusable, match=told):
            hand_over_template(str(tmp_path / name), task)


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<p>one<p>two<ul><li>a<li>b</ul><br><img src=x><table><tr><td>a<td>b</table>", []),
        ("{% if a %}<div>{% else %}</div>{% endif %}", []),
        ("<div>\n<b>\n</div>", ["line 2: <b> does not end"]),
        ("<div>\n<table>", ["line 1: <div> does not end", "line 2: <table> does not end"]),
        ("text\n</div>", ["line 2: </div> ends nothing"]),
        ("<svg><path d=''/></svg><iframe src=x></iframe>", ["line 1: <iframe>: a frame shows nothing"]),
        ("{{ '<div>' }}{# <b>\n #}\n<i>", ["line 3: <i> does not end"]),
    ],
)
def test_elements_that_do_not_end_are_told(tmp_path: Path, html: str, told: list[str]) -> None:
    assert list(map(str, structure_mistakes(Path(template(tmp_path, html))))) == told
