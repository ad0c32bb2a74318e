"""Which words are understood in one language, part by part, for the page that says how questions are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from directory.search.question.reader import Reader
from directory.sops.taxonomy import Taxonomy
from directory.web.translating import gettext as _
from directory.web.words import country_word, language_word

Words = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]  # kind -> id -> language -> words


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing understood: its name, and each thing with its words."""

    key: str
    name: str
    items: tuple[tuple[str, str], ...]


def languages(taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """The languages words are listed in, as code and name."""
    return [(code, str(name)) for code, name in taxonomy.document["languages"].items()]


def parts(reader: Reader, taxonomy: Taxonomy, language: str) -> list[Part]:
    """Every part with its words in that language; things without a word in it are left out."""
    words = _described(reader)
    names = {
        "country": (_("Countries"), {code: country_word(code) for code in taxonomy.participating}),
        "sop": (_("Procedures"), {str(sop.id): f"{sop.id} {sop.name}" for sop in taxonomy.sops}),
        "role": (_("Roles"), {key: term.label for key, term in taxonomy.roles.items()}),
        "type": (_("Kinds of institution"), {key: term.label for key, term in taxonomy.institution_types.items()}),
        "group": (_("For whom"), {key: term.label for key, term in taxonomy.target_groups.items()}),
        "exploitation": (
            _("Forms of exploitation"),
            {key: term.label for key, term in taxonomy.exploitation_forms.items()},
        ),
        "language": (_("Languages"), {key: language_word(key) for key in words.get("language", {})}),
    }
    return [Part(key, name, _items(words.get(key, {}), labels, language)) for key, (name, labels) in names.items()]


def _items(
    words: Mapping[str, Mapping[str, Sequence[str]]], labels: Mapping[str, str], language: str
) -> tuple[tuple[str, str], ...]:
    found = ((label, words.get(key, {}).get(language, ())) for key, label in labels.items())
    return tuple((label, ", ".join(listed)) for label, listed in found if listed)


@lru_cache(maxsize=2)
def _described(reader: Reader) -> Words:
    return reader.lexicon.describe()
