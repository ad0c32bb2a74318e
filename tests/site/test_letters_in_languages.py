"""Every letter we write, in every branch and every language: written through, and with no English left in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.support import Translations

from directory.config import ROOT
from directory.feeds.digests import Item, Part
from directory.languages import LANGUAGES, day_in, locale_of
from directory.mail.outbox import render
from directory.registry.rules import CONTACT_KINDS
from directory.web.second_factor import __file__ as second_factor
from tests.leftovers import CODES, FOLDER, catalogue, english_in, english_only, seen, wanted

LETTERS = ROOT / "templates" / "mail"
NUMBERS = (0, 1, 2, 5, 21, 101)
AT = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)  # “October” is English alone
LINES = [{"kind": kind, "display": "+44 20 7946 0101", "label": "Xyz"} for kind in CONTACT_KINDS]
DESK = {"title": "Ypsilon", "institution": "Zeta", "holder": "", "is_desk": True, "lines": LINES}
HELD, EMPTY = {**DESK, "holder": "Qux"}, {**DESK, "is_desk": False}
EVERYWHERE: dict[str, Any] = {
    "product": "TRM Directory", "name": "Qux", "base_url": "https://x.example", "link": "https://x.example/y", "at": AT,
    "code": "ABC234", "title": "Ypsilon", "institution": "Zeta", "inviter": "Qux", "until": AT, "until_on": AT.date(),
    "since": AT, "count": 5, "page": "y/1", "proposal_id": "1", "entry": "Ypsilon, Zeta", "applies_on": AT.date(),
    "following_link": "https://x.example/f", "stop_link": "https://x.example/s", "note": "", "is_own": True,
    "may_decide": True, "signer": "", "codes_left": None, "browser": "", "system": "", "named_by": "Qux",
    "lines": [(kind, "+44 20 7946 0101", "") for kind in CONTACT_KINDS], "state": "accepted",
    "fields": ["title", "area", "asks_for", "responsibilities", "role", "holder", "is_desk", "country", "host_country", "serves", "city", "note", "names", "type", "source_url", "closed"],
}  # fmt: skip
ITEMS = tuple(Item(what, "Ypsilon", "Zeta", "") for what in ("new", "vacant", "removed", "replaced", "changed"))
ASKS = [
    {"step": step, "own": own, "others": others, "as_whom": whom, "signer": signer}
    for step, own, others, whom, signer in (
        ("ask", [DESK, HELD, EMPTY], [], "owner", "Qux"),
        ("remind", [DESK], [], "owner", ""),
        ("again", [], [DESK], "deputy", ""),
        ("institution", [], [HELD], "head", ""),
        ("institution", [], [EMPTY], "focal_point", ""),
    )
]
FACTORS = re.findall(
    r'"((?:An?|The|New) [a-z ]+ (?:set up|added|removed|made))"', Path(second_factor).read_text("utf-8")
)
FACTORS += ["A recovery code was used", "All your second factors were taken away by your coordinator"]
BRANCHES: dict[str, list[dict[str, Any]]] = {
    "agree": [{}],
    "calls": [{"count": count} for count in NUMBERS],
    "change_decided": [{"state": state, "is_own": own, "note": note} for state, own, note in (
        ("accepted", True, ""), ("scheduled", False, "Qux"), ("returned", True, ""), ("outdated", True, ""), ("refused", True, ""))],
    "change_proposed": [{}, {"may_decide": False}, {"name": ""}],
    "confirm": ASKS,
    "digest": [{"parts": [Part("Ypsilon", ITEMS, count, "")], "count": count} for count in NUMBERS],
    "factor_changed": [{"what": what, "codes_left": left} for what in FACTORS for left in (None, 9)],
    "finish": [{}],
    "invitation": [{}],
    "left_told": [{}],
    "new_code": [{}],
    "new_sign_in": [{}, {"browser": "Firefox", "system": "Windows"}, {"browser": "Unknown browser", "system": "Linux"}],
    "password_changed": [{}],
    "recovery": [{}],
    "roles_changed": [{}],
    "successor": [{}, {"named_by": ""}],
    "term_ends": [{}],
    "webhook_paused": [{}],
}  # fmt: skip


def written(code: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Each letter in each branch: its kind, what was special, all that is read of it."""
    for letter, branches in BRANCHES.items():
        for branch in branches:
            subject, text, html = render(letter, code, {**EVERYWHERE, **branch})
            yield letter, branch, "\n".join((subject, text, seen(html)))


