"""How well questions are read: `make quality`, or `python -m tests.quality.quality [more.tsv …]`.

The held-out questions are only counted, never shown: whoever tunes the reader must not have seen them.
"""

from __future__ import annotations

import csv
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from directory.search.folding import skeleton
from directory.search.question import Reader, shipped_lexicon
from directory.search.reading import Reading

HERE = Path(__file__).parent
SHOWN = 10
FIELDS = ("countries", "sops", "roles", "types", "groups")


@dataclass(frozen=True)
class Question:
    """A labelled question, and what its note allows beside the label."""

    id: str
    language: str
    text: str
    labels: dict[str, frozenset[str]]
    allowed: frozenset[str]
    note: str

    @property
    def any_of_countries(self) -> bool:
        return "both acceptable" in self.note

    @property
    def may_be_empty(self) -> bool:
        return "asking back is acceptable" in self.note


def load(path: Path) -> list[Question]:
    with path.open(encoding="utf-8", newline="") as file:
        return [_question(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _question(row: dict[str, str]) -> Question:
    columns = zip(FIELDS, ("countries", "sops", "roles", "institution_types", "target_groups"), strict=True)
    labels = {name: frozenset(filter(None, (row[column] or "").split(";"))) for name, column in columns}
    note = row.get("note") or ""
    allowed: set[str] = set()
    for part in re.split(r"[;,]", note):
        if "acceptable" in part or "ambiguous" in part:
            allowed.update(re.findall(r"[a-z]+(?:_[a-z]+)+|\b(?:hotline|female|male|judge|guardian|children)\b", part))
            allowed.update(re.findall(r"SOP (\d)", part))
    return Question(row["id"], row["language"], row["question"], labels, frozenset(allowed), note)


def judge(question: Question, reading: Reading) -> dict[str, bool]:
    """Which fields were read right."""
    if question.may_be_empty and not (reading.countries or reading.roles):
        return dict.fromkeys(FIELDS, True)
    got = {
        "countries": frozenset(reading.countries),
        "sops": frozenset(str(sop) for sop in reading.sops),
        "roles": frozenset(reading.roles),
        "types": frozenset(reading.institution_types),
        "groups": frozenset((*reading.target_groups, *reading.exploitation)),
    }
    right = {name: _fits(got[name], question.labels[name], question.allowed) for name in FIELDS}
    if question.any_of_countries and got["countries"]:
        right["countries"] = got["countries"] <= question.labels["countries"]
    if "ambiguous=role" in question.note:
        right["roles"] = not got["roles"] or bool(got["roles"] & (question.labels["roles"] | question.allowed))
    return right


def _fits(got: frozenset[str], label: frozenset[str], allowed: frozenset[str]) -> bool:
    return got - allowed <= label and (label <= got or bool(got & allowed))


class Tally:
    """Shares of right readings, over all and by language."""

    def __init__(self, reader: Reader, questions: Iterable[Question]) -> None:
        self.right: dict[str, int] = defaultdict(int)
        self.by_language: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.wrong: list[tuple[int, Question, Reading, list[str]]] = []
        self.count = 0
        for question in questions:
            self._add(question, reader.read(question.text))

    def _add(self, question: Question, reading: Reading) -> None:
        right = judge(question, reading)
        whole = right["countries"] and right["sops"] and right["roles"]
        right = {**right, "whole": whole, "strict": whole and right["types"] and right["groups"]}
        self.count += 1
        for name, is_right in right.items():
            self.right[name] += is_right
        self.by_language[question.language][0] += whole
        self.by_language[question.language][1] += 1
        if not right["strict"]:
            failed = [name for name in FIELDS if not right[name]]
            badness = len(failed) + 3 * (not right["countries"]) + 2 * (not whole)
            self.wrong.append((badness, question, reading, failed))

    def show(self, title: str) -> None:
        print(f"\n{title}: {self.count} questions")
        for name in (*FIELDS, "whole", "strict"):
            print(f"  {name:10} {self.right[name] / self.count:6.1%}")
        by_language = sorted(self.by_language.items())
        print("  whole, by language:", " ".join(f"{lang} {a}/{b}" for lang, (a, b) in by_language))

    def show_wrong(self, most: int) -> None:
        print(f"\nWorst misreadings ({len(self.wrong)} not wholly right):")
        for _, question, reading, failed in sorted(self.wrong, key=lambda w: -w[0])[:most]:
            print(f"  {question.id} {question.text!r}")
            got = {
                "countries": reading.countries, "sops": reading.sops, "roles": reading.roles,
                "types": reading.institution_types, "groups": (*reading.target_groups, *reading.exploitation),
            }  # fmt: skip
            for name in failed:
                print(f"      {name}: {'; '.join(map(str, got[name])) or '-'}"
                      f"   wanted {'; '.join(sorted(question.labels[name])) or '-'}")  # fmt: skip


def latency(reader: Reader, questions: list[Question], rounds: int = 20) -> tuple[float, float]:
    """Median and 95th percentile in microseconds."""
    taken = []
    for _ in range(rounds):
        for question in questions:
            start = time.perf_counter_ns()
            reader.read(question.text)
            taken.append((time.perf_counter_ns() - start) / 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def names_misread(reader: Reader, names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    return [(name, countries) for name in names if (countries := reader.read(name).countries)]


def lines(name: str) -> list[str]:
    text = (HERE / name).read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def main(more: list[str]) -> None:
    start = time.perf_counter()
    reader = Reader(shipped_lexicon())
    print(f"built in {time.perf_counter() - start:.2f} s")
    tuning = load(HERE / "questions_tuning.tsv")
    tally = Tally(reader, tuning)
    tally.show("Tuning")
    Tally(reader, load(HERE / "questions_held_out.tsv")).show("Held out")
    for path in (HERE / "questions_own.tsv", *map(Path, more)):
        if path.exists():
            own = Tally(reader, load(path))
            own.show(path.stem)
            own.show_wrong(SHOWN)
    tally.show_wrong(SHOWN)
    median, p95 = latency(reader, tuning)
    print(f"\nlatency: median {median:.0f} µs, p95 {p95:.0f} µs")
    _show_names(reader)


def _show_names(reader: Reader) -> None:
    names = lines("names.txt")
    misread = names_misread(reader, names)
    print(f"names misread as countries: {len(misread)} of {len(names)} {misread[:20]}")
    rows = [line.split() for line in lines("scripts.txt")]
    apart = [row for row in rows if len({skeleton(name) for name in row}) > 1]
    print(f"names that meet across scripts: {1 - len(apart) / len(rows):.1%} of {len(rows)} {apart[:10]}")
    typos = [line.split("\t") for line in lines("typos.tsv")]
    wrong = [(typed, reader.read(typed).countries, meant) for typed, meant in typos
             if reader.read(typed).countries != tuple(filter(None, meant.strip("-").split(";")))]  # fmt: skip
    print(f"typos of countries: {len(typos) - len(wrong)} of {len(typos)} right {wrong[:20]}")


if __name__ == "__main__":
    main(sys.argv[1:])
