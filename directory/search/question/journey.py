"""The part each country plays in a question: whose contact is wanted, whose person it is.

The order of the rules is the order of how plainly something was said: an embassy belongs to the state it is of;
"contact in Albania" names the wanted side; "from X to Y" names both ends of a journey; a nationality beside a
person is only the person's, unless no other country is there.
"""

from __future__ import annotations

from directory.search.question.facets import Facets
from directory.search.question.matching import Span
from directory.search.question.places import Countries, Place, is_office, is_person
from directory.search.reading import Mention, Part

_RECEIVING_ROLES = frozenset(
    {"family_tracing", "risk_assessment_origin", "travel_documents", "arrival_reception", "reintegration_officer"}
)
_SENT_ABROAD = ("consular_officer", "police_liaison")


def settle(spans: list[Span], places: list[Place], facets: Facets, countries: Countries) -> None:
    """Fill in the wanted countries, the hosts and the mentions."""
    if any(role in facets.roles for role in _SENT_ABROAD) and places:
        places = _sending_state(spans, places, facets, countries)
    wanted = _wanted(spans, places, facets) if places else []
    for place in wanted:
        countries.wanted.update(dict.fromkeys(place.codes))
    either = len(countries.wanted) > 1 and all(len(place.codes) == 1 for place in wanted)
    for place in places:
        part: Part = place.part
        if place in wanted:
            part = "either" if either else "wanted"
        countries.mentions.extend(Mention(code, part, place.text) for code in place.codes)


def _sending_state(spans: list[Span], places: list[Place], facets: Facets, countries: Countries) -> list[Place]:
    """An embassy or liaison officer is of one state and sits in another: the host is set, the state is left."""
    office = next(i for i, span in enumerate(spans) if any(role in _SENT_ABROAD for role in span.values("role")))
    state = _state_of_office(places, office)
    hosts = [
        place
        for place in places
        if place is not state and place.code != (state.code if state else "")
        and (place.form == "city" or place.link in {"in", "to"} or (state and not place.is_nationality))
    ]  # fmt: skip
    if "consular_officer" not in facets.roles and state is None:
        return places
    for host in hosts:
        countries.hosts.update(dict.fromkeys(host.codes))
        countries.mentions.extend(Mention(code, "host", host.text) for code in host.codes)
    return [place for place in places if place not in hosts]


def _wanted(spans: list[Span], places: list[Place], facets: Facets) -> list[Place]:
    _give_parts(spans, places, facets)
    if len({place.codes for place in places}) == 1:
        return places[:1]
    marked = [place for place in places if _is_marked(spans, places, place)]
    if marked:
        return marked
    bodies = [place for place in places if place.form == "body"]
    if bodies:
        others = [place for place in places if place.form != "body"]
        asks_other_side = any("counterpart" in span.values("filler") for span in spans)
        return others if asks_other_side or any(p.link == "in" for p in others) else bodies
    return _by_journey(places, facets) or _by_person(places, facets)


def _give_parts(spans: list[Span], places: list[Place], facets: Facets) -> None:
    for place in places:
        next_door = [p for p in places if p.link in {"in", "to"} and p.index == place.index + 2]
        from_person = place.link == "from" and place.index >= 2 and is_person(spans[place.index - 2])
        travels = facets.is_return and (bool(next_door) or any(p.link == "to" for p in places))
        if place.is_nationality or (from_person and not travels):
            place.part = "nationality"
        elif place.link == "from" or (place.link == "of" and facets.is_return and next_door):
            place.part = "sending"
            if facets.is_return and next_door:  # iz Njemačke u Srbiju
                next_door[0].part = "receiving"
        elif place.link == "to" and facets.is_return:
            place.part = "receiving"


def _is_marked(spans: list[Span], places: list[Place], place: Place) -> bool:
    """Whether the words around a country say that its contact is wanted."""
    if place.part == "nationality" or place.link == "from":
        return False
    after = spans[place.index + 1] if place.index + 1 < len(spans) else None
    if place.form in {"adjective", "name"} and after and "wanted" in after.values("filler"):
        return True
    is_last = all(other.index <= place.index for other in places)
    if place.link == "in" and is_last and after and "asks" in after.values("filler"):
        return True
    if place.form == "adjective" and after and is_office(after):
        return True
    if place.link != "in":
        return False
    others = [other.index for other in places if other.index < place.index]
    start = max(others, default=-1) + 1
    between = spans[start : place.index]
    return any(is_office(span) or {"wanted", "asks"} & set(span.values("filler")) for span in between)


def _state_of_office(places: list[Place], office: int) -> Place | None:
    """The state an embassy belongs to, by how plainly it is said."""
    beside = [p for p in places if p.form == "adjective" and abs(p.index - office) == 1 and not p.is_nationality]
    of_state = [p for p in places if p.form != "city" and p.index > office and p.link == "of"]
    next_to = [p for p in places if p.form == "name" and p.index == office + 1]
    person = [p for p in places if p.is_nationality]
    plain = [p for p in places if p.form != "city" and p.link not in {"in", "to"}]
    for found in (beside, of_state, next_to, person, plain):
        if found:
            return found[0]
    return None


def _by_journey(places: list[Place], facets: Facets) -> list[Place]:
    """From X to Y: the receiving side first, the sending side second unless only the former can be meant."""
    sending = [place for place in places if place.part == "sending"]
    receiving = [place for place in places if place.part == "receiving" or (place.link == "to" and sending)]
    if not sending and not receiving:
        return []
    if not receiving:
        receiving = [p for p in places if p not in sending and (facets.is_return or not p.is_nationality)]
        if any(not p.is_nationality for p in receiving):
            return [p for p in receiving if not p.is_nationality]
    takes_over = "trm_focal_point" in facets.roles or any(role in _RECEIVING_ROLES for role in facets.roles)
    if receiving and takes_over:
        return receiving
    if not sending:
        sending = [place for place in places if place not in receiving and not place.is_nationality]
    return receiving + sending


def _by_person(places: list[Place], facets: Facets) -> list[Place]:
    """A nationality and a place: the place has the contact, unless it is about going home or nothing is asked."""
    nationality = [place for place in places if place.part == "nationality"]
    elsewhere = [place for place in places if place.part != "nationality"]
    if not nationality or not elsewhere:
        return places
    if any(role in _RECEIVING_ROLES for role in facets.roles):
        return nationality
    if facets.is_return or not facets.has_office:
        return nationality + elsewhere
    return elsewhere
