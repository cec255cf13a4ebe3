"""Makes an environment of Python at home in the folder where it will be: settle.py BUILT HOME.

pip and venv write the path at which an environment is made into its scripts and its settings.
"""

import shutil
import sys
from pathlib import Path


def settle(built: Path, home: str) -> None:
    """Change what names the folder `built` to name `home`, and leave of the scripts the program's own."""
    for script in (built / "bin").iterdir():
        if script.name == "postfax":
            lines = script.read_text("utf-8").splitlines(keepends=True)
            script.write_text("".join([f"#!{home}/bin/python\n", *lines[1:]]), "utf-8")
        elif not script.name.startswith("python"):
            script.unlink()
    settings = built / "pyvenv.cfg"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("command")]
    settings.write_text("\n".join([*kept, ""]), "utf-8")
    for beside in ("include", "share"):  # manual pages of others' scripts, which are gone
        shutil.rmtree(built / beside, ignore_errors=True)
    for record in built.glob("lib/python3*/site-packages/*.dist-info/direct_url.json"):
        record.unlink()  # names the wheel that was made on the way


if __name__ == "__main__":
    settle(Path(sys.argv[1]), sys.argv[2])
