"""Which of many are worth comparing: those that share a rare word, a number or an address; never all with all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from directory.doubles.likeness.bodies import Prepared, judge, prepare
from directory.doubles.likeness.records import Body, Verdict

RAREST = 4  # words of a name under which it is looked up
LARGEST = 60  # a word that more names share leads nowhere; a rarer one will
SHARED_BY = 3  # a number at more bodies than these is a switchboard
BEGINNING = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Two that are compared, by their place in the sequence, and what came of it."""

    left: int
    right: int
    verdict: Verdict


def common_lines(bodies: Iterable[Prepared]) -> frozenset[str]:
    """Numbers, addresses and sites that stand at so many bodies that they tell nothing."""
    counts: Counter[str] = Counter()
    for one in bodies:
        counts.update(one.body.phones | one.body.mails | one.body.webs | one.hosts)
        counts.update(one.domains - one.hosts)
    return frozenset(value for value, count in counts.items() if count > SHARED_BY)


class Pool:
    """Bodies that others are looked up among."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        self.prepared = [prepare(body) for body in bodies]
        self.common_lines = common_lines(self.prepared)
        self._counts: Counter[Hashable] = Counter()
        for one in self.prepared:
            self._counts.update(set(_words(one)))
        self._blocks: dict[Hashable, list[int]] = defaultdict(list)
        for place, one in enumerate(self.prepared):
            for key in self._keys(one):
                self._blocks[key].append(place)

    def like(self, one: Prepared) -> list[tuple[int, Verdict]]:
        """Places of those that are the same or may be, the surest first."""
        places = {place for key in self._keys(one) for place in self._block(key)}
        judged = [(place, judge(one, self.prepared[place], self.common_lines)) for place in sorted(places)]
        found = [(place, verdict) for place, verdict in judged if verdict.answer != "different"]
        return sorted(found, key=lambda pair: pair[1].answer != "same")

    def pairs(self) -> Iterator[Found]:
        """Every pair within the pool that is the same or may be."""
        seen: set[tuple[int, int]] = set()
        for key in self._blocks:
            block = self._block(key)
            for place, left in enumerate(block):
                for right in block[place + 1 :]:
                    if (left, right) not in seen:
                        seen.add((left, right))
                        verdict = judge(self.prepared[left], self.prepared[right], self.common_lines)
                        if verdict.answer != "different":
                            yield Found(left, right, verdict)

    def _block(self, key: Hashable) -> list[int]:
        block = self._blocks.get(key, [])
        return block if len(block) <= LARGEST else []

    def _keys(self, one: Prepared) -> set[Hashable]:
        words = sorted(set(_words(one)), key=lambda key: (self._counts[key], str(key)))
        keys: set[Hashable] = set(words[:RAREST])
        keys |= {line for line in one.body.phones | one.body.mails if line not in self.common_lines}
        keys |= {(one.body.country, host) for host in one.hosts - self.common_lines}
        for name in one.names:
            keys |= {(one.body.country, "initials", a) for a in name.acronyms | name.initials if len(a) >= 3}
            keys.add((one.body.country, *sorted(name.meanings)))
        if one.body.host_country or one.body.type == "embassy_consulate":
            keys.add((one.body.country, one.body.host_country, one.city))
        return keys


def _words(one: Prepared) -> Iterator[Hashable]:
    """The name's meanings with the country, and with each city: `police` alone is everywhere."""
    for name in one.names:
        for key, meaning in name.meanings.items():
            yield (one.body.country, key[:BEGINNING] if meaning.group == "name" else key, one.city)
            yield (one.body.country, key[:BEGINNING] if meaning.group == "name" else key)
