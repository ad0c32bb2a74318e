"""Are two institutions the same: by their names first, then by where they are and how one reaches them.

A shared number is never enough: a ministry's switchboard answers for ten departments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from urllib.parse import urlsplit

from rapidfuzz.distance import OSA

from directory.doubles.likeness.names import Name, names_of
from directory.doubles.likeness.records import NOTHING_SHARED, Body, Reason, Verdict
from directory.doubles.likeness.sides import Comparison, compare
from directory.doubles.likeness.words import Meaning, city_key, is_known_city, script_of

FREE_MAIL = frozenset(
    {"gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "mail.ru", "ukr.net", "abv.bg", "gmx.de", "t-online.de"}
)
FOREIGN_OFFICES = "embassy_consulate"
# Of these there are many in a state, under one name.
MANY_OF_A_KIND = frozenset(
    {"station", "court", "shelter", "centre", "school", "hospital", "municipality", "consulate", "unit", "sector",
     "department", "hotline", "shelter_house", "prosecution", "office", "council"}
)  # fmt: skip
# A word that says there is one of it in a state.
ONE_OF_A_KIND = frozenset({"supreme", "constitutional", "cassation", "national", "ombudsman", "special"})
# One word that is name enough.
NAME_ENOUGH = frozenset({"police", "customs", "ombudsman", "gendarmerie"})
ONE_TOGETHER = frozenset({"general", "prosecution"})
# Nothing but what every town has.
IN_EVERY_TOWN = frozenset({"centre", "social", "labour", "welfare", "assistance"})
LOCAL = frozenset({"regional", "local", "county", "district", "cantonal", "territorial", "city"})
SOFT = frozenset(
    {"national", "state", "general", "central", "public", "local_word", "international", "centre", "guard"}
)
POSTED = frozenset({"mission", "representation"})
TELLING_ACRONYM = 4  # letters; of three letters there are several in a state
MATTERS = frozenset({"kinds", "ranks", "levels", "subjects", "number", "place"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body with its names taken apart once."""

    body: Body
    names: tuple[Name, ...]
    city: str
    hosts: frozenset[str]
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two bodies share beside their names."""

    phone: bool = False
    mail: bool = False
    web: bool = False
    domain: bool = False
    city: bool = False
    is_shared_by_many: bool = False

    @property
    def is_strong(self) -> bool:
        """One way in that is theirs alone."""
        return self.phone or self.mail

    @property
    def is_double(self) -> bool:
        """Two ways in."""
        return self.phone and self.mail

    @property
    def is_any(self) -> bool:
        """Anything that speaks for it."""
        return self.is_strong or self.web or self.domain

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """In words."""
        told = [name for name in ("phone", "mail", "web") if getattr(self, name)]
        told += ["mail_domain"] if self.domain and not self.mail else []
        told += ["same_city"] if self.city else []
        told += ["shared_line"] if self.is_shared_by_many and not self.is_strong else []
        return tuple(Reason(code) for code in told)


def prepare(body: Body) -> Prepared:
    """Take a body apart, once for many comparisons."""
    hosts = frozenset(host for web in body.webs if (host := _host(web)))
    domains = frozenset(mail.rpartition("@")[2].lower() for mail in body.mails) - FREE_MAIL
    return Prepared(body, names_of(body), city_key(body.city) if body.city else "", hosts, domains)


def _host(web: str) -> str:
    host = urlsplit(web if "://" in web else f"//{web}").hostname or ""
    return host.removeprefix("www.")


def judge_bodies(left: Body, right: Body, common_lines: frozenset[str] = NOTHING_SHARED) -> Verdict:
    """One institution or two. `common_lines`: numbers and addresses that stand at many."""
    return judge(prepare(left), prepare(right), common_lines)


def judge(left: Prepared, right: Prepared, common_lines: frozenset[str] = NOTHING_SHARED) -> Verdict:
    """The same for bodies taken apart before."""
    one, other = left.body, right.body
    if one.country and other.country and one.country != other.country:
        return Verdict("different", (Reason("country"),))
    if (one.host_country or one.country) != (other.host_country or other.country) and _knows_host(one, other):
        return Verdict("different", (Reason("host"),))
    evidence = evidence_of(left, right, common_lines)
    best = min((compare(a, b) for a, b in product(left.names, right.names)), key=lambda c: c.weight, default=None)
    if best is None:
        return Verdict("different", (Reason("other_name"),))
    best = _without_the_others_town(best, left, right)
    if left.city and right.city and not _is_same_city(left.city, right.city) and _can_be_told(one.city, other.city):
        return _in_two_cities(best, evidence, one, other)
    if best.is_equal or _differ_by_posted(best, one):
        return _same_names(best, evidence, left, right)
    return _unlike(best, evidence, one)


def _differ_by_posted(best: Comparison, body: Body) -> bool:
    """A mission of an international organisation is what it is in the state."""
    more = {m.key for m in (*best.only_left, *best.only_right)}
    return bool(best.common) and more <= POSTED and body.type != FOREIGN_OFFICES


def _can_be_told(one: str, other: str) -> bool:
    """Two towns in two scripts may be one under a name nobody has told us."""
    return script_of(one) == script_of(other) or (is_known_city(one) and is_known_city(other))


def _without_the_others_town(best: Comparison, left: Prepared, right: Prepared) -> Comparison:
    """A town in one name that the other gives as its town says nothing more."""
    return replace(
        best,
        only_left=tuple(m for m in best.only_left if left.city or not right.city or city_key(m.word) != right.city),
        only_right=tuple(m for m in best.only_right if right.city or not left.city or city_key(m.word) != left.city),
    )


def _knows_host(one: Body, other: Body) -> bool:
    """Where a mission sits is part of what it is; both must say so, else one is only less precise."""
    return bool(one.host_country and other.host_country)


def evidence_of(left: Prepared, right: Prepared, common_lines: frozenset[str]) -> Evidence:
    """What they share that says something, and whether they share what says nothing."""
    phones, mails = left.body.phones & right.body.phones, left.body.mails & right.body.mails
    webs, hosts = left.body.webs & right.body.webs, left.hosts & right.hosts
    shared = (phones | mails) & common_lines
    return Evidence(
        phone=bool(phones - common_lines),
        mail=bool(mails - common_lines),
        web=bool((webs | hosts) - common_lines),
        domain=bool((left.domains & right.domains) - common_lines),
        city=bool(left.city) and _is_same_city(left.city, right.city),
        is_shared_by_many=bool(shared),
    )


def _is_same_city(one: str, other: str) -> bool:
    if one == other:
        return True
    shorter = min(len(one), len(other))
    if shorter >= 4 and (one[:-1] == other[:-1] and len(one) == len(other)):
        return one[-1] in "aei" and other[-1] in "aei"  # Vlora, Vlorë; Shkodra, Shkodër
    return shorter >= 7 and OSA.distance(one, other, score_cutoff=1) <= 1


def _in_two_cities(best: Comparison, evidence: Evidence, one: Body, other: Body) -> Verdict:
    reason = Reason("city", f"{one.city} – {other.city}")
    if best.is_equal and evidence.is_double:
        return Verdict("ask", (reason, *evidence.reasons))
    return Verdict("different", (reason,))


def _same_names(best: Comparison, evidence: Evidence, left: Prepared, right: Prepared) -> Verdict:
    reasons = (_name_reason(best), *evidence.reasons)
    if best.typos and not evidence.is_any and not _is_telling(best):
        return Verdict("ask", (Reason("spelling", ", ".join(best.typos)), *reasons[1:]))
    if not evidence.is_strong and _lacks_where(best, left, right):
        return Verdict("ask", (*reasons, Reason("common_name")))
    if _is_loose(best, evidence, left, right):
        return Verdict("ask", reasons)
    is_abroad = FOREIGN_OFFICES in (left.body.type, right.body.type)
    if evidence.is_strong or (evidence.web and not is_abroad):
        return Verdict("same", reasons)
    if _is_one_of_many(best, left, right):
        return Verdict("ask", (*reasons, Reason("common_name")))
    return Verdict("same", reasons)


def _is_loose(best: Comparison, evidence: Evidence, left: Prepared, right: Prepared) -> bool:
    """The names meet by words that may mean two things."""
    is_abroad = FOREIGN_OFFICES in (left.body.type, right.body.type)
    if best.kin or (best.loose and not (evidence.is_any or is_abroad)):
        return True
    if best.short and len(best.short) < TELLING_ACRONYM and not evidence.is_any:
        return True
    return best.is_doubtful and not evidence.is_strong


def _lacks_where(best: Comparison, left: Prepared, right: Prepared) -> bool:
    """One says which country, or which town, and the other does not: a town's police and the state's."""
    if bool(left.body.country) != bool(right.body.country):
        return True
    return (best.left.has_town and not right.city) or (best.right.has_town and not left.city)


def _is_telling(best: Comparison) -> bool:
    """A slip of the pen in one long word among several others."""
    return len(best.typos) == 1 and len(best.common) >= 4


def _is_one_of_many(best: Comparison, left: Prepared, right: Prepared) -> bool:
    """Nothing in the name says which of many it is, and no town does either."""
    tells = any(m.group in {"name", "place", "number"} for m in best.common)
    same_town = bool(left.city) and _is_same_city(left.city, right.city)
    keys = {m.key for m in best.common}
    is_only_one = bool(keys & ONE_OF_A_KIND) or keys >= ONE_TOGETHER
    if FOREIGN_OFFICES in (left.body.type, right.body.type):
        return not (
            same_town or (tells and best.left.plain == best.right.plain)
        )  # one state has consulates and offices in many towns of another
    if tells or is_only_one or (same_town and not best.typos):
        return False
    if keys <= IN_EVERY_TOWN:
        return True
    named_alike = left.body.city == right.body.city or not (left.body.city and right.body.city)
    if len(best.common) >= 3 and not keys & LOCAL and named_alike:
        return False
    return bool(keys & (MANY_OF_A_KIND | LOCAL)) or (
        len(best.common) < 2 and best.left.plain != best.right.plain and not keys & NAME_ENOUGH
    )


def _name_reason(best: Comparison) -> Reason:
    if best.short:
        return Reason("short_name", min(best.left.text, best.right.text, key=len))
    if best.kin:
        return Reason("other_words", ", ".join(best.kin))
    if best.left.plain == best.right.plain:
        return Reason("same_name")
    if best.typos:
        return Reason("spelling", ", ".join(best.typos))
    return Reason("same_in_other_words", best.right.text)


def _unlike(best: Comparison, evidence: Evidence, body: Body) -> Verdict:
    ones, others = best.only_left, best.only_right
    if not best.common:
        return _nothing_common(evidence)
    if ones and others:
        return _two_sided(best, evidence, body)
    more = ones or others
    words = Reason("more_words", ", ".join(m.word for m in more))
    proper = sum(m.group == "name" for m in best.common)
    if all(m.key in SOFT for m in more):
        return Verdict("ask", (words, *evidence.reasons))
    heavy = [m for m in more if m.group in MATTERS]
    if not heavy and (evidence.is_any or len(best.common) >= 2):
        return Verdict("ask", (words, *evidence.reasons))
    if evidence.is_double or (evidence.is_any and proper >= 2) or (best.is_cross_language and len(best.common) >= 2):
        return Verdict("ask", (words, *evidence.reasons))
    if heavy and all(m.group == "kinds" for m in heavy) and proper >= 2:
        return Verdict("ask", (words, *evidence.reasons))
    return Verdict("different", (_matter(heavy or more), *evidence.reasons))


def _two_sided(best: Comparison, evidence: Evidence, body: Body) -> Verdict:
    ones, others = best.only_left, best.only_right
    told = Reason("other_words", f"{_words(ones)} – {_words(others)}")
    own = [m for m, name in (*((m, best.left) for m in ones), *((m, best.right) for m in others)) if _is_own(m, name)]
    if own and not evidence.is_any:
        return Verdict("different", (told, *evidence.reasons))
    heavy = any(m.group in MATTERS for m in ones) and any(m.group in MATTERS for m in others)
    if best.is_cross_language and not heavy:
        close = len(best.common) >= max(len(ones), len(others))
        if evidence.is_any or close:
            return Verdict("ask", (told, *evidence.reasons))
    if best.is_cross_language and heavy and len(best.common) >= (2 if evidence.is_strong else 3):
        return Verdict("ask", (told, *evidence.reasons))
    if evidence.is_double and len(best.common) >= 2:
        return Verdict("ask", (told, *evidence.reasons))
    if evidence.is_strong and not heavy and body.type != FOREIGN_OFFICES and len(best.common) >= len(ones):
        return Verdict("ask", (told, *evidence.reasons))
    return Verdict("different", (told, *evidence.reasons))


def _is_own(meaning: Meaning, name: Name) -> bool:
    """A proper name, which no translator would have changed."""
    return meaning.group in {"name", "place"} and meaning.word in name.proper


def _nothing_common(evidence: Evidence) -> Verdict:
    if evidence.is_strong:
        return Verdict("ask", (Reason("other_name"), *evidence.reasons))
    return Verdict("different", (Reason("other_name"), *evidence.reasons))


def _matter(meanings: Sequence[Meaning]) -> Reason:
    return Reason("word_that_matters", _words(meanings))


def _words(meanings: Sequence[Meaning]) -> str:
    return ", ".join(m.word for m in meanings)
