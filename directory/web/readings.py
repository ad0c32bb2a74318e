"""A Reading in an address and back: `?country=RO&sop=4&role=return_officer&urgent=1&words=Cluj`.

Names and ids are those of the contract. What nobody knows is left out, so that an old or mistyped link still opens
with the rest of its filters; `unknown_values` names it for those who want to refuse (the API).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from directory.registry import countries
from directory.search.reading import Reading
from directory.sops.taxonomy import Taxonomy

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

# Parameter name -> field of Reading, in the order they stand in an address.
FIELD_OF = {
    "country": "countries",
    "host": "host_countries",
    "sop": "sops",
    "measure": "measures",
    "role": "roles",
    "type": "institution_types",
    "group": "target_groups",
    "exploitation": "exploitation",
    "language": "languages",
}
PARAMETERS = (*FIELD_OF, "urgent", "words")
MAX_WORDS = 20
MAX_WORD = 100
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value of a filter that the taxonomy in force does not know."""

    name: str
    value: str


def reading_from_args(args: MultiDict[str, str], taxonomy: Taxonomy) -> Reading:
    """The reading an address holds; unknown ids are left out, doubles count once, order is kept."""
    known = _known_ids(taxonomy)
    fields: dict[str, Any] = {
        field: _unique(known[name](value) for value in args.getlist(name)) for name, field in FIELD_OF.items()
    }
    fields["urgent"] = args.get("urgent") == "1"
    fields["words"] = _words(args.getlist("words"))
    return Reading(**fields)


def unknown_values(args: MultiDict[str, str], taxonomy: Taxonomy) -> list[UnknownValue]:
    """The filter values that `reading_from_args` would leave out."""
    known = _known_ids(taxonomy)
    unknown = [
        UnknownValue(name, value) for name in FIELD_OF for value in args.getlist(name) if known[name](value) is None
    ]
    unknown += [UnknownValue("urgent", value) for value in args.getlist("urgent") if value not in {"0", "1"}]
    kept = set(_words(args.getlist("words")))
    typed = (word for value in args.getlist("words") for word in value.split())
    return unknown + [UnknownValue("words", word) for word in typed if word not in kept]


def reading_to_args(reading: Reading) -> list[tuple[str, str]]:
    """The reading as pairs for a query string. What was ignored and warned of stays out of addresses."""
    pairs = [(name, str(value)) for name, field in FIELD_OF.items() for value in getattr(reading, field)]
    if reading.urgent:
        pairs.append(("urgent", "1"))
    return pairs + [("words", word) for word in reading.words]


def _known_ids(taxonomy: Taxonomy) -> Mapping[str, Callable[[str], Any]]:
    """For each parameter, a function from what was given to the id meant, or None."""

    def country(value: str) -> str | None:
        code = value.strip().upper()
        return code if code in countries.codes() else None

    def measure(value: str) -> str | None:
        found = taxonomy.measure(value.strip())
        return found.id if found else None

    def sop(value: str) -> int | None:
        plain = value.strip()
        return int(plain) if re.fullmatch(r"[0-9]{1,2}", plain) and taxonomy.sop(int(plain)) else None

    def term(terms: Mapping[str, Any]) -> Callable[[str], str | None]:
        return lambda value: value.strip() if value.strip() in terms else None

    return {
        "country": country,
        "host": country,
        "sop": sop,
        "measure": measure,
        "role": term(taxonomy.roles),
        "type": term(taxonomy.institution_types),
        "group": term(taxonomy.target_groups),
        "exploitation": term(taxonomy.exploitation_forms),
        "language": lambda value: value.strip() if _LANGUAGE.fullmatch(value.strip()) else None,
    }


def _words(values: Iterable[str]) -> tuple[str, ...]:
    """Words as they were typed, each at most MAX_WORD long, at most MAX_WORDS."""
    typed = (word for value in values for word in value.split())
    fitting = [word for word in typed if len(word) <= MAX_WORD and not _UNPRINTABLE.search(word)]
    return _unique(fitting)[:MAX_WORDS]


def _unique(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for value in values if value is not None))
