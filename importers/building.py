"""Row to record: every field in the registry's own words, checked; what does not fit is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID
from zoneinfo import available_timezones

from directory.registry import rules
from directory.registry.hours import BadHours, read_hours
from directory.registry.values import (
    BadValue,
    ContactValues,
    InstitutionValues,
    NameValues,
    PostValues,
    ResponsibilityValues,
    clean_contact,
    clean_text,
    clean_url,
)
from importers.cleaners import read_date, read_language, read_yes_no, refuse_damaged
from importers.evaluating import Cells
from importers.mapping import ContactRule, ImportMapping, ResponsibilityRule, Value
from importers.own_rules import responsibility_of, rule_of, value_of
from importers.places import Countries
from importers.records import ImportRecord, Remark, Row, Verdict, Vocabulary

MOST_IN_AN_ID = 300
LEVELS = ("leads", "supports", "informed")


class Builder:
    """Makes records of rows, for one mapping. `country` is the only country wanted, and the default one."""

    def __init__(
        self,
        mapping: ImportMapping,
        vocabulary: Vocabulary,
        *,
        country: str | None = None,
        dates: Mapping[str, date] | None = None,
        institution_type: str = "",
        refuses_elsewhere: bool = False,
    ) -> None:
        self.mapping, self.vocabulary, self.country = mapping, vocabulary, country
        self.refuses_elsewhere = refuses_elsewhere
        self.institution_type = institution_type
        self.countries = Countries(mapping.aliases, mapping.not_countries)
        self.dates = dates or {}
        # Columns whose other parts stand in the text of the entry, so that a region is not lost.
        values = (*mapping.fields.values(), *mapping.values.values())
        self.kept_as_text = frozenset(value.column for value in values if value.only == "others")

    def key(self, row: Row) -> str:
        """The list's own id for the row; empty where a part of it is."""
        cells = Cells(self.mapping, self.countries, row, lambda *_: None)
        parts = [cells.text(name) for name in self.mapping.key]
        return " | ".join(parts) if all(parts) else ""

    def build(self, row: Row) -> tuple[ImportRecord | None, list[Remark]]:
        """The record, or None for a row that is refused (the remarks say why) or belongs to another country."""
        one = _OneRow(self, row)
        return one.record(), one.remarks


