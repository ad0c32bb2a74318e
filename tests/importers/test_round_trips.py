"""Out and in again: what the directory writes, it reads back, field by field; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory import migrations
from directory.db import make_engine
from directory.entries.entry import Entry
from directory.entries.viewer import PUBLIC
from directory.registry import operations as registry
from directory.sops import operations as sops
from directory.sops.taxonomy import Taxonomy, build, read_file
from importers.models import ImportedRecord
from importers.own_words import about_of, answer_of
from importers.records import RowAnswer
from tests.conftest import NOW
from tests.importers.conftest import AUTHORITIES, EMBASSIES, import_into, needs_real_lists, row, write_list
from tests.importers.round_trips import READ_AS, SIGNED_IN, differences, entries_of, told, write

KINDS = tuple(READ_AS)
Fresh = Callable[[], Session]

RICH = (
    row(
        id="1",
        name_en="Demo Agency; with “signs”, a comma",
        name_local="Agenția demo",
        name_local_language="ro",
        serves="AL;MK;BA",
        city="Cluj",
        role="return_officer",
        area="Cluj, Bihor",
        asks_for="Case number / date\nA second line",
        sop="4;2",
        measure="4.3;1.C",
        level="supports",
        target_groups="",
        hotline="116000;+44 20 7946 0110",
        phone="+44 20 7946 0111",
        fax="+44 20 7946 0112",
        email="a@agency.example;b@agency.example",
        secure_mail="safe@agency.example",
        web="https://agency.example.org/a,b;https://agency.example.org/path/",
        postal="Street 1\n400000 Cluj\nRomania",
        hours="Mo-Fr 08:00-12:00,13:00-16:00; Sa 09:00-12:00",
        timezone="Europe/Bucharest",
        languages="ro;en",
        checked_on="2026-11-01",
        source_url="https://agency.example.org/list",
    ),
    row(id="2", country="XK", name_en="Demo Office", sop="", title="=1+1", phone="+44 20 7946 0113", hours="24/7"),
    row(id="3", country="AL", host_country="CH", name_en="Demo Embassy", type="embassy_consulate", measure="4.3", sop=""),
)  # fmt: skip


@pytest.fixture
def fresh(tmp_path: Path, taxonomy: Taxonomy) -> Iterator[Fresh]:
    """Empty directories, as many as asked for."""
    made = []

    def make() -> Session:
        engine = make_engine(f"sqlite:///{tmp_path / f'{len(made)}.sqlite'}")
        migrations.upgrade(engine)
        session = Session(engine)
        registry.ensure_countries(session, taxonomy.participating)
        sops.put_in_force(session, taxonomy, by="test", now=NOW)
        made.append((engine, session))
        return session

    yield make
    for engine, session in made:
        session.close()
        engine.dispose()


def there_and_back(
    kind: str, before: list[Entry], target: Session, folder: Path, taxonomy: Taxonomy, institution_type: str = ""
) -> list[tuple[Entry, Entry]]:
    """Each entry before and after. The second import of the same file finds nothing to do."""
    path = write(kind, before, folder, taxonomy)
    chosen = institution_type if kind == "vcard" else ""
    report = import_into(target, taxonomy, path, READ_AS[kind], institution_type=chosen)
    assert (report.new_count, report.refused_count, report.remarks) == (len(before), 0, [])
    again = import_into(target, taxonomy, path, READ_AS[kind], institution_type=chosen)
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, len(before))
    assert not again.batch_id
    target.flush()
    known = {record.key.removeprefix("urn:uuid:"): record.post_id for record in target.scalars(select(ImportedRecord))}
    after = {entry.id: entry for entry in entries_of(target, SIGNED_IN if kind == "vcard" else PUBLIC)}
    assert all(entry.freshness == "unconfirmed" for entry in after.values())
    return [(entry, after[known[entry.id]]) for entry in before]


@pytest.mark.parametrize("kind", KINDS)
def test_rich_entries_come_back_whole(kind: str, fresh: Fresh, tmp_path: Path, taxonomy: Taxonomy) -> None:
    source = fresh()
    assert import_into(source, taxonomy, write_list(tmp_path / "list.csv", RICH), "template").new_count == 3
    before = entries_of(source)
    pairs = there_and_back(kind, before, fresh(), tmp_path, taxonomy, "ngo")
    found = [one for was, becomes in pairs for one in differences(was, becomes, kind)]
    if kind == "vcard":  # a card has no `;` in a text and no `,` in an address
        found = [one for one in found if str(one.before).replace(";", ",") != str(one.after).replace("%2C", ",")]
    assert not found


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Entry]]:
    """The authorities, and the embassies of Switzerland, as a visitor sees them."""
    taxonomy, found = build(read_file()), {}
    for kind, path, country in (("authorities", AUTHORITIES, None), ("embassies", EMBASSIES, "CH")):
        engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp(kind) / 'source.sqlite'}")
        migrations.upgrade(engine)
        with Session(engine) as session:
            registry.ensure_countries(session, taxonomy.participating)
            sops.put_in_force(session, taxonomy, by="test", now=NOW)
            import_into(session, taxonomy, path, kind, country=country)
            found[kind] = entries_of(session)
        engine.dispose()
    return found


@needs_real_lists
@pytest.mark.parametrize("kind", KINDS)
def test_real_lists_come_back_whole(
    kind: str, real: dict[str, list[Entry]], fresh: Fresh, tmp_path: Path, taxonomy: Taxonomy
) -> None:
    """57 authorities and 109 embassies; a card and HSDS carry less, which NOT_CARRIED names."""
    assert (len(real["authorities"]), len(real["embassies"])) == (57, 109)
    for name, institution_type in (("authorities", "ombudsman"), ("embassies", "embassy_consulate")):
        pairs = there_and_back(kind, real[name], fresh(), tmp_path, taxonomy, institution_type)
        assert told([one for was, becomes in pairs for one in differences(was, becomes, kind)]) == {}


def test_a_changed_field_would_be_found(fresh: Fresh, tmp_path: Path, taxonomy: Taxonomy) -> None:
    """The control of the comparison."""
    source, target = fresh(), fresh()
    import_into(source, taxonomy, write_list(tmp_path / "a.csv", [row()]), "template")
    import_into(target, taxonomy, write_list(tmp_path / "b.csv", [row(phone="+44 1632 960102", area="x")]), "template")
    [was], [becomes] = entries_of(source), entries_of(target)
    assert {one.field for one in differences(was, becomes, "json")} == {"phone", "area", "class"}


def test_a_file_for_one_reader_brings_nothing_public(fresh: Fresh, tmp_path: Path, taxonomy: Taxonomy) -> None:
    source, target = fresh(), fresh()
    import_into(source, taxonomy, write_list(tmp_path / "list.csv", [row()]), "template")
    path = write("json", entries_of(source), tmp_path, taxonomy)
    path.write_text(path.read_text(encoding="utf-8").replace("a visitor without sign-in", "somebody"), encoding="utf-8")
    import_into(target, taxonomy, path, "directory")
    [entry] = entries_of(target)
    assert not entry.contact_lines
    assert len(entries_of(target, SIGNED_IN)[0].contact_lines) == 2


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Leads SOP 4 Return and social inclusion.", RowAnswer("4", "", "leads")),
        (
            "Is informed SOP 4 Return and social inclusion (Cluj (north))",
            RowAnswer("4", "", "informed", "Cluj (north)"),
        ),
        ("Leads SOP 9 Something else", None),
        ("Leads SOP 4 Return and social inclusion and more", None),
        ("Have ready: papers", None),
    ],
)
def test_a_sentence_about_a_responsibility(text: str, answer: RowAnswer | None) -> None:
    assert answer_of(text) == answer


@pytest.mark.parametrize(
    ("text", "label", "hours", "timezone", "languages"),
    [
        ("", "", "", "", ()),
        ("Romanian", "", "", "", ("ro",)),
        ("day and night", "", "24/7", "", ()),
        (
            "Press desk · Mon–Fri 08:00–16:00, Sat 09:00–12:00 (Tirane time) · Albanian, English",
            "Press desk",
            "Mo-Fr 08:00-16:00; Sa 09:00-12:00",
            "Europe/Tirane",
            ("sq", "en"),
        ),
        ("Ask for Mr Polish · by appointment", "Ask for Mr Polish · by appointment", "", "", ()),
    ],
)
def test_what_is_said_of_a_line(text: str, label: str, hours: str, timezone: str, languages: tuple[str, ...]) -> None:
    about = about_of(text)
    assert (about.label, about.hours, about.timezone, about.languages) == (label, hours, timezone, languages)
