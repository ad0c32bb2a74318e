"""The taxonomy as frozen values: SOPs, measures, steps, roles, institution types, groups, forms, channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from directory.languages import cyrillic

FILE = Path(__file__).parent / "data" / "taxonomy.yaml"


class BadTaxonomy(ValueError):
    """A taxonomy file that cannot be used; the message names what and where."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `is_public`: the wording follows public text; otherwise it is reconstructed."""

    text: str
    is_public: bool
    for_children: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """What, when, who and how, within an SOP."""

    id: str
    name: str
    phase: str
    what: str
    is_public: bool
    steps: tuple[Step, ...]
    roles: tuple[str, ...]
    sop: int


@dataclass(frozen=True, slots=True)
class Sop:
    """One of the five procedures; `names` by language."""

    id: int
    key: str
    name: str
    names: Mapping[str, str]
    is_public: bool
    measures: tuple[Measure, ...]

    def name_in(self, language: str) -> str:
        """The name in a language of the letters, else the English one; Bosnian to Serbian share theirs."""
        if language == "sr" and language not in self.names and "bcms" in self.names:
            return cyrillic(self.names["bcms"])
        return self.names.get("bcms" if language == "bs" else language, self.name)

    @property
    def label(self) -> str:
        """`4 Return and social inclusion`."""
        return f"{self.id} {self.name}"


@dataclass(frozen=True, slots=True)
class Term:
    """A role, type, group, form or channel: its id, its English label and its group or sector."""

    id: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """One version of the whole list."""

    version: int
    status: str
    sops: tuple[Sop, ...]
    roles: Mapping[str, Term]
    institution_types: Mapping[str, Term]
    target_groups: Mapping[str, Term]
    exploitation_forms: Mapping[str, Term]
    channels: Mapping[str, Term]
    participating: tuple[str, ...]
    paired_types: Mapping[str, tuple[str, ...]]
    document: Mapping[str, Any] = field(repr=False, compare=False)

    def said_types(self, types: Iterable[str], roles: Iterable[str]) -> tuple[str, ...]:
        """The institution types that say more than the roles do: a shelter's intake may well sit in an NGO."""
        implied = {kind for role in roles for kind in self.paired_types.get(role, ())}
        return tuple(kind for kind in types if kind not in implied)

    def sop(self, number: int) -> Sop | None:
        """The SOP with that number."""
        return next((sop for sop in self.sops if sop.id == number), None)

    def measure(self, measure_id: str) -> Measure | None:
        """The measure with that id, whatever its case."""
        wanted = measure_id.upper()
        return next((m for sop in self.sops for m in sop.measures if m.id.upper() == wanted), None)


def read_file(path: Path = FILE) -> dict[str, Any]:
    """The raw document. Raises BadTaxonomy when it is no YAML mapping."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe  # nosec B506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadTaxonomy(f"{path} cannot be read as a taxonomy: {error}") from error
    if not isinstance(document, dict):
        raise BadTaxonomy(f"{path} holds no taxonomy: a mapping with version, sops, roles … is expected")
    return document


def build(document: Mapping[str, Any]) -> Taxonomy:
    """Make values of a document. Raises BadTaxonomy naming the missing part."""
    try:
        taxonomy = Taxonomy(
            version=int(document["version"]),
            status=str(document.get("status", "")),
            sops=tuple(_sop(sop) for sop in document["sops"]),
            roles=_terms(document["roles"], "group"),
            institution_types=_terms(document["institution_types"], "sector"),
            target_groups=_terms(document["target_groups"]),
            exploitation_forms=_terms(document["exploitation_forms"]),
            channels=_terms(document["channels"]),
            participating=tuple(c["code"] for c in document["countries"] if c.get("trm", "none") != "none"),
            paired_types={role["id"]: tuple(role.get("pairs_with", ())) for role in document["roles"]},
            document=document,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadTaxonomy(f"The taxonomy lacks or misspells {error}") from error
    _refuse_unknown_roles(taxonomy)
    return taxonomy


def _sop(raw: Mapping[str, Any]) -> Sop:
    number = int(raw["id"])
    return Sop(
        id=number,
        key=raw["key"],
        name=raw["name"],
        names=dict(raw.get("names", {})),
        is_public=raw["source"] == "public",
        measures=tuple(_measure(measure, number) for measure in raw["measures"]),
    )


def _measure(raw: Mapping[str, Any], sop: int) -> Measure:
    return Measure(
        id=str(raw["id"]),
        name=raw["name"],
        phase=raw.get("phase", ""),
        what=raw.get("what", ""),
        is_public=raw["source"] == "public",
        steps=tuple(
            Step(step["text"], step.get("source") == "public", bool(step.get("children"))) for step in raw["steps"]
        ),
        roles=tuple(raw["who"]["roles"]),
        sop=sop,
    )


def _terms(raw: list[Mapping[str, Any]], group: str = "") -> dict[str, Term]:
    return {item["id"]: Term(item["id"], item["label"], str(item.get(group, ""))) for item in raw}


def _refuse_unknown_roles(taxonomy: Taxonomy) -> None:
    for sop in taxonomy.sops:
        for measure in sop.measures:
            unknown = [role for role in measure.roles if role not in taxonomy.roles]
            if unknown:
                raise BadTaxonomy(f"Measure {measure.id} names roles that are not listed: {', '.join(unknown)}")