class _OneRow:
    def __init__(self, builder: Builder, row: Row) -> None:
        self._builder, self._row = builder, row
        self._fields, self._vocabulary = builder.mapping.fields, builder.vocabulary
        self.remarks: list[Remark] = []
        self._cells = Cells(builder.mapping, builder.countries, row, self._refuse)

    def record(self) -> ImportRecord | None:
        """The record, or None."""
        country = self._country()
        if country is None or (self._builder.country and country != self._builder.country):
            if self._builder.refuses_elsewhere and not self.remarks:
                self._refuse_elsewhere()
            return None
        host = self._host()
        institution = self._institution(country, host)
        official = self._text(self._fields.official)
        post = self._post(institution.type, host or country, is_desk=not official)
        key, dated_on = self._key(), self._date()
        if any(remark.verdict == "refused" for remark in self.remarks):
            self.remarks = [remark for remark in self.remarks if remark.verdict == "refused"]
            return None
        self.remarks += self._row.unread
        return ImportRecord(
            self._row.number,
            key,
            institution,
            post,
            official,
            dated_on,
            self._entry_id(),
            self._text(self._fields.source),
        )

    def _refuse_elsewhere(self) -> None:
        value = self._fields.country
        advice = "Whoever coordinates that country can import it"
        self._refuse(value.told, self._cells.one(value), "is another country than the one you import for", advice)

    def _entry_id(self) -> str:
        """The directory's own id, where the file is one of ours and says so."""
        try:
            return str(UUID(self._cells.text(self._builder.mapping.entry_id)))
        except ValueError:
            return ""

    def _institution(self, country: str, host: str | None) -> InstitutionValues:
        return InstitutionValues(
            country=country,
            host_country=host if host != country else None,
            type=self._type(),
            names=self._names(),
            city=self._text(self._fields.city),
            serves=self._serves(),
            note=self._text(self._fields.note),
            source_url=self._source_url(),
        )

    def _type(self) -> str:
        value, known = self._fields.type, self._vocabulary.types
        if not self._cells.one(value) and (given := self._vocabulary.word(self._builder.institution_type, known)):
            if given not in known:
                self._refuse(value.told, given, "is no kind of institution of the taxonomy", "Use one of its ids")
            return given
        return self._word(value, known, "kind of institution", needed=True)

    def _post(self, institution_type: str, region: str, *, is_desk: bool) -> PostValues:
        return PostValues(
            title=self._text(self._fields.title, needed=True),
            role=self._word(self._fields.role, self._vocabulary.roles, "role") or None,
            area=self._text(self._fields.area),
            is_desk=is_desk,
            asks_for=self._text(self._fields.asks_for),
            contact_points=self._contacts(institution_type, region),
            responsibilities=tuple(self._responsibilities()),
        )

    def _say(self, verdict: Verdict, column: str, value: str, reason: str, advice: str = "") -> None:
        self.remarks.append(Remark(self._row.number, verdict, column, value, reason, advice))

    def _refuse(self, column: str, value: str, reason: str, advice: str = "") -> None:
        self._say("refused", column, value, reason, advice)

    def _leave_out(self, value: Value, text: str, reason: str, advice: str = "") -> None:
        self._say("left out", value.told, text, reason, advice)

    def _key(self) -> str:
        parts = {name: self._cells.text(name) for name in self._builder.mapping.key}
        for name, text in parts.items():
            if not text:
                self._refuse(name, "", "is empty, and the row is known by it", "Give every row its own, lasting id")
            elif len(text) > MOST_IN_AN_ID:
                self._refuse(name, "", f"is {len(text):,} characters long, which is no id", "Give the row a short one")
        return " | ".join(parts.values())

    def _text(self, value: Value, *, needed: bool = False) -> str:
        try:
            text = clean_text(self._cells.one(value))
        except BadValue as error:
            self._refuse(value.told, "", str(error), "Shorten it")
            return ""
        if needed and not text and not self.remarks:
            self._refuse(value.told, "", "says nothing, and an entry cannot do without it", "Fill it in")
        return text

    def _word(self, value: Value, known: frozenset[str], what: str, *, needed: bool = False) -> str:
        word = self._vocabulary.word(self._text(value, needed=needed), known)
        if word and word not in known:
            self._refuse(value.told, word, f"is no {what} of the taxonomy", "Use one of the taxonomy’s ids")
        return word

    def _country(self) -> str | None:
        value = self._fields.country
        name = self._cells.one(value)
        if self._builder.mapping.format == "vcard":
            name = self._first_country(self._cells.all(value))
        if not name:
            if self._builder.country is None:
                self._refuse(value.told, "", "is empty: no country", "Fill it in, or import with --country CC")
            return self._builder.country
        if (code := self._builder.countries.code(name)) is None:
            if not (self._builder.country and self._builder.countries.is_known(name)):
                self._refuse_country(value, name)
            return None
        return code

    def _first_country(self, names: Sequence[str]) -> str:
        """Of a card's addresses the first in a country there is; else what the first one says."""
        known = (name for name in names if self._builder.countries.code(name))
        return next(known, next(iter(names), ""))

    def _host(self) -> str | None:
        name = self._cells.one(self._fields.host_country)
        code = self._builder.countries.code(name) if name else None
        if name and code is None:
            self._refuse_country(self._fields.host_country, name)
        return code

    def _refuse_country(self, value: Value, name: str) -> None:
        advice = "Correct it, or add it to countries.aliases in the mapping if the state is beyond doubt"
        self._refuse(value.told, name, "no country by that name", advice)

    def _serves(self) -> tuple[str, ...]:
        value = self._fields.serves
        found: dict[str, None] = {}
        for name in self._cells.all(value):
            if code := self._builder.countries.code(name):
                found[code] = None
                continue
            is_kept = value.column in self._builder.kept_as_text
            advice = "It stands in the entry's text instead" if is_kept else "Name countries only, or add an alias"
            self._leave_out(value, name, "is no country, so not among the countries served", advice)
        return tuple(sorted(found))

    def _source_url(self) -> str:
        value = self._fields.source_url
        text = self._text(value)
        try:
            return clean_url(text) if text else ""
        except BadValue as error:
            self._leave_out(value, text, str(error).replace(f"“{text}” ", ""))
            return ""

    def _names(self) -> tuple[NameValues, ...]:
        names: dict[tuple[str, str], NameValues] = {}
        for rule in self._fields.names:
            if text := self._text(rule.value):
                language = self._language(rule.language) or ""
                names.setdefault((text, language), NameValues(text, language, rule.kind))
        if not names and not any(remark.verdict == "refused" for remark in self.remarks):
            columns = ", ".join(rule.value.told for rule in self._fields.names)
            self._refuse(columns, "", "says nothing: the institution has no name", "Fill in a name")
        return tuple(names.values())

    def _language(self, value: Value) -> str | None:
        text = self._cells.one(value)
        try:
            return read_language(text) if text else None
        except BadValue as error:
            self._leave_out(value, text, str(error))
            return None

    def _date(self) -> date | None:
        beside = self._builder.mapping.dates
        if beside and (day := self._builder.dates.get(self._cells.text(beside.match))):
            return day
        text = self._cells.one(self._fields.date)
        try:
            return read_date(text) if text else None
        except BadValue as error:
            self._leave_out(self._fields.date, text, str(error))
            return None

    # Contact points

    def _contacts(self, institution_type: str, region: str) -> tuple[ContactValues, ...]:
        points: dict[tuple[str, str], ContactValues] = {}
        told = [(rule, text) for rule in self._fields.contact_points for text in self._cells.all(rule.value)]
        own = ((rule_of(line), text) for line in self._row.lines if (text := value_of(line)))
        for rule, text in (*told, *own):
            if (point := self._contact(rule, text, institution_type, region)) is None:
                continue
            same = points.get((point.kind, point.value))
            points[point.kind, point.value] = replace(same, label=same.label or point.label) if same else point
        return tuple(points.values())

    def _contact(self, rule: ContactRule, text: str, institution_type: str, region: str) -> ContactValues | None:
        if not rules.may_have(institution_type, rule.kind):
            advice = "Give its intake line instead"
            self._leave_out(rule.value, "(not repeated here)", "a shelter's address is never kept", advice)
            return None
        try:
            if rule.kind in rules.NUMBERS:
                is_number = bool(rule.value.names & self._row.numbers)
                refuse_damaged(text, region, is_number=is_number, may_be_short=rule.kind == "hotline")
            value = clean_contact(rule.kind, text, region=region)
        except BadValue as error:
            reason = str(error).replace(f"“{text}” ", "")
            told = f"{text} ({label})" if (label := self._cells.one(rule.label)) else text
            self._leave_out(rule.value, told, reason, "Ask the institution for the right one")
            return None
        return ContactValues(
            kind=rule.kind,
            value=value,
            label=self._text(rule.label),
            hours=self._hours(rule.hours),
            timezone=self._timezone(rule.timezone),
            languages=tuple(self._languages(rule.languages)),
            is_published=self._is_published(rule.published),
        )

    def _hours(self, value: Value) -> str:
        text = " ".join(self._cells.one(value).split())
        try:
            read_hours(text)
        except BadHours as error:
            self._leave_out_once(value, text, str(error), "Write hours like Mo-Fr 08:00-16:00 or 24/7")
            return ""
        return text

    def _timezone(self, value: Value) -> str:
        text = self._cells.one(value)
        if text and text not in available_timezones():
            self._leave_out_once(value, text, "is no time zone", "Write it like Europe/Tirane")
            return ""
        return text

    def _languages(self, value: Value) -> Iterator[str]:
        for text in self._cells.all(value):
            try:
                yield read_language(text)
            except BadValue as error:
                self._leave_out_once(value, text, str(error))

    def _is_published(self, value: Value) -> bool:
        text = self._cells.one(value)
        try:
            return read_yes_no(text)
        except BadValue as error:
            self._leave_out_once(value, text, str(error), "The contact is not shown to the public")
            return False

    def _leave_out_once(self, value: Value, text: str, reason: str, advice: str = "") -> None:
        """Hours stand beside several numbers of a row; they are told once."""
        remark = Remark(self._row.number, "left out", value.told, text, reason, advice)
        if remark not in self.remarks:
            self.remarks.append(remark)

    # Responsibilities

    def _responsibilities(self) -> Iterator[ResponsibilityValues]:
        seen: set[ResponsibilityValues] = set()
        own = map(responsibility_of, self._row.answers)
        for rule in (*self._fields.responsibilities, *own):
            for found in self._answers(rule):
                if found not in seen:
                    seen.add(found)
                    yield found

    def _answers(self, rule: ResponsibilityRule) -> Iterator[ResponsibilityValues]:
        measures = [m.upper() for m in self._cells.all(rule.measure)]
        sops = [s.upper().removeprefix("SOP").strip() for s in self._cells.all(rule.sop)]
        unknown = [m for m in measures if m not in self._vocabulary.measures]
        bad = [s for s in sops if not s.isdecimal() or int(s) not in self._vocabulary.sops]
        for text in unknown:
            self._refuse(rule.measure.told, text, "is no measure of the taxonomy", "Write it like 4.3 or 1.C")
        for text in bad:
            self._refuse(rule.sop.told, text, "is no SOP", "Write a number from 1 to 5")
        if unknown or bad or not (measures or sops):
            return
        shared = self._shared(rule)
        named = {self._vocabulary.measures[m] for m in measures}
        yield from (replace(shared, sop=self._vocabulary.measures[m], measure=m) for m in dict.fromkeys(measures))
        yield from (replace(shared, sop=s) for s in dict.fromkeys(map(int, sops)) if s not in named)

    def _shared(self, rule: ResponsibilityRule) -> ResponsibilityValues:
        level = self._word(rule.level, frozenset(LEVELS), "level (leads, supports, informed)") or "leads"
        return ResponsibilityValues(
            sop=0,
            level=level,
            area=self._text(rule.area),
            target_groups=self._words(rule.target_groups, self._vocabulary.target_groups, "target group"),
            exploitation=self._words(rule.exploitation, self._vocabulary.exploitation, "form of exploitation"),
        )

    def _words(self, value: Value, known: frozenset[str], what: str) -> tuple[str, ...]:
        words = tuple(self._vocabulary.word(word, known) for word in self._cells.all(value))
        for word in words:
            if word not in known:
                self._refuse(value.told, word, f"is no {what} of the taxonomy", "Use one of the taxonomy’s ids")
        return words
