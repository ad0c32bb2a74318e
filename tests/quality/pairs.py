"""How well doubles are told from namesakes: `python -m tests.quality.pairs [more.tsv …]`, part of `make quality`.

Two authors labelled pairs: the first wrote the rules too, the second (`pairs_second_…`) labelled before reading them; each
set was split in halves before it was measured. The held-out pairs are only counted, never shown: whoever tunes the
matcher must not have seen them. Where nobody can tell from the lines the label is `ask`, and counts on its own. Beside
the matcher stands the control, a plain ratio of letters of ninety or more.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from directory.doubles.likeness.bodies import judge_bodies
from directory.doubles.likeness.desks import judge_desks
from directory.doubles.likeness.persons import judge_persons
from directory.doubles.likeness.records import Body, Desk, Person, Verdict

HERE = Path(__file__).parent
TUNING, HELD_OUT = HERE / "pairs_tuning.tsv", HERE / "pairs_held_out.tsv"
SECOND_TUNING, SECOND_HELD_OUT = HERE / "pairs_second_tuning.tsv", HERE / "pairs_second_held_out.tsv"
AUTHORS = {"first": (TUNING, HELD_OUT), "second": (SECOND_TUNING, SECOND_HELD_OUT)}
KINDS = ("institution", "post", "official")
NAIVE = 90


@dataclass(frozen=True)
class Side:
    """One of a pair: a name, or several, and what is known beside it."""

    names: tuple[str, ...]
    known: dict[str, str]

    @property
    def body(self) -> Body:
        """As an institution."""
        return Body(
            self.names,
            country=self.known.get("country", ""),
            host_country=self.known.get("host", ""),
            type=self.known.get("type", ""),
            city=self.known.get("city", ""),
            phones=self.some("phone"),
            mails=self.some("mail"),
            webs=self.some("web"),
        )

    @property
    def house(self) -> Body:
        """The institution it stands in."""
        names = tuple(part.strip() for part in self.known["house"].split("~"))
        kind = "embassy_consulate" if "mbass" in names[0] else ""
        return Body(names, country=self.known.get("country", ""), type=kind)

    def some(self, name: str) -> frozenset[str]:
        return frozenset(filter(None, [self.known.get(name, "")]))


@dataclass(frozen=True)
class Pair:
    """A labelled pair; `ask` stands where nobody can tell from these lines alone."""

    label: str
    kind: str
    left: Side
    right: Side
    note: str


def load(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Pair(row["label"], row["kind"], _side(row["left"]), _side(row["right"]), row["note"]) for row in rows]


def _side(text: str) -> Side:
    name, *more = (part.strip() for part in text.split(" | "))
    known = dict(part.split("=", 1) for part in more)
    return Side(tuple(part.strip() for part in name.split(" ~ ")), known)


def verdict_of(pair: Pair) -> Verdict:
    left, right = pair.left, pair.right
    if pair.kind == "institution":
        return judge_bodies(left.body, right.body)
    if pair.kind == "post":
        return judge_desks(_desk(left), _desk(right))
    return judge_persons(_person(left), _person(right))


def _desk(side: Side) -> Desk:
    known = side.known
    return Desk(
        side.names[0], side.house, known.get("role", ""), known.get("area", ""), side.some("phone"), side.some("mail")
    )


def _person(side: Side) -> Person:
    house = side.house if "house" in side.known else None
    return Person(side.names[0], house, side.some("phone"), side.some("mail"))


def naive(pair: Pair) -> str:
    """What a plain comparison of letters would say."""
    return "same" if fuzz.ratio(pair.left.names[0].lower(), pair.right.names[0].lower()) >= NAIVE else "different"


@dataclass(frozen=True)
class Score:
    """Counts of verdicts by label."""

    counts: Counter[tuple[str, str]]

    @property
    def called(self) -> int:
        """How many are called the same, of those that can be told."""
        return self.counts["same", "same"] + self.counts["different", "same"]

    @property
    def precision(self) -> float:
        """Of those called the same, how many are."""
        return self.counts["same", "same"] / self.called if self.called else 1.0

    @property
    def recall(self) -> float:
        """Of those that are the same, how many were called so or asked about."""
        return self.outright + self.share("same", "ask")

    @property
    def outright(self) -> float:
        """Of those that are the same, how many were called so."""
        return self.share("same", "same")

    @property
    def asked(self) -> float:
        """How many of those that can be told are asked about."""
        told = [(label, answer) for label, answer in self.counts.elements() if label != "ask"]
        return sum(answer == "ask" for _, answer in told) / max(1, len(told))

    def share(self, label: str, answer: str) -> float:
        """Of those with this label, how many got this answer."""
        return self.counts[label, answer] / max(1, self.of(label))

    def of(self, label: str) -> int:
        return sum(count for (given, _), count in self.counts.items() if given == label)

    def line(self, name: str) -> str:
        doubtful = self.of("ask")
        return (
            f"  {name:<22} {self.counts.total():>4}  precision of “same” {self.precision:6.1%} (of {self.called}), "
            f"recall {self.recall:6.1%} (outright {self.outright:6.1%}), asked about {self.asked:5.1%} "
            f"(of the different {self.share('different', 'ask'):5.1%})"
            + (f"; doubtful {doubtful}: {self.counts['ask', 'ask']} asked about" if doubtful else "")
            + (f", {self.counts['ask', 'same']} called the same" if self.counts["ask", "same"] else "")
        )


def score(pairs: Iterable[Pair]) -> Score:
    return Score(Counter((pair.label, verdict_of(pair).answer) for pair in pairs))


def naive_score(pairs: Iterable[Pair]) -> Score:
    return Score(Counter((pair.label, naive(pair)) for pair in pairs))


def misses(pairs: Iterable[Pair]) -> list[str]:
    """Pairs judged against their label; a doubtful one only where it is called the same."""
    wrong = {"same": "different", "different": "same", "ask": "same"}
    found = []
    for pair in pairs:
        verdict = verdict_of(pair)
        if verdict.answer == wrong[pair.label]:
            found.append(f"{pair.note}: {pair.left.names[0]} × {pair.right.names[0]}: {verdict.answer}, {verdict.text}")
    return found


def main(paths: list[Path]) -> None:
    print("Doubles")
    authors = {path: author for author, both in AUTHORS.items() for path in both}
    for path in paths or authors:
        pairs = load(path)
        if path in authors and path in {both[0] for both in AUTHORS.values()}:
            print(f"  labelled by the {authors[path]} author")
        started = time.perf_counter()
        print(score(pairs).line(path.stem))
        spent = (time.perf_counter() - started) / len(pairs)
        for kind in KINDS:
            of_kind = [pair for pair in pairs if pair.kind == kind]
            if of_kind:
                print(score(of_kind).line(f"  {kind}s"))
        print(naive_score(pairs).line("  control: letters"))
        print(f"  {spent * 1e6:,.0f} µs a pair")
        if "held_out" not in path.stem:
            print("".join(f"    {line}\n" for line in misses(pairs)), end="")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
