"""How people say that they are away, in the languages of the directory; folded, so one list serves both scripts."""

from __future__ import annotations

from directory.mail.received.parts import folded

# What a subject begins with when a machine answers.
_SUBJECTS = (
    # English
    "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "automatic response",
    "automated reply", "automated response", "auto:", "out of office", "out of the office", "out-of-office", "ooo:",
    "away from office", "away from the office", "away from my mail", "on leave", "on annual leave", "on vacation",
    "vacation", "maternity leave", "i am away", "i am out", "no longer with", "no longer works", "has left",
    # German
    "automatische antwort", "abwesenheitsnotiz", "abwesenheit", "abwesend", "autom. antwort", "ich bin nicht im buro",
    "nicht im buro", "außer haus", "im urlaub", "urlaub",
    # French
    "réponse automatique", "réponse automatique :", "absence du bureau", "absent du bureau", "absence :",
    "absente du bureau", "message d'absence", "en congé", "absence",
    # Italian
    "risposta automatica", "fuori ufficio", "assenza dall'ufficio", "assente", "fuori sede", "in ferie",
    # Portuguese
    "resposta automática", "ausência temporária", "fora do escritório", "ausente", "de férias", "ausência",
    # Romanian
    "răspuns automat", "în afara biroului", "absent din birou", "absență", "în concediu", "mesaj automat",
    # Bulgarian
    "автоматичен отговор", "извън офиса", "в отпуск", "отсъствам", "отсъствие", "автоматично съобщение",
    # Bosnian, Croatian, Montenegrin, Serbian in Latin script ...
    "automatski odgovor", "automatska poruka", "odsutan", "odsutna", "odsutnost", "odsustvo", "odsustvujem",
    "izvan ureda", "van kancelarije", "van ureda", "na godišnjem odmoru", "godišnji odmor", "nisam u kancelariji",
    "nisam u uredu",
    # ... and Serbian in Cyrillic
    "аутоматски одговор", "аутоматска порука", "одсутан", "одсутна", "одсуство", "ван канцеларије",
    "на годишњем одмору", "годишњи одмор", "нисам у канцеларији",
    # Macedonian
    "автоматски одговор", "автоматска порака", "отсутен", "отсутна", "отсуство", "надвор од канцеларија",
    "на годишен одмор", "не сум во канцеларија",
    # Albanian
    "përgjigje automatike", "përgjigjje automatike", "jashtë zyrës", "jashtë zyre", "mungoj nga zyra", "me pushime",
    "mesazh automatik",
    # Hungarian
    "automatikus válasz", "házon kívül", "irodán kívül", "távollét", "szabadságon", "nem vagyok az irodában",
    # Czech
    "automatická odpověď", "mimo kancelář", "nepřítomnost", "nepřítomen", "dovolená", "jsem mimo kancelář",
)  # fmt: skip
# What a person's own words say near the beginning of such a message.
_BODIES = (
    "i am out of the office", "i'm out of the office", "i am currently out of", "i will be out of the office",
    "i am away from", "i am on leave", "i am on annual leave", "i am on maternity leave",
    "this is an automatic reply", "this is an automated reply", "this is an automated response",
    "this mailbox is not monitored", "no longer works", "no longer work", "no longer employed",
    "ich bin nicht im büro", "ich bin derzeit nicht", "ich bin bis", "ich bin ab", "ich befinde mich",
    "ich bin außer haus", "ich bin im urlaub", "ihre e-mail wird nicht weitergeleitet", "je suis absent",
    "je suis absente", "je suis actuellement absent", "je suis en congé", "je serai absent",
    "ceci est une réponse automatique", "sono fuori ufficio", "sono assente", "sarò assente", "sono in ferie",
    "questo è un messaggio automatico", "estou ausente", "estarei ausente", "encontro-me ausente", "estou de férias",
    "esta é uma resposta automática", "sunt în concediu", "voi fi plecat", "nu sunt în birou", "lipsesc din birou",
    "sunt plecat", "acesta este un mesaj automat", "в отпуск съм", "ще отсъствам", "отсъствам от офиса",
    "извън офиса съм", "това е автоматичен", "nisam u uredu", "nisam u kancelariji", "odsutan sam", "odsutna sam",
    "biću odsut", "bit ću odsut", "bit ću odsutan", "na godišnjem sam", "na godišnjem odmoru sam",
    "ovo je automatska", "ovo je automatski", "нисам у канцеларији", "одсутан сам", "одсутна сам", "бићу одсут",
    "на годишњем одмору сам", "ово је аутоматска", "не сум во канцеларија", "отсутен сум", "отсутна сум",
    "на годишен одмор сум", "ова е автоматска", "ова е автоматски", "jam jashtë zyrës", "jam jashtë zyre",
    "do të mungoj", "jam me pushime", "kjo është një përgjigje automatike", "nem vagyok az irodában",
    "nem tartózkodom", "szabadságon vagyok", "házon kívül vagyok", "távol vagyok", "ez egy automatikus",
    "jsem mimo kancelář", "nejsem v kanceláři", "mám dovolenou", "jsem na dovolené", "toto je automatická",
    "budu mimo kancelář",
)  # fmt: skip
# What leads to whoever stands in.
_CONTACTS = (
    "contact", "please write", "please turn", "reach", "in urgent", "wenden", "kontaktieren", "vertretung",
    "vertritt", "contacter", "adresser", "joindre", "contattare", "rivolger", "contactar", "contacte", "dirij",
    "contactați", "adresați", "обърнете", "свържете", "пишете", "obratite", "obratiti", "kontaktirajte", "javite",
    "обратите", "контактирајте", "обратете", "контактирајте", "javete", "kontakto", "drejtohuni", "forduljon",
    "keresse", "kontaktujte", "obraťte", "zastupuje", "zamjenj", "замењ", "заменя", "zamenj", "helyettes",
    "zëvendës", "înlocuit", "sostitui", "substitu", "remplac",
)  # fmt: skip
# What the subject of a report begins with that no header marks as one.
_REPORTS = (
    "undeliverable", "undelivered mail", "undelivered", "delivery status notification", "delivery failure",
    "delivery failed", "delivery has failed", "delivery notification", "delivery report", "delivery error",
    "failure notice", "mail delivery failed", "mail delivery", "mail system error", "mail error", "message delivery",
    "returned mail", "mail returned", "returned to sender", "non-delivery", "nondeliverable", "non delivery",
    "message status", "message undeliverable", "unzustellbar", "nicht zustellbar", "non remis", "non délivré",
    "échec de la remise", "mancato recapito", "non recapitabile", "não entregue", "nedostarčeno", "nedoručitelné",
    "nedoručen", "kézbesíthetetlen", "nelivrat", "недоставено", "неиспоручено", "не може да се достави",
    "i pashpërndarë", "i padorëzuar", "warning: could not send", "warning: message", "delayed mail", "delayed",
    "verzögert", "bounced mail", "undeliver", "nondelivery", "could not send",
)  # fmt: skip

_SUBJECT_WORDS = tuple(sorted({folded(phrase) for phrase in _SUBJECTS}))
_BODY_WORDS = tuple({folded(phrase) for phrase in _BODIES})
_REPORT_WORDS = tuple({folded(phrase) for phrase in _REPORTS})
CONTACT_WORDS = tuple({folded(phrase) for phrase in _CONTACTS})
SO_FAR = 400


def is_away_subject(subject: str) -> bool:
    """A machine answered: the subject begins with such words. What a person answers begins with "Re:"."""
    return folded(subject).lstrip("[*#: ").startswith(_SUBJECT_WORDS)


def is_away_text(text: str) -> bool:
    """The first lines say that somebody is away or gone."""
    beginning = folded(text[:SO_FAR])
    return any(phrase in beginning for phrase in _BODY_WORDS)


def is_report_subject(subject: str) -> bool:
    """The subject is that of a report about a letter that could not be delivered."""
    words = folded(subject).lstrip("[*#: ")
    return (
        words.startswith(_REPORT_WORDS)
        or "delivery failure" in words
        or "undeliver" in words
        or "delivery failed" in words
    )
