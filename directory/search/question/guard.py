"""What must not be typed here: numbers of documents and of cases, dates of birth. Found, named, kept out.

Every pattern is read once from left to right (no nested repetition), so that a hostile text costs no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_GUARDED = 4_000
_SIGNS = r"[\s:№#.,/=-]{0,4}"
_NUMBER_WORDS = r"(?:(?:no|nr|num|number|numbers|numero|número|numer|n|nº|n°|č|čj|št|šţ|br|broj|бр|број|№|номер|nummer|numărul|numar|număr|szám|száma|číslo|серия|seria|serija|série|nº|is|este|je|е|ist|est|è|é|van|bez|is)\b[\s:№#.º°=-]{0,3}){0,3}"  # fmt: skip  # noqa: E501
_DOCUMENT_WORDS = (
    "passports?|passport|id card|identity card|identity document|travel document|residence permit|national id|"
    "personal id|personal number|ssn|"
    "pașaport\\w{0,3}|pasaport\\w{0,3}|carte de identitate|buletin\\w{0,3}|cnp|idnp|permis de ședere|"
    "паспорт\\w{0,3}|лична карта|егн|лнч|личен документ|лк|"
    "pasoš\\w{0,2}|pasos\\w{0,2}|putovnic\\w{1,2}|osobn\\w{1,2} iskaznic\\w{1,2}|ličn\\w{1,2} kart\\w{1,2}|"
    "licn\\w{1,2} kart\\w{1,2}|jmbg|oib|пасош\\w{0,3}|личн\\w{1,2} карт\\w{1,2}|јмбг|ембг|embg|"
    "pasaport\\w{1,3}|letërnjoftim\\w{0,3}|leternjoftim\\w{0,3}|nid|"
    "útlev\\w{1,6}|utlev\\w{1,6}|személyi igazolvány\\w{0,4}|személyi szám\\w{0,4}|szig|"
    "passaport\\w{1,2}|carta d[i'’ ]{1,2}identità|carta identità|codice fiscale|"
    "passaporte|cartão de cidadão|bilhete de identidade|nif|"
    "cestovní pas\\w{0,2}|pas|pasu|občansk\\w{1,3} průkaz\\w{0,2}|rodné číslo|rodne cislo|"
    "reisepass\\w{0,2}|pass|passnummer|ausweis\\w{0,6}|personalausweis\\w{0,2}|"
    "passeport|carte d[’' ]identité|pièce d[’' ]identité|διαβατήριο|ταυτότητα|pasaportu?"
)
_CASE_WORDS = (
    "case|case file|file|docket|record|reference|ref|criminal case|indictment|"
    "dosar\\w{0,4}|dosarul penal|cauza penală|nr dosar|"
    "дело|досъдебно производство|дп|преписка|сл дело|нохд|"
    "predmet\\w{0,2}|spis\\w{0,2}|предмет\\w{0,2}|kaznen\\w{1,2} predmet\\w{0,2}|ur broj|klasa|"
    "dosj\\w{1,3}|çështj\\w{1,3}|ceshtj\\w{1,3}|kallëzim\\w{0,3}|"
    "ügyszám\\w{0,2}|ugyszam\\w{0,2}|ügy|akta\\w{0,3}|bűnügyi szám|"
    "fascicolo|procedimento|rgnr|r\\.g\\.n\\.r\\.?|pratica|processo|inquérito|nuipc|proc|"
    "spisov\\w{1,2} značk\\w{1,2}|sp\\.? zn\\.?|čj|č\\.j\\.|"
    "aktenzeichen|az|geschäftszahl|gz|fall|fallnummer|js|"
    "dossier|procédure|affaire|υπόθεση|δικογραφία"
)
_DOCUMENT = re.compile(
    rf"\b(?:{_DOCUMENT_WORDS})\b{_SIGNS}{_NUMBER_WORDS}{_SIGNS}(?P<number>(?=[a-zа-я0-9]{{0,12}}\d)[a-zа-я0-9]{{5,15}}\b)",
    re.IGNORECASE,
)
_BARE_DOCUMENT = re.compile(
    r"(?<![\w+/-])(?P<number>[A-Z]{1,2} ?\d{6,9}|[A-Z]{2}\d{5,7}[A-Z]{0,2}|\d{13}|\d{6}/\d{3,4})(?![\w/-])"
)
_CASE = re.compile(
    rf"\b(?:{_CASE_WORDS})\b{_SIGNS}{_NUMBER_WORDS}{_SIGNS}"
    r"(?P<number>(?=[\w./ -]{0,14}\d)(?:[A-ZА-Яa-zа-яčšžČŠŽ]{1,5}[-./ ]{0,2})?\d{1,7}(?:[-./ ]{1,2}[A-ZА-Яa-z]{1,4})?(?:[-./]\d{1,6}){1,4}|"
    r"\b[A-Z]{1,5}[-./ ]?\d{3,9}\b|\d{4,10}\b)",
    re.IGNORECASE,
)
_DATE = (
    r"(?:\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)\d\d|(?:19|20)\d\d[./-]\s?\d{1,2}[./-]\s?\d{1,2}|"
    r"\d{1,2}\.?(?:st|nd|rd|th|er|º)? (?:de |of )?[^\W\d_]{3,12}\.? (?:de )?(?:19|20)\d\d)"
)
_DATE_FOUND = re.compile(rf"(?<!\d)(?P<number>{_DATE})(?!\d)")
_BIRTH = re.compile(
    r"\b(?:born|dob|d\.o\.b|date of birth|birth ?date|n[ăa]scut\w{0,2}|data na[șs]terii|род(?:ен|ена|ени|ён)\w{0,2}|роѓен\w{0,2}|"
    r"рођен\w{0,2}|датум рођења|дата на раждане|ro[đd]j?en\w{0,2}|datum ro[đd]j?enja|i lindur|e lindur|lindur|datëlindj\w{0,3}|datelindj\w{0,3}|"
    r"született|szül|születési|szuletett|nato|nata|nati|data di nascita|nascid[oa]s?|data de nascimento|narozen\w{0,2}|nar|"
    r"datum narození|geboren\w{0,2}|geb|geburtsdatum|née?|né|date de naissance|naissance|γεννη\w{0,8}|doğum\w{0,6}|народ\w{0,6})\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-ZÀ-ŽА-ЯЀ-Џ][a-zà-žа-яѐ-џ’'-]{1,20} [A-ZÀ-ŽА-ЯЀ-Џ][a-zà-žа-яѐ-џ’'-]{1,25}\b")
_NEAR = 60


def find_personal_data(text: str) -> tuple[str, ...]:
    """Keys of what was found: `passport_number`, `birth_date_with_name`, `case_number`."""
    return tuple(dict.fromkeys(key for key, _, _ in _findings(text[:LONGEST_GUARDED])))


def without_personal_data(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with every guarded piece blanked, and the keys of what was found."""
    text = text[:LONGEST_GUARDED]
    found = list(_findings(text))
    kept = list(text)
    for _, start, end in found:
        kept[start:end] = " " * (end - start)
    return ("".join(kept) if found else text), tuple(dict.fromkeys(key for key, _, _ in found))


def _findings(text: str) -> Iterator[tuple[str, int, int]]:
    if not any(c.isdigit() for c in text):
        return
    for match in _DOCUMENT.finditer(text):
        yield "passport_number", match.start(), match.end()  # with its word: nobody asks for a passport here
    for pattern, key in ((_BARE_DOCUMENT, "passport_number"), (_CASE, "case_number")):
        for match in pattern.finditer(text):
            yield key, match.start("number"), match.end("number")
    yield from _births(text)


def _births(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _DATE_FOUND.finditer(text):
        start = max(0, match.start() - _NEAR)
        around = text[start : match.end() + _NEAR]
        name, birth = _NAME.search(around), _BIRTH.search(around)
        if name or birth:
            yield "birth_date_with_name", match.start(), match.end()
            if birth:
                yield "birth_date_with_name", start + birth.start(), start + birth.end()
            if name:
                yield "birth_date_with_name", start + name.start(), start + name.end()
