"""Which language a question is in, as far as short words need it: `no` is "not", "in the" or "women"."""

from __future__ import annotations

from directory.search.question.lexicon import Sense, Senses
from directory.search.question.matching import Span
from directory.search.question.tokens import Token

_CYRILLIC = frozenset({"bg", "mk", "bcms", "ru", "uk", ""})
SHORT = 3


def settle_tongues(spans: list[Span], tokens: list[Token]) -> None:
    """Drop what a word means only in languages the question is not in, where it means something else in its own."""
    for span in spans:
        if len(span.senses) > 1 and "\u0400" <= tokens[span.start].text[0] <= "\u04ff":
            _keep(span, [sense for sense in span.senses if sense.language in _CYRILLIC])
    votes = _votes(spans)
    if not votes:
        return
    best = max(votes.values())
    tongues = {language for language, count in votes.items() if count == best}
    for span in spans:
        if len(span.senses) > 1 and (_is_short(span, tokens) or span.has("filler") or span.has("country")):
            own = [sense for sense in span.senses if not sense.language or sense.language in tongues]
            if _is_short(span, tokens) and not own:
                # A short word of another language says nothing but that it is one (Hungarian no, fiu, Romanian noi).
                own = [sense for sense in span.senses if sense.kind == "filler" or sense.form]
            _keep(span, own)


def _keep(span: Span, senses: list[Sense]) -> None:
    if senses and len(senses) < len(span.senses):
        span.senses = Senses(senses)


def _is_short(span: Span, tokens: list[Token]) -> bool:
    return span.end - span.start == 1 and len(tokens[span.start].word) <= SHORT


def _votes(spans: list[Span]) -> dict[str, int]:
    """Each word votes for the languages it is a word of; a word of few languages counts more than one of many."""
    votes: dict[str, int] = {}
    for span in spans:
        languages = span.senses.tongues
        for language in languages:
            votes[language] = votes.get(language, 0) + 12 // len(languages) * (span.end - span.start)
    return votes
