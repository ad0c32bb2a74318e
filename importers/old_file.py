"""The old list given back: the same rows, numbers and addresses brought up to date, and what became of each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from directory.entries.entry import Entry
from directory.exports import ExportContext, write_export
from directory.exports.card_writer import card_text
from directory.exports.guard import guard_phone, guard_text
from directory.exports.words import freshness_words
from directory.registry import rules
from importers.old_list import NUMBERS, OldList, OldRow, Verdict
from importers.vcard_prepass import split_cards

EXTRA = tuple(f"directory: {word}" for word in ("state", "what to know", "telephone", "mail", "confirmed", "page"))
STATE_WORDS = {"current": "current", "changed": "changed", "gone": "gone", "unknown": "not found"}
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SIGNS = re.compile(r"[\s\d+().;,/|'-]*")


def corrected(old: OldList, verdicts: Sequence[Verdict], path: Path, context: ExportContext) -> bytes:
    """The whole file, of the family the list came in."""
    if old.kind == "vcard":
        return _cards(verdicts, path, context)
    header = [*old.columns, *EXTRA]
    rows = [[*(_cell(old, verdict, name) for name in old.columns), *_extra(verdict, context)] for verdict in verdicts]
    return _book(header, rows) if old.kind == "xlsx" else _sheet(old, header, rows)


def note_of(verdict: Verdict) -> str:
    """What somebody should know about the row, in a sentence."""
    row, entry = verdict.row, verdict.entry
    if verdict.state == "gone":
        return f"The entry is gone; see {entry.title}, {entry.institution.name}" if entry else "The entry is gone"
    if verdict.state == "unknown":
        return "Nothing you may see here has this number, address or name"
    if verdict.state == "changed":
        old = [text for name, text in texts_of(row) if set(row.values[name]) & verdict.stale]
        return f"No longer here, as far as you may see: {'; '.join(old)}"
    return ""


def texts_of(row: OldRow) -> list[tuple[str, str]]:
    """Each column that held something to compare, and what it said."""
    return [(name, row.cells.get(name) or ", ".join(values)) for name, values in row.values.items()]


def _extra(verdict: Verdict, context: ExportContext) -> list[str]:
    entry = verdict.entry
    told = [STATE_WORDS[verdict.state], note_of(verdict)]
    if entry is None:
        return [*told, "", "", "", ""]
    return [
        *told,
        _shown(entry, NUMBERS - {"fax"}),
        _shown(entry, rules.MAILS),
        freshness_words(entry),
        context.page_of(entry.id),
    ]


def _shown(entry: Entry, kinds: frozenset[str]) -> str:
    return "; ".join(line.display for line in entry.contact_lines if line.value and line.kind in kinds)


def _cell(old: OldList, verdict: Verdict, name: str) -> str:
    """The cell as it was; where all it holds is out of date and the entry has something in its place, that."""
    text = str(verdict.row.cells.get(name, ""))
    values = verdict.row.values.get(name, ())
    if verdict.state != "changed" or verdict.entry is None or not values or set(values) - verdict.stale:
        return text
    is_mail = "@" in values[0]
    if not is_mail and not _SIGNS.fullmatch(text):
        return text  # it says more than the number
    kinds = rules.MAILS if is_mail else frozenset({"fax"}) if old.meanings.get(name) == "fax" else NUMBERS - {"fax"}
    return _shown(verdict.entry, kinds) or text


def _sheet(old: OldList, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    target = io.StringIO()
    other = "," if old.separator == ";" else ";"
    writer = csv.writer(target, delimiter=old.separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([guard_text(name, other) for name in header])
    for row in rows:
        writer.writerow([_guarded(cell, other) for cell in row])
    return target.getvalue().encode("utf-8-sig", "replace")


def _guarded(cell: str, other: str) -> str:
    return guard_phone(cell, other) if cell.startswith("+") and "; " not in cell else guard_text(cell, other)


def _book(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - dear to load, and most starts write none
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Checked list")
    sheet.freeze_panes = "A2"
    for row in (header, *rows):
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=_NO_XML.sub("", text)[:32_000])
            cell.data_type, cell.number_format = "s", "@"  # else a text that begins with `=` becomes a formula
            cells.append(cell)
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cards(verdicts: Sequence[Verdict], path: Path, context: ExportContext) -> bytes:
    """Cards that changed come as the directory writes them; the others as they were, with a word about each."""
    first: Mapping[int, Verdict] = {verdict.row.number: verdict for verdict in reversed(verdicts)}
    written: list[bytes] = []
    for raw in split_cards(path):
        verdict = first.get(raw.number)
        if verdict and verdict.state == "changed" and verdict.entry:
            card = write_export("vcard", [verdict.entry], context=context)
            written.append(_with_word(card.rstrip().removesuffix(b"END:VCARD").rstrip(b"\r\n").split(b"\r\n"), verdict))
        elif raw.number > 0:
            written.append(_with_word([b"BEGIN:VCARD", *raw.lines], verdict))
    return b"".join(written)


def _with_word(lines: Sequence[bytes], verdict: Verdict | None) -> bytes:
    state = STATE_WORDS[verdict.state] if verdict else "not read"
    told = f"{state}. {note_of(verdict)}" if verdict else state
    word = f"X-DIRECTORY-STATE:{card_text(told.strip(' .'))}"
    return b"\r\n".join([*lines, *_folded(word.encode()), b"END:VCARD", b""])


def _folded(line: bytes) -> list[bytes]:
    """Lines of at most 75 bytes, no letter cut."""
    parts, rest = [], line.decode()
    while len(rest.encode()) > 74:
        cut = 74
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        parts.append(rest[:cut].encode())
        rest = " " + rest[cut:]
    return [*parts, rest.encode()]
