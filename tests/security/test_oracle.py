"""Whoever asks for a value they may not see is answered as if it were nonsense: to the letter, in number and order."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from directory.app import database
from directory.entries import indexing
from tests.security.long import CASES
from tests.security.site import Site
from tests.security.tokens import LETTERS, NONSENSE_NUMBERS, WORD, Eyes, Token

# What is changed of a hidden value before it is asked for: searchers try parts, other spellings, other spacings.
SHAPES: dict[str, Callable[[str], str]] = {
    "whole": lambda text: text,
    "capital": str.upper,
    "beginning": lambda text: text[: max(4, len(text) - 2)],
    "typo": lambda text: text[:-2] + text[-1] + text[-2],
    "end": lambda text: text[-7:],
    "spaced": lambda text: " ".join(re.findall(r"\+?\d{1,3}", text)) if text.startswith("+") else text,
    "quoted": lambda text: f'"{text}"',
    "wildcard": lambda text: f"{text[:-3]}*",
    "fuzzy": lambda text: f"{text}~2",
    "named": lambda text: f"text:{text}",
}
AROUND = ("{}", "{} Romania", "who is {} in Romania", "return officer {}", "police {} Moldova urgent", "{} hotline")


@dataclass
class Oracle:
    """One way to ask, and the answer without what was only echoed."""

    client: FlaskClient
    asked: int = 0
    cache: dict[Any, Any] = field(default_factory=dict)

    def said(self, way: str, text: str, typed: str) -> tuple[Any, ...]:
        self.asked += 1
        answer = WAYS[way](self.client, text)
        shown = [self._plain(answer, typed)]
        if answer.status_code == 303:
            led = self.client.get(answer.headers["Location"])
            shown += [led.status_code, self._plain(led, typed)]
        headers = {
            k: v
            for k, v in answer.headers
            if k not in {"Content-Length", "Set-Cookie", "Location", "ETag", "Retry-After"}
        }
        return (
            answer.status_code,
            tuple(sorted(headers.items())),
            self._same(answer.headers.get("Location", ""), typed),
            *shown,
        )

    def _plain(self, answer: Any, typed: str) -> str:
        return re.sub(r'name="csrf_token"[^>]*>', "", self._same(answer.text, typed))

    @staticmethod
    def _same(text: str, typed: str) -> str:
        """What was typed, as it comes back in one writing or another, becomes one mark."""
        return re.sub("|".join(_parts(typed)), "…", text, flags=re.IGNORECASE)


@lru_cache(maxsize=2000)
def _parts(typed: str) -> tuple[str, ...]:
    bare = typed.strip('"*')
    cuts = {
        typed,
        bare,
        bare.removesuffix("~2"),
        bare.removeprefix("text:"),
        bare.removeprefix("+"),
        quote(typed),
        quote_plus(typed),
        escape(typed),
    }
    words = set(re.findall(r"\w{3,}", typed))
    cuts |= words | {re.sub(r"\D", "", typed)} | {quote(word) for word in bare.split()} | {json.dumps(typed)[1:-1]}
    # A group of digits is an echo only where it stands alone: it may also be part of a number that everybody may see.
    is_number = re.compile(r"\+?\d+").fullmatch
    marked = {rf"(?<!\w){re.escape(one)}(?!\w)" if is_number(one) else re.escape(one) for one in cuts if one}
    return tuple(sorted(marked, key=len, reverse=True))


WAYS: dict[str, Callable[[FlaskClient, str], Any]] = {
    "question": lambda c, t: c.post("/search", data={"q": t}),
    "api question": lambda c, t: c.post("/api/v1/ask", json={"question": t}),
    "page": lambda c, t: c.get("/entries", query_string={"words": t, "country": "RO"}),
    "page, no country": lambda c, t: c.get("/entries", query_string={"words": t}),
    "api entries": lambda c, t: c.get("/api/v1/entries", query_string={"words": t, "country": "RO"}),
    "api by date": lambda c, t: c.get("/api/v1/entries", query_string={"words": t, "changed_since": "2020-01-01"}),
    "sheet": lambda c, t: c.get("/entries.csv", query_string={"words": t}),
    "json file": lambda c, t: c.get("/entries.json", query_string={"words": t, "country": "RO"}),
    "cards": lambda c, t: c.get("/entries.vcf", query_string={"words": t}),
}


def hidden_from(site: Site, eyes: Eyes) -> list[str]:
    """Every word and number of what readers search in that these eyes may not see, and private ones of all kinds."""
    wanted = {
        "official.name",
        "contact_point.value",
        "contact_point.label",
        "institution.note",
        "account.name",
        "change.after",
        "proposal.after",
    }
    tokens = [t for t in site.book.tokens.values() if t.column in wanted and not eyes.may_see(t)]
    return sorted(t.text for t in tokens if not may_reveal(t, eyes))


def may_reveal(token: Token, eyes: Eyes) -> bool:
    """Restricted values are hidden from search for everybody, also for those who may reveal them."""
    return token.field_class == "restricted" and eyes.name == "nobody"


def nonsense(text: str, draw: Callable[[st.SearchStrategy[str]], str]) -> str:
    """A word or number that stands nowhere, of the same length and shape."""
    if text.startswith("+"):
        return draw(st.sampled_from(NONSENSE_NUMBERS))
    return "zq" + draw(st.text(LETTERS, min_size=8, max_size=8))


@lru_cache(maxsize=50_000)
def is_near(typed: str, visible: tuple[str, ...]) -> bool:
    """A misspelling of something that may be seen, or of its beginning: then it is rightly taken for that."""
    bare = "".join(re.findall(r"zq\w*", typed.lower()))
    letters = Counter(bare)
    likely = (word for word in visible if (letters & Counter(word)).total() >= len(bare) - 2)
    return any(distance(bare, word[:length]) <= 2 for word in likely for length in range(len(bare) - 2, len(bare) + 3))


def distance(one: str, other: str) -> int:
    """Letters added, left out, changed or swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        row, before, last = [i + 1], row, before
        for j, b in enumerate(other):
            swapped = last[j - 1] + 1 if i and j and (a, one[i - 1]) == (other[j - 1], b) else 99
            row.append(min(before[j + 1] + 1, row[j] + 1, before[j] + (a != b), swapped))
    return row[-1]


