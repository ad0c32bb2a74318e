"""Telling a person's name from a country: "Sofia Rossi", "Milan Franke", but not "Vienna Austria"."""

from __future__ import annotations

from collections.abc import Container

from directory.search.folding import fold
from directory.search.question.lexicon import Lexicon, Sense
from directory.search.question.matching import Span
from directory.search.question.tokens import Token

_SAID = frozenset({"role", "type", "sop", "people", "victim", "urgent", "exploitation", "group", "region", "channel"})


class PersonNames:
    """The rules about names, with the words they need at hand."""

    def __init__(self, lexicon: Lexicon, directory_names: Container[str]) -> None:
        self._lexicon = lexicon
        self._directory_names = directory_names
        self._name_words = frozenset(lexicon.rules["name_words"])
        self._given_names = frozenset(lexicon.rules["given_names"])
        self._surnames = frozenset(lexicon.rules["surnames_of_lands"])

    def are_the_question(self, spans: list[Span], tokens: list[Token]) -> bool:
        """The whole question is somebody's name: "Stefan Holanda", "Milan Franke", but not "Vienna Austria"."""
        if not 2 <= len(tokens) <= 3 or len(spans) < 2 or len({token.is_title for token in tokens}) > 1:
            return False
        if any(token.is_capitals for token in tokens) or any(self._is_said(span, tokens) for span in spans):
            return False
        if self._is_land(spans[-1], tokens):
            return False
        if _agree(spans):
            return False
        if any(token.word in self._given_names for token in tokens):
            return True
        unknown = any(self._is_unknown(span, tokens) for span in spans)
        plain = any(s.form in {"name", "code", "body"} for span in spans for s in span.senses)
        return unknown and tokens[0].is_title and not plain and not any(span.has("filler") for span in spans)

    def reads_as_one(self, spans: list[Span], index: int, tokens: list[Token], senses: list[Sense]) -> bool:
        """Whether a word that is also a name stands where a name would: beside a word nobody knows, or alone.

        Names are written alike: "Sofia Rossi" or "sofia rossi", but "Romania cross-border" is none.
        """
        span = spans[index]
        others = [other for i, other in enumerate(spans) if i != index and other.senses]
        is_title = tokens[span.start].is_title
        for other in (index - 1, index + 1):
            if 0 <= other < len(spans) and self._may_be_name(spans[other], tokens):
                if not self._belong_together(span, spans[other], tokens):
                    continue
                if self._is_unknown(spans[other], tokens) and (is_title or not others):
                    return True
                if len(others) <= 1:  # two words that are both names and nothing else: "Sofia Rossi"
                    return True
        if all(sense.form == "adjective" for sense in senses) and len(spans) == 2:
            return all(other.has("country") and not other.has("filler") for other in others)
        return not others and tokens[span.start].word in self._directory_names

    def _belong_together(self, span: Span, other: Span, tokens: list[Token]) -> bool:
        """Whether two words may be first name and surname: written alike, no comma between, neither plainly a land."""
        first, second = tokens[span.start], tokens[other.start]
        if first.is_title != second.is_title or tokens[max(span.start, other.start)].new_clause:
            return False
        if self._is_land(other, tokens):
            return False
        return not (self._is_land(span, tokens) and (other.has("country") or second.word in self._given_names))

    def _may_be_name(self, span: Span, tokens: list[Token]) -> bool:
        word = tokens[span.start].word
        is_name = span.end - span.start == 1 and self.is_known(word)
        return self._is_unknown(span, tokens) or (is_name and not span.has("filler"))

    def _is_unknown(self, span: Span, tokens: list[Token]) -> bool:
        word = tokens[span.start].word
        return not span.senses and len(word) > 1 and word.isalpha() and not self._lexicon.keys(word)

    def _is_said(self, span: Span, tokens: list[Token]) -> bool:
        """Whether the words ask for something; Siena Braga is not asking for SIENA."""
        token = tokens[span.start]
        may_be_given = token.is_title and token.word in self._given_names
        return not may_be_given and not _SAID.isdisjoint(span.senses.kinds)

    def _is_land(self, span: Span, tokens: list[Token]) -> bool:
        """A country by its name, which hardly anybody bears: "Georgia Serbia" are two countries."""
        is_name = not span.ending and any(sense.form == "name" for sense in span.senses)
        return is_name and tokens[span.start].word not in self._surnames

    def is_listed(self, word: str) -> bool:
        """Whether a word is also a name of people: in our list, or of somebody in the directory."""
        return word in self._name_words or word in self._directory_names

    def is_known(self, word: str) -> bool:
        """Whether a word is somebody's first name or another name of people: no slip to be corrected."""
        return word in self._given_names or self.is_listed(word)

    def are_a_name(self, first: str, second: str) -> bool:
        """Whether two words as typed may be somebody's name: none is known for anything but a name."""
        return all(self._may_name(fold(word)) for word in (first, second))

    def _may_name(self, word: str) -> bool:
        return self.is_known(word) or not self._lexicon.keys(word)


def _agree(spans: list[Span]) -> bool:
    """A country and its city ("Ireland Dublin"), not two cities or two words for a people ("Roman Romanov")."""
    codes = [{sense.value for sense in span.senses if sense.kind == "country"} for span in spans]
    is_named = any(sense.form == "name" and not span.ending for span in spans for sense in span.senses)
    return is_named and all(codes) and bool(set.intersection(*codes))
