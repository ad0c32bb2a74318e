"""LibreOffice as a judge: how it opens a sheet, cell by cell, and which cells it reckons with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from tests.unit.exports.readers import missing

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
MOST_REPEATED = 1000  # the empty rest of a sheet is one cell, repeated a million times


@dataclass
class Opened:
    """A file as LibreOffice opened it: rows of each of its sheets as shown, and the formulas it found."""

    sheets: list[list[list[str]]] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)


def opened(folder: Path, files: Mapping[str, bytes], separator: str = "") -> dict[str, Opened]:
    """Every file opened by one start of LibreOffice; a CSV with this separator, types guessed as much as it can."""
    if not shutil.which("soffice"):
        missing("LibreOffice is not here: apt install libreoffice-calc")
    source, target = folder / "in", folder / "out"
    source.mkdir(parents=True)
    for name, content in files.items():
        (source / name).write_bytes(content)
    # Separator, quotes, UTF-8, from line 1, no types given, any language, quoted cells are guessed too, odd numbers as well.
    filters = [f"--infilter=Text - txt - csv (StarCalc):{ord(separator)},34,76,1,,0,false,true"] if separator else []
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", *filters]
    command += ["--convert-to", "fods", "--outdir", str(target), *(str(source / name) for name in files)]
    done = subprocess.run(command, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return {name: _read(target / f"{Path(name).stem}.fods") for name in files}


def _read(path: Path) -> Opened:
    found = Opened()
    for table in parse(path).getroot().iter(f"{TABLE}table"):
        rows: list[list[str]] = []
        for row in table.iter(f"{TABLE}table-row"):
            cells = [text for cell in row for text in _cells(cell, found)]
            while cells and not cells[-1]:
                cells.pop()
            rows += [cells] * _repeated(row, "number-rows-repeated")
        while rows and not rows[-1]:
            rows.pop()
        found.sheets.append(rows)
    return found


def _cells(cell: Element, found: Opened) -> list[str]:
    formula = cell.get(f"{TABLE}formula")
    if formula is not None:
        found.formulas.append(formula)
    shown = "\n".join("".join(_words(paragraph)) for paragraph in cell.findall(f"{TEXT}p"))
    return [shown] * _repeated(cell, "number-columns-repeated")


def _words(element: Element) -> Iterator[str]:
    """Text as shown: several blanks stand as one element with a count."""
    yield element.text or ""
    for child in element:
        yield " " * int(child.get(f"{TEXT}c", "1")) if child.tag == f"{TEXT}s" else "".join(_words(child))
        yield child.tail or ""


def _repeated(element: Element, name: str) -> int:
    return min(int(element.get(f"{TABLE}{name}", "1")), MOST_REPEATED)
