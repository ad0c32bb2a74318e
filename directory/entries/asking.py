"""A typed question, read and answered; what looks like personal data is stopped before anything is searched."""

from __future__ import annotations

from dataclasses import dataclass, replace

from directory.entries.answers import Answer, Desk, answer, to_query
from directory.search.question.reader import Reader
from directory.search.reading import Reading


@dataclass(frozen=True, slots=True)
class Question:
    """A question as read, fit for an address: `reading.words` are words of entries the viewer may see.

    `unknown` are words no entry of the rest of the reading knows; they leave the reading and are only said once.
    """

    reading: Reading
    unknown: tuple[str, ...] = ()

    @property
    def is_guarded(self) -> bool:
        """It looks like personal data: nothing was searched or kept."""
        return bool(self.reading.warnings)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer."""

    question: Question
    answer: Answer


def read(text: str, reader: Reader, desk: Desk) -> Question:
    """Read a question and settle its left-over words against the directory."""
    reading = reader.read(text)
    if reading.warnings:
        return Question(replace(reading, words=()))
    known: list[str] = []
    unknown: list[str] = []
    for word in reading.words:
        spelled = _known_spelling(word, reading, desk)
        if spelled is None:
            unknown.append(word)
        else:
            known.append(spelled)
    return Question(replace(reading, words=tuple(dict.fromkeys(known))), tuple(unknown))


def ask(text: str, reader: Reader, desk: Desk, *, limit: int = 20) -> Asked:
    """Read a question and answer it; a guarded one gets an empty answer."""
    question = read(text, reader, desk)
    if question.is_guarded:
        return Asked(question, Answer(question.reading, (), 0))
    return Asked(question, answer(question.reading, desk, limit=limit))


def _known_spelling(word: str, reading: Reading, desk: Desk) -> str | None:
    """The word as entries of this reading have it: itself, what it was taken for, or None."""
    hits = desk.index.search(to_query(replace(reading, words=(word,)), desk, limit=1))
    if not hits.total:
        return None
    corrected = next(iter(hits.corrected.values()), ())
    return corrected[0] if corrected else word
