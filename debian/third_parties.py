"""The licences of the Python packages in an environment, as paragraphs of a Debian copyright file.

    third_parties.py ENVIRONMENT

A package that names no licence ends it with an error: then somebody has to look.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

_OWN = "postfax"
_KNOWN = {"pypdfium2": "BSD-3-Clause AND Apache-2.0"}
"""Of packages whose metadata says it in no word that could be read."""


def paragraphs(packages: Path) -> Iterator[str]:
    """One for each package in a folder of packages, by name.

    Raises:
        ValueError: one names no licence.
    """
    found = {each.metadata["Name"]: each for each in distributions(path=[str(packages)])}
    for name in sorted(found, key=str.lower):
        if name != _OWN:
            yield paragraph(name, found[name])


def paragraph(name: str, package: Distribution) -> str:
    """What the copyright file says of one package.

    Raises:
        ValueError: it names no licence.
    """
    licence = _KNOWN.get(name) or _licence(package)
    if not licence:
        raise ValueError(f"{name} {package.version} names no licence: look at it, and name it here.")
    folder = f"usr/lib/postfax/lib/python3*/site-packages/{name.replace('-', '_')}*"
    lines = [
        f"\nFiles: {folder}",
        f"Copyright: the authors of {name} {package.version}",
        f"License: {licence}",
    ]
    texts = sorted(_texts(package))
    lines += [" Its text is installed beside it:", *(f"  {text}" for text in texts)] if texts else []
    return "\n".join([*lines, ""])


def _licence(package: Distribution) -> str:
    for name in ("License-Expression", "License"):
        written = package.metadata.get_all(name) or [""]
        if written[0] and "\n" not in written[0]:
            return str(written[0])
    classifiers = package.metadata.get_all("Classifier") or []
    return " or ".join(each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::"))


def _texts(package: Distribution) -> Iterator[str]:
    for file in package.files or ():
        if ".dist-info/" in str(file) and file.name.upper().startswith(("LICEN", "COPYING", "NOTICE")):
            yield str(file)


if __name__ == "__main__":
    [folder] = Path(sys.argv[1]).glob("lib/python3*/site-packages")
    sys.stdout.writelines(paragraphs(folder))
