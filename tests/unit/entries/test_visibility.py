"""The one function that decides what a viewer sees, tried on an entry that holds everything."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from directory.entries.entry import ContactLine, Entry, Holder, InstitutionPart, StoredEntry
from directory.entries.viewer import PUBLIC, Viewer
from directory.entries.visibility import visible
from directory.registry.rules import FreshnessDays

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
REGISTERED = Viewer(layer="registered")
REVEALING = Viewer(layer="registered", may_reveal=True)


def line(field_class: str, owner: str = "post", value: str = "+442079460101") -> ContactLine:
    return ContactLine(
        id=f"{field_class}-{owner}",
        kind="phone",
        value=value,
        display=value,
        label="",
        hours="",
        timezone="",
        languages=(),
        owner=owner,
        confirmed_at=None,
        method=None,
        field_class=field_class,  # type: ignore[arg-type]
    )


STORED = StoredEntry(
    id="1",
    demo=False,
    country="RO",
    host_country=None,
    serves=(),
    institution=InstitutionPart("2", "Agency", "", "ngo", "", (), None, ""),
    title="Return desk",
    role="return_officer",
    area="",
    asks_for="",
    is_desk=False,
    is_vacant=False,
    responsibilities=(),
    contact_lines=(line("public"), line("registered"), line("restricted"), line("registered", "holder")),
    deputy=None,
    confirmed_at=NOW - timedelta(days=10),
    method="letter",
    sources=(),
    revision=1,
    changed_at=NOW,
    holder=Holder("Somebody Invented", is_acting=False, agreed_at=NOW),
)


def seen(stored: StoredEntry, viewer: Viewer) -> Entry:
    return visible(stored, viewer, today=NOW.date(), days=FreshnessDays())


def test_the_public_sees_public_lines_and_no_name() -> None:
    entry = seen(STORED, PUBLIC)
    assert [each.id for each in entry.contact_lines] == ["public-post"]
    assert entry.official is None


def test_a_registered_reader_sees_the_name_and_registered_lines_but_nothing_restricted() -> None:
    entry = seen(STORED, REGISTERED)
    assert entry.official == "Somebody Invented"
    assert [each.id for each in entry.contact_lines] == ["public-post", "registered-post", "registered-holder"]


def test_who_may_reveal_gets_the_line_without_its_value() -> None:
    restricted = [each for each in seen(STORED, REVEALING).contact_lines if each.is_restricted]
    assert [(each.id, each.value, each.display) for each in restricted] == [("restricted-post", None, "")]


@pytest.mark.parametrize(
    "holder",
    [
        pytest.param(Holder("Never Asked", is_acting=False, agreed_at=None), id="never agreed"),
        pytest.param(None, id="vacant"),
    ],
)
def test_a_holder_who_did_not_agree_is_not_named_and_their_lines_are_absent(holder: Holder | None) -> None:
    entry = seen(replace(STORED, holder=holder), REVEALING)
    assert entry.official is None
    assert not [each for each in entry.contact_lines if each.owner == "holder"]


def test_after_a_long_silence_the_person_is_hidden_and_the_desk_stays() -> None:
    entry = seen(replace(STORED, confirmed_at=NOW - timedelta(days=120)), REGISTERED)
    assert entry.official is None
    assert [each.id for each in entry.contact_lines] == ["public-post", "registered-post"]
    assert entry.freshness == "unconfirmed"


def test_a_projected_entry_has_no_way_back_to_the_holder() -> None:
    assert "holder" not in {field.name for field in fields(Entry)}
    assert "Somebody Invented" not in repr(seen(STORED, PUBLIC))
    assert "Somebody Invented" in repr(STORED), "the control: the stored entry does hold the name"
