from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.search.folding import fold
from directory.search.question import find_personal_data
from directory.search.reading import Reading
from tests.unit.search.asking import read

# What is personal stands between brackets; all numbers are invented.
DOCUMENTS = """
passport [AB1234567] shelter Albania
passport no. [123456789] embassy of Moldova
Passport number: [P1234567]
residence permit [RR0123456] Italy
pașaport nr. [053412345] Chișinău
pasaport [053412345] Chisinau
buletin seria [RX 123456]
CNP [1900101123456] adăpost
паспорт № [384512345] посолство
лична карта [642312345] София
ЕГН [9001014567]
pasoš broj [012345678] Beograd
osobna iskaznica [112233445] Zagreb
lična karta br. [001234567]
JMBG [0101990710006]
пасош бр. [А1234567] Београд
лична карта бр. [А1234567] Скопје
ЕМБГ [0101990450006]
pasaporta nr [BA1234567] Tiranë
letërnjoftimi [021234567]
útlevél száma [BH1234567] Budapest
személyi igazolvány [123456AB]
passaporto numero [YA1234567] Roma
carta d'identità [CA12345AA]
carta d’identità n. [CA12345AA]
codice fiscale [RSSMRA85T10A562S]
passaporte n.º [CA123456] Lisboa
cartão de cidadão [12345678]
cestovní pas č. [12345678] Praha
občanský průkaz [123456789]
rodné číslo [900101/1234]
Reisepass Nr. [C01X00T47] Berlin
Personalausweis [L01X00T471]
passeport numéro [12AB34567] Paris
carte d'identité [123456789012]
διαβατήριο [ΑΕ1234567] Αθήνα
girl with [AB1234567] in Rome
""".strip().splitlines()
CASES = """
case number [2024/1234] Kosovo
case file [KT-123/2024]
dosar nr. [1234/95/2023] procuror
dosar penal [123/P/2024]
дело № [1234/2023] прокурор
досъдебно производство [123/2024]
predmet [K-123/22] sud
predmet br. [KT 45/2023]
предмет [КТ 45/2023] тужилац
çështja nr. [123/2023] prokuror
ügyszám: [1234/2023] ügyész
fascicolo [1234/2023] procura
procedimento n. [1234/23]
RGNR [1234/2023]
processo [123/23.4JAPRT]
NUIPC [123/23.4JAPRT]
sp. zn. [5 T 12/2023]
č.j. [123/2023]
Aktenzeichen [12 Js 345/23]
Az. [123 Js 4567/23]
dossier [12345/2023] procureur
δικογραφία [1234/2023]
""".strip().splitlines()
BIRTHS = """
[Ana Popescu] born [12.03.1999] shelter Italy
[Ana Popescu] [12.03.1999] shelter Italy
girl born [12/03/2009] guardian Serbia
DOB [1999-03-12] return Moldova
[Ștefan Țurcanu] născut la [12.03.1999]
[Иван Петров] роден [12.03.1999] приют
[Ивана Петрова] рођена [12.03.1999]
[Marko Marković] rođen [12.03.1999.] Zagreb
роѓена на [12.03.1999] Скопје
e lindur më [12.03.1999] Tiranë
született [1999.03.12] Budapest
[Kovács Anna] született [1999. 03. 12]
[Maria Rossi] nata il [12/03/1999] Roma
nascida em [12-03-1999] Lisboa
narozena [12. 3. 1999] Praha
geboren am [12. März 1999] Wien
née le [12 mars 1999] Paris
γεννήθηκε [12/03/1999] Αθήνα
born on [12th of March 1999]
[Μαρία Παπαδοπούλου] [12/03/1999]
""".strip().splitlines()
ALL = [(key, line) for key, lines in (("passport_number", DOCUMENTS), ("case_number", CASES),
                                      ("birth_date_with_name", BIRTHS)) for line in lines]  # fmt: skip


def _everything_in(reading: Reading) -> str:
    said = (*reading.words, *reading.ignored, *(mention.text for mention in reading.mentions))
    return " ".join(fold(word) for word in said)


def _secrets(line: str) -> list[str]:
    parts = [piece.split("]")[0] for piece in line.split("[")[1:]]
    return [fold(word) for part in parts for word in part.replace("/", " ").replace(".", " ").replace("-", " ").split()]


@pytest.mark.parametrize(("key", "line"), ALL, ids=[line for _, line in ALL])
def test_a_personal_number_warns_and_goes_no_further(key: str, line: str) -> None:
    question = line.replace("[", "").replace("]", "")
    reading = read(question)
    assert reading.warnings == (key,)
    assert find_personal_data(question) == (key,)
    left = _everything_in(reading).split()
    assert not [secret for secret in _secrets(line) if secret in left and len(secret) > 1]


def test_the_rest_of_the_question_is_still_read() -> None:
    reading = read("Ana Popescu born 12.03.1999 passport AB1234567 shelter Italy")
    assert (reading.countries, reading.roles) == (("IT",), ("shelter_intake",))
    assert set(reading.warnings) == {"passport_number", "birth_date_with_name"}


@pytest.mark.parametrize(
    "question",
    [
        "+355 4 222 3344",
        "00 40 21 311 8982",
        "+44 1632 960123 police",
        "116 000 Serbia",
        "hotline 080800678",
        "SOP 4 Romania",
        "procedimento 4.3 Portugal",
        "procedure 4 Kosovo",
        "measure 4.3 Kosovo",
        "hotline 24/7 Serbia",
        "case manager Croatia 24/7",
        "who takes the case 24/7",
        "follow up on a returned case Serbia",
        "return on 12.03.2027 to North Macedonia",
        "Border Police Sofia 12.03.2027",
        "flight 12 March 2027 Lisbon Bucharest",
        "contacts changed since 01.01.2026",
        "15 year old girl Zagreb",
        "3 women and 2 children Albania",
        "Regulation 2011/36/EU",
        "passport Albania",
        "lost passport in 2024",
        "case in Belgrade",
        "meeting 12.03.2027",
        "Albania 2025",
        "room 5, floor 2",
        "Strada Eminescu 45 Chisinau",
        "1234",
        "",
    ],
)
def test_phone_numbers_sops_and_plain_dates_do_not_warn(question: str) -> None:
    assert read(question).warnings == ()


@given(st.text(max_size=300))
def test_any_text_can_be_guarded(text: str) -> None:
    assert set(find_personal_data(text)) <= {"passport_number", "case_number", "birth_date_with_name"}
