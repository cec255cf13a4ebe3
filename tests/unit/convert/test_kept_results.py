import zipfile
from pathlib import Path

import pytest

from convert.kept_results import keep_results


def workbook(path: Path, sheet: str) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/worksheets/sheet1.xml", sheet)
        package.writestr("xl/workbook.xml", "<f>_xlfn.LET(1)</f><v>1</v>")
    return path


@pytest.mark.parametrize(
    ("sheet", "mended"),
    [
        ("<c><f>_xlfn.XLOOKUP(A1,B1,C1)</f><v>7</v></c>", "<c><v>7</v></c>"),
        ('<c><f t="array" ref="A1:A2">_xlfn._xlws.FILTER(A1,B1&gt;1)</f><v>a</v></c>', "<c><v>a</v></c>"),
        ("<x:c><x:f>_xlfn.LET(1)</x:f>\n<x:v>1</x:v></x:c>", "<x:c>\n<x:v>1</x:v></x:c>"),
        ("<c><f>CELL(&quot;filename&quot;)</f><v>C:\\a</v></c>", "<c><v>C:\\a</v></c>"),
        (
            '<c><f t="shared" si="0" ref="A1:A3">_xlfn.IFS(1)</f><v>1</v></c>'  # noqa: ISC004 - one sheet
            '<c><f t="shared" si="0"/><v>2</v></c><c><f t="shared" si="1"/><v>3</v></c>',
            '<c><v>1</v></c><c><v>2</v></c><c><f t="shared" si="1"/><v>3</v></c>',
        ),
        (
            "<c><f>_xlfn.IFS(1)</f><v>1</v></c><c><f>SUM(A1)</f><v>2</v></c>",
            "<c><v>1</v></c><c><f>SUM(A1)</f><v>2</v></c>",
        ),
    ],
)  # fmt: skip
def test_the_result_stays_and_the_formula_goes(tmp_path: Path, sheet: str, mended: str) -> None:
    source, target = workbook(tmp_path / "a.xlsx", sheet), tmp_path / "mended"
    assert keep_results(source, target)
    with zipfile.ZipFile(target) as package:
        assert package.read("xl/worksheets/sheet1.xml").decode() == mended
        assert package.read("xl/workbook.xml").startswith(b"<f>")


@pytest.mark.parametrize("sheet", ["<c><f>SUM(A1)</f><v>2</v></c>", "<c><v>1</v></c>", ""])
def test_a_workbook_without_such_formulas_is_left_alone(tmp_path: Path, sheet: str) -> None:
    assert not keep_results(workbook(tmp_path / "a.xlsx", sheet), tmp_path / "mended")
    assert not (tmp_path / "mended").exists()


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>"])
def test_a_formula_without_a_result_is_reckoned(tmp_path: Path, value: str) -> None:
    sheet = f"<c><f>_xlfn.IFS(1)</f>{value}</c>"
    if keep_results(workbook(tmp_path / "a.xlsx", sheet), tmp_path / "mended"):
        with zipfile.ZipFile(tmp_path / "mended") as package:
            assert package.read("xl/worksheets/sheet1.xml").decode() == sheet


def test_what_is_no_package_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\3\4 no package")
    assert not keep_results(tmp_path / "a.xlsx", tmp_path / "mended")