def test_each_letter_there_is_is_written_here() -> None:
    assert set(BRANCHES) == {path.parent.name for path in LETTERS.glob("*/subject.txt")}
    assert len(FACTORS) == 7, "each change of a factor that the code tells of"


@pytest.mark.parametrize("code", CODES)
def test_no_letter_holds_a_word_of_english(code: str) -> None:
    left = {(letter, word) for letter, _branch, said in written(code) for word in english_in(said, code)}
    assert left == set()


@pytest.mark.parametrize("code", CODES)
def test_a_letter_says_its_day_as_the_language_does_and_leaves_no_full_stop_twice(code: str) -> None:
    for letter, _branch, said in written(code):
        assert "%(" not in said, letter
        assert not re.search(r"\.\.(?!\.)|[ \u00a0]\.|\( | \)", said), (letter, said)
    told = render("term_ends", code, EVERYWHERE)[1]
    assert day_in(code, AT.date()) in told


@pytest.mark.parametrize("code", CODES)
def test_control_english_is_found_in_each_letter_and_language(code: str) -> None:
    assert len(english_only(code)) > 300
    for letter, _branch, said in written("en"):
        assert english_in(said, code), (letter, code)
    assert english_in("24 October 2026", code)


@pytest.mark.parametrize("code", CODES)
def test_each_number_takes_the_form_of_its_language(code: str) -> None:
    """The catalogue's rule and CLDR's part the numbers alike, to a thousand and one."""
    known, rule = Translations.load(FOLDER, [code]), Locale.parse(locale_of(code)).plural_form
    pairs = {(known.plural(n), rule(n)) for n in range(1002)}  # type: ignore[attr-defined]
    assert len(pairs) == len({form for form, _kind in pairs}) == len({kind for _form, kind in pairs})


@pytest.mark.parametrize("code", CODES)
def test_each_counted_message_reads_with_each_number(code: str) -> None:
    """Every form names its number, but for the one that is said of one alone."""
    known = catalogue(code)
    rule = Translations.load(FOLDER, [code]).plural  # type: ignore[attr-defined]
    for first, english in wanted().items():
        if len(english) == 1:
            continue
        message = known.get(first)
        assert message is not None
        for n in NUMBERS:
            form = message.string[rule(n)]
            assert "%(num)d" in form or [m for m in range(1002) if rule(m) == rule(n)] in ([1], [0, 1]), (first, n)


DAYS = {
    "bg": ("1 ден", "2 дни", "5 дни", "21 дни", "101 дни"), "bs": ("1 dan", "2 dana", "5 dana", "21 dan", "101 dan"),
    "cs": ("1 dnem", "2 dny", "5 dny", "21 dny", "101 dny"), "de": ("1 Tag", "2 Tagen", "5 Tagen", "21 Tagen", "101 Tagen"),
    "fr": ("1 jour", "2 jours", "5 jours", "21 jours", "101 jours"), "hu": ("1 napja", "2 napja", "5 napja", "21 napja", "101 napja"),
    "it": ("1 giorno", "2 giorni", "5 giorni", "21 giorni", "101 giorni"), "mk": ("1 ден", "2 дена", "5 дена", "21 ден", "101 ден"),
    "pt": ("1 dia", "2 dias", "5 dias", "21 dias", "101 dias"), "ro": ("1 zi", "2 zile", "5 zile", "21 de zile", "101 zile"),
    "sq": ("1 dite", "2 ditësh", "5 ditësh", "21 ditësh", "101 ditësh"), "sr": ("1 дан", "2 дана", "5 дана", "21 дан", "101 дан"),
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_days_ago_are_counted_as_people_count(code: str) -> None:
    known = Translations.load(FOLDER, [code])
    for n, days in zip((1, 2, 5, 21, 101), DAYS[code], strict=True):
        said = known.ungettext("Confirmed %(num)d day ago, due again", "Confirmed %(num)d days ago, due again", n)
        assert re.search(rf"(?<!\d){days}\b", said % {"num": n}), (code, n, said)


def test_a_day_is_written_as_each_language_writes_it() -> None:
    said = [day_in(code, date(2026, 11, 24)) for code in LANGUAGES]
    assert said == [
        "24 November 2026", "24 ноември 2026\u202fг.", "24. novembar 2026.", "24. listopadu 2026", "24. November 2026",
        "24 novembre 2026", "2026. november 24.", "24 novembre 2026", "24 ноември 2026\u202fг.", "24 de novembro de 2026",
        "24 noiembrie 2026", "24 nëntor 2026", "24. новембар 2026.",
    ]  # fmt: skip
