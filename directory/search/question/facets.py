"""Roles, SOPs, institution types, groups: from the senses of the words to the filters of a Reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from directory.search.question.lexicon import Lexicon
from directory.search.question.matching import Span
from directory.search.question.tokens import Token

RETURN = 4
_ASKED = frozenset({"role", "type", "exploitation", "urgent", "group", "people", "sop"})
_POLICE = ("police_thb_investigator", "border_police_contact", "police_liaison")


@dataclass(slots=True)
class Facets:
    """What the question asks for, apart from the country. Sets keep the order in which things were said."""

    roles: dict[str, None] = field(default_factory=dict)
    types: dict[str, None] = field(default_factory=dict)
    sops: dict[int, None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    exploitation: dict[str, None] = field(default_factory=dict)
    urgent: bool = False

    @property
    def is_return(self) -> bool:
        """Whether the question is about going back to a country."""
        return RETURN in self.sops

    @property
    def has_office(self) -> bool:
        """Whether an office, a stage or a harm is named, not only a person."""
        return bool(self.roles or self.types or self.sops or self.exploitation)


class FacetRules:
    """The rules that turn senses into facets, with the words they need at hand."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        rules = lexicon.rules
        self._taking_over = frozenset(rules["taking_over"])
        self._weak = frozenset(rules["weak_stage_words"])
        self._reception = frozenset(rules["reception_words"])
        self._askers = frozenset(rules["asker_verbs"])
        self._people = {key: tuple(groups) for key, groups in rules["people"].items()}

    def collect(self, spans: list[Span], tokens: list[Token], numbered: list[int]) -> Facets:
        """The facets of spans that were not negated."""
        facets = Facets()
        takes_over = False
        strong: dict[int, None] = {}
        weak: dict[int, None] = {}
        for index, span in enumerate(spans):
            if _ASKED.isdisjoint(span.senses.kinds):
                continue
            words = {token.word for token in tokens[span.start : span.end]}
            roles = self._roles(span, spans, index, tokens)
            facets.roles.update(dict.fromkeys(roles))
            takes_over = takes_over or ("trm_focal_point" in roles and bool(words & self._taking_over))
            facets.types.update(dict.fromkeys(span.values("type")))
            facets.exploitation.update(dict.fromkeys(span.values("exploitation")))
            facets.urgent = facets.urgent or span.has("urgent")
            self._add_groups(facets, span)
            stage = weak if words <= self._weak else strong
            stage.update((int(value), None) for value in span.values("sop"))
        if not (facets.roles or facets.types):
            facets.roles.update((role, None) for span in spans for role in span.values("weak_role"))
        self._settle_roles(facets, spans, takes_over=takes_over)
        self._settle_sops(facets, strong, weak, numbered)
        self._settle_groups(facets, spans)
        return facets

    def _roles(self, span: Span, spans: list[Span], index: int, tokens: list[Token]) -> tuple[str, ...]:
        roles = span.values("role")
        if not roles:
            return ()
        following = [t.word for t in tokens[span.end : span.end + 3]]
        if any(word in self._askers for word in following) and self._is_report(spans, index):
            return ()
        if {t.word for t in tokens[span.start : span.end]} & self._reception:
            travels = any("4" in s.values("sop") for i, s in enumerate(spans) if i != index)
            wanted = "arrival_reception" if travels or span.end - span.start > 1 else "shelter_intake"
            return (wanted,)
        return roles

    @staticmethod
    def _is_report(spans: list[Span], index: int) -> bool:
        return any("hotline" in span.values("role") for i, span in enumerate(spans) if i != index)

    def _add_groups(self, facets: Facets, span: Span) -> None:
        facets.groups.update(dict.fromkeys(span.values("group")))
        for person in span.values("people"):
            facets.groups.update(dict.fromkeys(self._people[person]))

    def _settle_roles(self, facets: Facets, spans: list[Span], *, takes_over: bool) -> None:
        roles = facets.roles
        if "trm_focal_point" in roles and len(roles) > 1 and not takes_over:
            del roles["trm_focal_point"]
        if "frontline_police" in roles:
            about_trafficking = facets.exploitation or any(span.has("trafficking") for span in spans)
            if any(role in roles for role in _POLICE):
                del roles["frontline_police"]
            elif about_trafficking and not any(span.has("local") for span in spans):
                del roles["frontline_police"]
                roles["police_thb_investigator"] = None
        for role in self._lexicon.rules["weak_roles"]:
            if role in roles and len(roles) > 1:
                del roles[role]
        for role in roles:
            facets.types.update(dict.fromkeys(self._lexicon.pairs_with.get(role, ())))

    def _settle_sops(self, facets: Facets, strong: dict[int, None], weak: dict[int, None], numbered: list[int]) -> None:
        if numbered:
            facets.sops.update(dict.fromkeys(numbered))
            return
        for role in facets.roles:
            strong.update(dict.fromkeys(self._lexicon.implied_sops.get(role, ())))
        facets.sops.update(strong or weak)
        if facets.is_return:
            facets.sops.pop(3, None)

    def _settle_groups(self, facets: Facets, spans: list[Span]) -> None:
        groups = facets.groups
        for role in facets.roles:
            groups.update(dict.fromkeys(self._lexicon.implied_groups.get(role, ())))
        said = {person for span in spans for person in span.values("people")}
        if "child" in said and said & {"mother", "woman"} and _are_together(spans):
            groups.pop("children", None)
            groups["families"] = None
        for group in tuple(groups):
            groups.update(dict.fromkeys(self._lexicon.group_implies.get(group, ())))


def _are_together(spans: list[Span]) -> bool:
    """Whether a woman and a child are said in one breath: at most two words between them."""
    women = [i for i, span in enumerate(spans) if {"mother", "woman"} & set(span.values("people"))]
    children = [i for i, span in enumerate(spans) if "child" in span.values("people")]
    return any(0 < child - woman <= 3 for woman in women for child in children)
