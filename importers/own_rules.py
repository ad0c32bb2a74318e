"""Contact points and responsibilities that a row states by itself, as the rules a mapping would have for them."""

from __future__ import annotations

from directory.registry import rules
from importers.cleaners import mail_link, phone_link, plain
from importers.mapping import ContactRule, ResponsibilityRule, Value
from importers.records import RowAnswer, RowLine


def rule_of(line: RowLine) -> ContactRule:
    """A contact point that the row states by itself, as a rule for that one value."""
    return ContactRule(
        kind=line.kind,
        value=Value(column=line.column),
        published=Value(constant="yes" if line.published else "no"),
        label=Value(constant=line.label),
        hours=Value(constant=line.hours),
        timezone=Value(constant=line.timezone),
        languages=_given(line.languages),
    )


def value_of(line: RowLine) -> str:
    """The value as bare as a mapping's cleaners would leave it."""
    text = plain(line.value)
    return mail_link(text) if line.kind in rules.MAILS else phone_link(text) if line.kind in rules.NUMBERS else text


def responsibility_of(answer: RowAnswer) -> ResponsibilityRule:
    """The rule that gives exactly this responsibility, whatever the row says."""
    return ResponsibilityRule(
        sop=Value(constant=answer.sop),
        measure=Value(constant=answer.measure),
        level=Value(constant=answer.level),
        area=Value(constant=answer.area),
        target_groups=_given(answer.target_groups),
        exploitation=_given(answer.exploitation),
    )


def _given(words: tuple[str, ...]) -> Value:
    return Value(constant="\n".join(words), split="\n")
