"""Read the directory's own files again: its JSON, its plain CSV, its workbook. Runs apart (`sandbox`).

What a file was made for decides what is public: only a visitor's file holds nothing but public lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from directory.exports.plain_rows import PLAIN
from importers.csv_reader import first_separator, read_table
from importers.files import FileFacts
from importers.header import folded
from importers.json_tree import items_of, read_tree, text_of
from importers.own_words import PARTED, answers_of, lines_of
from importers.records import FileRefused, Limits, Remark, Row, RowAnswer, RowItem, RowLine
from importers.sheet_reader import read_sheet

VISITOR = "a visitor without sign-in"
PHONES = ("hotline", "phone", "fax")
KINDS = (*PHONES, "email", "secure_mail", "web", "postal")
NEEDED = frozenset({"id", "country", "institution", "title", "file_made_for"})
_KNOWN = frozenset(map(folded, NEEDED))
_SAME = ("country", "host_country", "institution", "title", "role", "area", "official", "asks_for")


def read_own(path: Path, limits: Limits, choices: dict[str, Any]) -> Iterator[RowItem]:
    """The entries as rows. Raises FileRefused for a file that the directory did not write."""
    if choices.get("content") == "json":
        yield from _from_json(path, limits)
    elif choices.get("content") == "book":
        yield from _from_sheet(read_sheet(path, limits, {"sheet": choices.get("sheet", ""), "known": _KNOWN}), path)
    else:
        facts = FileFacts(path, path.stat().st_size, "", choices.get("encoding", "utf-8"))
        sign = first_separator(facts)
        yield from _from_sheet(_table(facts, sign, limits), path, splits_at="," if sign == ";" else ";")


def _table(facts: FileFacts, sign: str, limits: Limits) -> Iterator[RowItem]:
    rows = read_table(facts, sign, "normal", lambda _: None, limits, known=_KNOWN)
    yield from (row for row in rows if not (isinstance(row, Row) and row.number == 1))


def _from_sheet(items: Iterable[RowItem], path: Path, splits_at: str = "") -> Iterator[RowItem]:
    """`splits_at`: the cells have the guard against formulas that a CSV gets, and it comes off as it went on."""
    for item in items:
        if not isinstance(item, Row):
            yield item
            continue
        if missing := sorted(NEEDED - set(item.cells)):
            raise FileRefused(f"{path.name} is no sheet of the directory's: there is no column “{missing[0]}”")
        cells = {name: str(cell) for name, cell in item.cells.items()}
        if splits_at:
            cells = {name: PLAIN.unguarded(name, cell, splits_at) for name, cell in cells.items()}
        yield _sheet_row(item.number, cells)


def _sheet_row(number: int, said: Mapping[str, str]) -> Row:
    published = said["file_made_for"] == VISITOR
    answers, unread = answers_of(said.get("responsibilities", "").split(PARTED))
    lines = [
        line
        for kind in KINDS
        for line in lines_of(kind, said.get(kind, ""), said.get(f"{kind}_about", ""), column=kind, published=published)
    ]
    cells: dict[str, Any] = {name: said.get(name, "") for name in _SAME}
    cells |= {
        "id": said["id"],
        "type": said.get("institution_type", ""),
        "local_name": said.get("institution_local_name", ""),
        "serves": tuple(filter(None, said.get("serves", "").split(PARTED))),
        "source": said.get("source", ""),
        "source_date": said.get("source_date", ""),
        "source_url": said.get("source_url", ""),
    }
    return _row(number, cells, lines, answers, unread)


def _from_json(path: Path, limits: Limits) -> Iterator[RowItem]:
    tree = read_tree(path, limits)
    about = tree.get("file") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(about, dict) or not isinstance(tree.get("entries"), list):
        raise FileRefused(f"{path.name} is no file of the directory's: it has no “file” and “entries”")
    published = about.get("made_for") == VISITOR
    for number, entry in enumerate(tree["entries"], 1):
        if not isinstance(entry, dict):
            yield Remark(number, "refused", "the whole row", text_of(entry)[:80], "is no entry")
            continue
        yield _json_row(number, entry, published=published)


def _json_row(number: int, entry: dict[str, Any], *, published: bool) -> Row:
    body, post = _dict(entry.get("institution")), _dict(entry.get("post"))
    source = next(iter(items_of(entry.get("sources"))), {})
    cells: dict[str, Any] = {
        "id": text_of(entry.get("id")),
        "country": text_of(entry.get("country")),
        "host_country": text_of(entry.get("host_country")),
        "serves": _texts(entry.get("serves")),
        "institution": text_of(body.get("name")),
        "local_name": text_of(body.get("local_name")),
        "type": text_of(body.get("type")),
        **{name: text_of(post.get(name)) for name in ("title", "role", "area", "asks_for")},
        "official": text_of(_dict(entry.get("official")).get("name")),
        "source": text_of(source.get("name")),
        "source_date": text_of(source.get("date")),
        "source_url": text_of(source.get("url")),
    }
    answers = [
        RowAnswer(
            sop=text_of(part.get("sop")),
            measure=text_of(part.get("measure")),
            level=text_of(part.get("level")),
            area=text_of(part.get("area")),
            target_groups=_texts(part.get("target_groups")),
            exploitation=_texts(part.get("exploitation")),
        )
        for part in items_of(entry.get("responsibilities"))
    ]
    points = list(items_of(entry.get("contact_points")))
    lines = [_json_line(point, published=published) for point in points if point.get("value")]
    hidden = [f"a {text_of(point.get('kind'))} that the file keeps back" for point in points if not point.get("value")]
    return _row(number, cells, lines, answers, hidden)


def _json_line(point: dict[str, Any], *, published: bool) -> RowLine:
    return RowLine(
        kind=text_of(point.get("kind")),
        value=text_of(point.get("value")),
        column="contact_points",
        label=text_of(point.get("label")),
        hours=text_of(point.get("hours")),
        timezone=text_of(point.get("timezone")),
        languages=_texts(point.get("languages")),
        published=published,
    )


def _row(
    number: int, cells: dict[str, Any], lines: list[RowLine], answers: list[RowAnswer], unread: Iterable[str]
) -> Row:
    cells["name_language"] = "en" if cells.get("local_name") else ""
    told = [Remark(number, "left out", "the entry", text[:200], "is not understood") for text in unread]
    return Row(number, cells, lines=tuple(lines), answers=tuple(answers), unread=tuple(told))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text_of(part) for part in value) if isinstance(value, list) else ()