def compare(site: Site, who: str, cases: int) -> tuple[int, list[str]]:
    """So many random cases; the differences."""
    client = site.client(who)
    oracle, hidden, different = Oracle(client), hidden_from(site, site.eyes[who]), []
    visible = tuple(t.text for t in site.book.tokens.values() if site.eyes[who].may_see(t) and t.text.startswith("zq"))
    assert len(hidden) > 40

    @settings(
        max_examples=cases, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def run(data: Any) -> None:
        value = data.draw(st.sampled_from(hidden))
        shape, around, way = (data.draw(st.sampled_from(sorted(choices))) for choices in (SHAPES, AROUND, WAYS))
        other = nonsense(value, data.draw)
        typed = [SHAPES[shape](text) for text in (value, other)]
        assume(not any(is_near(text, visible) for text in typed))
        said = [oracle.said(way, around.format(text), text) for text in typed]
        if said[0] != said[1]:
            different.append(
                f"{who} {way} {around.format(SHAPES[shape](value))!r} against {other!r}: {first_difference(*said)}"
            )
        if oracle.asked % 60 < 2:
            site.restore()  # else quotas would be what differs

    run()
    return oracle.asked // 2, different


def first_difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> str:
    for a, b in zip(one, other, strict=False):
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(str(a), str(b), strict=False)) if x != y), 0)
            return f"…{str(a)[max(0, at - 60) : at + 60]}… / …{str(b)[max(0, at - 60) : at + 60]}…"
    return "another number of answers"


@pytest.mark.parametrize("who", ["anonymous", "reader", "read:public"])
def test_a_hidden_value_answers_like_nonsense(site: Site, who: str) -> None:
    count, different = compare(site, who, CASES // 3)
    print(f"\noracle: {count} pairs as {who}, {len(different)} differences")
    assert different == [], "\n".join(different[:20])


def test_control_the_searcher_finds_what_may_be_seen(site: Site) -> None:
    """Without this the property would hold for an index that finds nothing."""
    public = next(t.text for t in site.book.tokens.values() if t.column == "post.title" and t.field_class == "public")
    named = next(
        t.text for t in site.book.tokens.values() if t.column == "official.name" and t.field_class == "registered"
    )
    assert public in site.client("anonymous").get("/api/v1/entries", query_string={"words": public}).text
    found = {
        who: site.client(who).get("/entries", query_string={"words": named}).text.count("/entries/")
        for who in ("anonymous", "reader")
    }
    assert found["reader"] > found["anonymous"]


def test_control_an_index_fed_with_hidden_text_is_caught(site: Site) -> None:
    running = site.app.extensions["site"]
    with site.app.app_context():
        session = database.session()
        documents = list(
            indexing.all_documents(session, running.taxonomy(session), today=running.today(), days=running.days)
        )
        secrets = " ".join(hidden_from(site, site.eyes["anonymous"]))
        fed = [replace(d, text={layer: f"{text} {secrets}" for layer, text in d.text.items()}) for d in documents]
        running.ports.index.rebuild(fed)
    try:
        _count, different = compare(site, "anonymous", 30)
    finally:
        running.ports.index.rebuild(documents)
    assert different
    assert WORD.findall(" ".join(different))
