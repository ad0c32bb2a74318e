from __future__ import annotations

import pytest

from tests.unit.search.asking import countries, read


@pytest.mark.parametrize(
    ("question", "state", "host"),
    [
        ("Embassy of Moldova in Rome", "MD", "IT"),
        ("Albanian embassy in Italy", "AL", "IT"),
        ("Romanian consulate Milan", "RO", "IT"),
        ("consul of Serbia in Vienna", "RS", "AT"),
        ("Посолство на България в Рим", "BG", "IT"),
        ("амбасада на Северна Македонија во Рим", "MK", "IT"),
        ("veleposlanstvo Hrvatske u Beču", "HR", "AT"),
        ("ambasada Srbije u Parizu", "RS", "FR"),
        ("konsullata shqiptare në Milano", "AL", "IT"),
        ("magyar nagykövetség Bécs", "HU", "AT"),
        ("consolato di Moldova a Padova", "MD", "IT"),
        ("embaixada da Roménia em Lisboa", "RO", "PT"),
        ("velvyslanectví Moldavska v Praze", "MD", "CZ"),
        ("Botschaft Moldau in Berlin", "MD", "DE"),
        ("ambassade de Roumanie à Paris", "RO", "FR"),
        ("ambasada României la Roma", "RO", "IT"),
        ("πρεσβεία της Αλβανίας στην Αθήνα", "AL", "GR"),
        ("konzulat Italija Tirana", "IT", "AL"),
        ("police liaison officer of Romania in Spain", "RO", "ES"),
    ],
)
def test_an_embassy_is_of_one_state_and_sits_in_another(question: str, state: str, host: str) -> None:
    reading = read(question)
    assert (reading.countries, reading.host_countries) == ((state,), (host,))
    parts = {mention.part: mention.country for mention in reading.mentions}
    assert parts == {"wanted": state, "host": host}


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("return from Italy to Albania", "AL IT"),
        ("return from Italy to Albania contact in Albania", "AL"),
        ("return from Italy to Albania who organises in Italy", "IT"),
        ("from Hungary to Switzerland contact Swiss side", "CH"),
        ("escort for child travelling Lisbon to Bucharest", "RO PT"),
        ("povratak žrtve iz Italije u Tuzlu ko preuzima", "BA"),
        ("доброволно завръщане от Австрия", "AT"),
        ("ritorno volontario dall'Italia in Romania", "RO IT"),
        ("Rückkehr aus Deutschland nach Rumänien", "RO DE"),
        ("retour volontaire de France en Roumanie", "RO FR"),
        ("önkéntes hazatérés Ausztriából Romániába", "RO AT"),
        ("povratak iz Njemačke u Srbiju", "RS DE"),
        ("whole family goes home to Kosovo from Germany", "XK DE"),
        ("girl from Moldova, who meets her at the airport in Chisinau", "MD"),
    ],
)
def test_a_journey_has_a_receiving_side_first_and_a_sending_side(question: str, wanted: str) -> None:
    assert countries(question) == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("lawyer for Romanian woman in Italy", "IT"),
        ("Bulgarian man police Berlin", "DE"),
        ("avvocato per donna moldava Bologna", "IT"),
        ("Jugendamt Berlin rumänische Kinder", "DE"),
        ("shelter in Austria for Nigerian women", "AT"),
        ("adăpost în Italia pentru femei moldovence", "IT"),
        ("приют в Германия за българска жена", "DE"),
        ("sklonište u Hrvatskoj za albanske djevojke", "HR"),
        ("kujdestar në Greqi për vajzë shqiptare", "GR"),
        ("tutore in Italia per ragazza albanese", "IT"),
        ("abrigo em Portugal para mulher romena", "PT"),
        ("foyer en France pour femmes roumaines", "FR"),
        ("Anwalt in Österreich für ungarische Frau", "AT"),
        ("azylový dům v Česku pro rumunskou ženu", "CZ"),
        ("ügyvéd Olaszországban román nőnek", "IT"),
        ("labour inspector Portugal Moldovan workers", "PT"),
    ],
)
def test_a_person_has_a_nationality_and_the_place_has_the_contact(question: str, wanted: str) -> None:
    assert countries(question) == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("family tracing for Albanian boy in Italy", "AL"),
        ("travel document for Macedonian citizen in Greece", "MK"),
        ("risk assessment for Moldovan woman found in Portugal", "MD"),
    ],
)
def test_what_only_the_country_of_origin_can_do_is_asked_there(question: str, wanted: str) -> None:
    assert countries(question) == wanted


def test_a_nationality_alone_is_the_country_asked() -> None:
    assert countries("Serbian prosecutor") == "RS"
    assert countries("Ukrainian woman wants to go home") == "UA"


def test_where_nothing_is_asked_both_countries_are_offered() -> None:
    reading = read("Bulgarian victim found in Germany")
    assert set(reading.countries) == {"BG", "DE"}
    assert {mention.part for mention in reading.mentions} == {"either"}


@pytest.mark.parametrize(
    "question", ["hotline Albania Kosovo", "hotline Albania, Kosovo", "hotline Albania and Kosovo"]
)
def test_two_countries_without_any_link_are_both_asked(question: str) -> None:
    assert countries(question) == "AL XK"


@pytest.mark.parametrize(
    ("question", "some", "never"),
    [
        ("EU countries focal points", {"BG", "RO", "IT"}, {"AL", "RS"}),
        ("prosecutors Western Balkans", {"AL", "RS", "XK", "ME", "MK", "BA"}, {"IT", "HU"}),
    ],
)
def test_a_region_stands_for_its_countries(question: str, some: set[str], never: set[str]) -> None:
    wanted = set(read(question).countries)
    assert some <= wanted
    assert not never & wanted


@pytest.mark.parametrize(
    "question", ["all prosecutors in the region", "show all countries", "which countries have no shelter"]
)
def test_all_of_the_region_is_no_filter(question: str) -> None:
    assert countries(question) == ""


def test_a_body_and_its_counterpart_elsewhere() -> None:
    assert countries("counterpart of ANITP in Italy") == "IT"
    assert countries("ANITP contact") == "RO"


@pytest.mark.parametrize(
    ("question", "language", "country"),
    [
        ("interpreter Albanian language Prague", "sq", "CZ"),
        ("Who speaks Bulgarian at the hotline in Portugal?", "bg", "PT"),
        ("English speaking contact border police Croatia", "en", "HR"),
        ("преводач албански език Пловдив", "sq", "BG"),
        ("tlumočník vietnamština Karlovy Vary", "vi", "CZ"),
        ("Dolmetscher Rumänisch Wien", "ro", "AT"),
        ("interprete albanese Milano", "sq", "IT"),
        ("mediatore culturale albanese Roma", "sq", "IT"),
        ("tolmács román nyelv Budapest", "ro", "HU"),
        ("traducător albaneză București", "sq", "RO"),
        ("prevodilac albanski Beograd", "sq", "RS"),
    ],
)
def test_a_nationality_word_beside_an_interpreter_is_a_language(question: str, language: str, country: str) -> None:
    reading = read(question)
    assert (reading.languages, reading.countries) == ((language,), (country,))


@pytest.mark.parametrize(
    "question",
    [
        "victima bulgară găzduită",
        "албанска жертва",
        "albanska žrtva",
        "vittima albanese",
        "vítima búlgara",
        "rumunská oběť",
    ],
)
def test_a_nationality_word_beside_a_victim_is_no_language(question: str) -> None:
    reading = read(question)
    assert len(reading.countries) == 1
    assert reading.languages == ()
