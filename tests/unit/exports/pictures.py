"""Entries for tests of files: one plain one to vary, and ones whose every text is hostile."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from directory.config import KOSOVO_FOOTNOTE
from directory.entries.entry import (
    Answerability,
    ContactLine,
    Deputy,
    Entry,
    InstitutionName,
    InstitutionPart,
    SourcePart,
)
from directory.exports import ExportContext
from directory.sops.taxonomy import Taxonomy

NOW = datetime(2026, 11, 24, 21, 30, tzinfo=UTC)
NASTY = (
    *",;\\\":'",
    *"\r\n\t\x00\x0b\x1f\x7f\x85\u2028\u2029\ufeff\u202e\u2066",
    "\r\n",
    "\r\nTEL:+666",
    "\nEND:VCARD\nBEGIN:VCARD",
    "\\n",
    "\\,",
    '"\r\nX:1',
    *"=+-@＝%|^{}<>&",
    *"éß漢😀שعاАй",
    "👩‍👧",
    *"ab 0",
)  # fmt: skip

# What a spreadsheet would reckon with, or a reader with other habits.
FORMULAS = (
    "=1+1", "+1+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "＝1+1", "a\n=1+1", "a\r\n=1+1", "\u00a0=1+1", " =1+1",
    "'=1+1", "a;=1+1", "a,=1+1", 'a","=1+1', 'a";"=1+1', '"=1+1', "=cmd|' /C calc'!A0", "#N/A", "_x003D_1+1",
)  # fmt: skip


def context_for(taxonomy: Taxonomy, **more: Any) -> ExportContext:
    return ExportContext(
        base_url="https://directory.example.org",
        taxonomy=taxonomy,
        now=NOW,
        kosovo_footnote=KOSOVO_FOOTNOTE,
        filter_words="Romania · SOP 4 Return and social inclusion",
        **more,
    )


def make_line(kind: str = "phone", value: str | None = "+40213168400", **more: Any) -> ContactLine:
    shown = more.pop("display", value or "")
    plain = ContactLine(
        id=str(uuid.uuid4()),
        kind=kind,
        value=value,
        display=shown,
        label="",
        hours="",
        timezone="",
        languages=(),
        owner="post",
        confirmed_at=None,
        method=None,
        field_class="public",
    )
    return replace(plain, **more)


def make_entry(**more: Any) -> Entry:
    institution = InstitutionPart(
        id=str(uuid.UUID(int=7)),
        name="Return Agency",
        local_name="Agenția pentru Întoarcere",
        type="migration_authority",
        city="București",
        names=(InstitutionName("en", "official", "Return Agency"),),
        parent_id=None,
        parent_name="",
    )
    plain = Entry(
        id=str(uuid.UUID(int=1)),
        demo=False,
        country="RO",
        host_country=None,
        serves=(),
        institution=more.pop("institution", institution),
        title="Return desk",
        role="return_officer",
        area="",
        asks_for="",
        is_desk=True,
        is_vacant=False,
        responsibilities=(Answerability(4, None, "leads", "", (), ()),),
        contact_lines=(make_line(display="+40 21 316 8400"),),
        deputy=None,
        confirmed_at=datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
        method="signed_in",
        sources=(SourcePart("Official list", date(2026, 1, 5), "https://list.example"),),
        revision=3,
        changed_at=datetime(2026, 11, 12, 9, 30, tzinfo=UTC),
        official=None,
        is_acting=False,
        freshness="confirmed",
    )
    return replace(plain, **more)


def hostile_text(dice: random.Random, longest: int = 12) -> str:
    """Anything a keyboard, a foreign file or an attacker may bring."""
    return "".join(dice.choices(NASTY, k=dice.randint(0, longest)))


def hostile_entry(dice: random.Random) -> Entry:
    """An entry with every free text hostile, far beyond what the registry lets in."""

    def text(longest: int = 12) -> str:
        return hostile_text(dice, longest)

    lines = [
        make_line(kind, value, label=text(), hours=dice.choice(("24/7", "Mo-Fr 08:00-16:00; Sa 09:00-12:00", text())))
        for kind, value in (
            ("hotline", "116000"),
            ("phone", "+40213168400;ext=12"),
            ("phone", text()),
            ("fax", "+40213168401"),
            ("email", "desk@return.example"),
            ("email", f"{text(4)}@{text(4)}"),
            ("secure_mail", "safe@return.example"),
            ("web", f"https://return.example/{text()}?q={text()}#{text(3)}"),
            ("web", text()),
            ("postal", text(40)),
        )
    ]
    named = make_entry().institution
    return make_entry(
        id=str(uuid.UUID(int=dice.getrandbits(128))),
        demo=dice.random() < 0.5,
        country=dice.choice(("RO", "XK", "BA")),
        institution=replace(named, name=text(90), local_name=text()),
        title=text(90),
        asks_for=text(60),
        responsibilities=(Answerability(4, "4.3", "leads", text(), ("children",), ("labour",)),),
        contact_lines=tuple(lines),
        deputy=Deputy(str(uuid.UUID(int=9)), text(), text()),
        sources=(SourcePart(text(), None, text()),),
        official=text() or None,
        freshness=dice.choice(("confirmed", "overdue", "unconfirmed")),
    )


def formula_entries() -> list[Entry]:
    """For each formula an entry with it wherever a text may stand, also where a phone is meant."""
    return [
        make_entry(
            id=str(uuid.UUID(int=1000 + number)),
            institution=replace(make_entry().institution, name=text, local_name=text, city=text, parent_name=text),
            title=text,
            area=text,
            asks_for=text,
            official=text,
            contact_lines=(
                make_line("hotline", "116000"),
                make_line(display="+40 21 316 8400", label=text),
                make_line(value=text, display=text),
                make_line("email", "desk@return.example"),
                make_line("postal", text),
            ),
            sources=(SourcePart(text, None, text),),
        )
        for number, text in enumerate(FORMULAS)
    ]
