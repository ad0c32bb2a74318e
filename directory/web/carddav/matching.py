"""`addressbook-query`: does a card say that? Over our own cards, property by property."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element  # the type alone, defusedxml reads  # nosec B405

from directory.phonebooks.cards import Card, values_of
from directory.web.carddav.xml import carddav

Test = Callable[[dict[str, list[str]]], bool]
MOST_TESTS = 50
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, wanted: wanted in value,
    "equals": lambda value, wanted: value == wanted,
    "starts-with": lambda value, wanted: value.startswith(wanted),
    "ends-with": lambda value, wanted: value.endswith(wanted),
}
COLLATIONS = {"i;unicode-casemap", "i;ascii-casemap", "i;octet", "default"}


class NotSupported(Exception):
    """A filter nobody here can answer; the message is the name of the condition."""


def filter_in(element: Element | None) -> Callable[[Card], bool]:
    """What passes the filter; without one everything does. Raises NotSupported."""
    if element is None or not len(element):
        return lambda _card: True
    tests = [_prop(one) for one in element]
    if len(tests) > MOST_TESTS:
        raise NotSupported("supported-filter")
    together = _together(element)
    return lambda card: together(test(values_of(card.text)) for test in tests)


def _together(element: Element) -> Callable[[Iterable[bool]], bool]:
    return all if element.get("test") == "allof" else any


def _prop(element: Element) -> Test:
    if element.tag != carddav("prop-filter"):
        raise NotSupported("supported-filter")
    name = element.get("name", "").rpartition(".")[2].upper()
    if element.find(carddav("is-not-defined")) is not None:
        return lambda values: name not in values
    if any(child.tag != carddav("text-match") for child in element):
        raise NotSupported("supported-filter")
    matches = [_text(child) for child in element]
    if not matches:
        return lambda values: name in values
    together = _together(element)
    return lambda values: together(match(values.get(name, [])) for match in matches)


def _text(element: Element) -> Callable[[list[str]], bool]:
    match = MATCHES.get(element.get("match-type", "contains"))
    collation = element.get("collation", "i;unicode-casemap")
    if match is None:
        raise NotSupported("supported-filter")
    if collation not in COLLATIONS:
        raise NotSupported("supported-collation")
    fold: Callable[[str], str] = str if collation == "i;octet" else str.casefold
    wanted, negates = fold(element.text or ""), element.get("negate-condition") == "yes"
    return lambda values: any(match(fold(value), wanted) for value in values) != negates
