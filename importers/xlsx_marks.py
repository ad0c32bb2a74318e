"""What a workbook's reader does not tell: formulas, and cells whose value is an error or was never reckoned."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError  # the type alone, defusedxml reads  # nosec B405

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from importers.records import FileRefused
from importers.xlsx_beside import beside, comments_told

_STEP = 256 * 1024
_OVERLAP = 32
_WORTH_A_LOOK = re.compile(rb"<(?:\w+:)?f[\s/>]|t=[\"']e[\"']|hidden=[\"'](?:1|true)[\"']")
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
MOST_FAULTS = 100_000
MOST_COLUMNS = 1000  # hidden to the sheet's end means: the empty rest


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """`faults` by (row, column), both from 1; `told` says what there is to know of the sheet."""

    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    told: tuple[str, ...] = ()


NO_MARKS = SheetMarks()


def xlsx_marks(archive: zipfile.ZipFile, sheet: str, file: str) -> SheetMarks:
    """The marks of that sheet. Raises FileRefused where its XML cannot be read."""
    try:
        part = _part_of(archive, sheet)
        if part is None:
            return NO_MARKS
        is_plain = not any(_WORTH_A_LOOK.search(window) for window in _windows(archive, part))
        marks = NO_MARKS if is_plain else _scan(archive, part)
        return SheetMarks(marks.faults, (*marks.told, *beside(archive, part)))
    except (KeyError, ValueError, ParseError, DefusedXmlException, zipfile.BadZipFile) as error:
        raise FileRefused(f"{file} is damaged: save the list anew, or as CSV UTF-8") from error


def ods_marks(archive: zipfile.ZipFile, _sheet: str, _file: str) -> SheetMarks:
    """Whether there are formulas or comments anywhere in the file."""
    if "content.xml" not in archive.namelist():
        return NO_MARKS
    formulas = comments = 0
    for window in _windows(archive, "content.xml"):
        own = window[: len(window) - _OVERLAP]
        formulas += own.count(b"table:formula=")
        comments += own.count(b"<office:annotation ") + own.count(b"<office:annotation>")
    told = [_formulas(formulas)] if formulas else []
    return SheetMarks({}, (*told, *([comments_told(comments)] if comments else [])))


def _formulas(count: int) -> str:
    many = "1 cell holds a formula: its" if count == 1 else f"{count:,} cells hold a formula: their"
    return f"{many} last result was read, nothing was reckoned"


def _windows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that overlap a little."""
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_STEP):
            window = rest + chunk
            yield window
            rest = window[-_OVERLAP:]
    yield rest + b" " * _OVERLAP


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    book = fromstring(archive.read("xl/workbook.xml"))
    links = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if _name(element) == "sheet" and element.get("name") == sheet:
            link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            path = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
            return path if path in archive.namelist() else None
    return None


def _scan(archive: zipfile.ZipFile, part: str) -> SheetMarks:
    faults: dict[tuple[int, int], str] = {}
    formulas = hidden_rows = hidden_columns = 0
    with archive.open(part) as stream:
        for _, element in iterparse(stream, events=("end",), forbid_dtd=True):
            name = _name(element)
            if name == "c":
                has_formula, fault = _fault_of(element)
                formulas += has_formula
                if fault and len(faults) < MOST_FAULTS and (place := _place(element.get("r", ""))):
                    faults[place] = fault
            elif name == "row":
                hidden_rows += element.get("hidden") in {"1", "true"}
                element.clear()
            elif name == "col" and element.get("hidden") in {"1", "true"}:
                hidden_columns += int(element.get("max", "1")) - int(element.get("min", "1")) + 1
    told = [_formulas(formulas)] if formulas else []
    if hidden_rows:
        told.append(f"{hidden_rows:,} hidden rows: they were read like the others")
    if 0 < hidden_columns <= MOST_COLUMNS:
        told.append(f"{hidden_columns:,} hidden columns: they were read like the others")
    return SheetMarks(faults, tuple(told))


def _fault_of(cell: Element) -> tuple[bool, str]:
    parts = {_name(child): (child.text or "") for child in cell}
    has_formula = "f" in parts
    if cell.get("t") == "e":
        return has_formula, f"holds the spreadsheet's error {parts.get('v') or 'mark'}"
    if has_formula and not parts.get("v") and cell.get("t") != "str":  # a text may well be empty
        return True, "holds a formula without its result: formulas are never reckoned here"
    return has_formula, ""


def _place(reference: str) -> tuple[int, int] | None:
    found = _PLACE.fullmatch(reference)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
