"""How people say that they are away, in the languages of the directory; folded, so one list serves both scripts."""

from __future__ import annotations

import re

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
    "i am away from", "i am on leave", "i am on annual leave", "i am on maternity leave", "this is an automatic reply",
    "this is an automated reply", "this is an automated response", "this mailbox is not monitored", "no longer works",
    "no longer work", "no longer employed", "ich bin nicht im büro", "ich bin derzeit nicht", "ich bin bis",
    "ich bin ab", "ich befinde mich", "ich bin außer haus", "ich bin im urlaub",
    "ihre e-mail wird nicht weitergeleitet", "je suis absent", "je suis absente", "je suis actuellement absent",
    "je suis en congé", "je serai absent", "ceci est une réponse automatique", "sono fuori ufficio", "sono assente",
    "sarò assente", "sono in ferie", "questo è un messaggio automatico", "estou ausente", "estarei ausente",
    "encontro-me ausente", "estou de férias", "esta é uma resposta automática", "sunt în concediu", "voi fi plecat",
    "nu sunt în birou", "lipsesc din birou", "sunt plecat", "acesta este un mesaj automat", "в отпуск съм",
    "ще отсъствам", "отсъствам от офиса", "извън офиса съм", "това е автоматичен", "nisam u uredu",
    "nisam u kancelariji", "odsutan sam", "odsutna sam", "biću odsut", "bit ću odsut", "bit ću odsutan",
    "na godišnjem sam", "na godišnjem odmoru sam", "ovo je automatska", "ovo je automatski", "нисам у канцеларији",
    "одсутан сам", "одсутна сам", "бићу одсут", "на годишњем одмору сам", "ово је аутоматска", "не сум во канцеларија",
    "отсутен сум", "отсутна сум", "на годишен одмор сум", "ова е автоматска", "ова е автоматски", "jam jashtë zyrës",
    "jam jashtë zyre", "do të mungoj", "jam me pushime", "kjo është një përgjigje automatike",
    "nem vagyok az irodában", "nem tartózkodom", "szabadságon vagyok", "házon kívül vagyok", "távol vagyok",
    "ez egy automatikus", "jsem mimo kancelář", "nejsem v kanceláři", "mám dovolenou", "jsem na dovolené",
    "toto je automatická", "budu mimo kancelář", "i am out of office", "i am currently on", "odsotna sem",
    "odsoten sem", "i will be away", "i am away", "i'm away", "i am currently away", "i am currently out",
    "i'm currently out", "i am not in the office", "i am on holiday", "i am on vacation", "i'm on vacation",
    "i am travelling", "i will be out of office", "limited access to my email", "limited access to email",
    "upon my return", "ich bin derzeit", "ich bin zurzeit", "ich bin momentan", "ich bin in elternzeit",
    "ich bin im mutterschutz", "ich bin abwesend", "ich bin erst ab", "ich bin wieder", "bin ich nicht im büro",
    "bin ich nicht erreichbar", "je suis en vacances", "je suis actuellement", "je serai de retour",
    "je suis hors du bureau", "absent du bureau jusqu", "absente du bureau jusqu", "je suis en déplacement",
    "sono in vacanza", "sono fuori sede", "sarò fuori ufficio", "sono attualmente", "non sono in ufficio", "rientrerò",
    "estou fora", "estarei fora", "encontro-me fora", "estou de licença", "não estou no escritório", "sunt în vacanță",
    "sunt plecată", "nu mă aflu la birou", "nu mă aflu în birou", "voi reveni", "voi fi absent", "voi lipsi",
    "sunt absent", "sunt absentă", "в отпуска съм", "не съм в офиса", "отсъствам до", "няма да съм в офиса",
    "ще съм в отпуск", "намирам се в отпуск", "na odmoru sam", "na bolovanju sam", "trenutno nisam", "odsutan do",
    "odsutna do", "neću biti u uredu", "neću biti u kancelariji", "na dopustu sam", "на одмору сам", "на боловању сам",
    "тренутно нисам", "нећу бити у канцеларији", "на одмор сум", "не сум на работа", "моментално не сум", "отсутен до",
    "отсутна до", "jam me leje", "nuk jam në zyrë", "do të jem jashtë", "jam me lejen vjetore", "szabadságon leszek",
    "nem leszek", "távol leszek", "irodán kívül vagyok", "jelenleg nem vagyok", "čerpám dovolenou", "nejsem přítom",
    "jsem na mateřské", "v kanceláři nebudu", "nisem v pisarni", "sem na dopustu", "na dopustu sem",
    # Gone for good.
    "no longer with the", "no longer part of", "have left the", "this mailbox is no longer",
    "this address is no longer", "ich bin nicht mehr", "nicht mehr im haus", "wird nicht mehr gelesen",
    "nicht mehr abgerufen", "je ne travaille plus", "j'ai quitté", "n'est plus consultée", "ne fait plus partie",
    "non lavoro più", "non lavora più", "non è più attiv", "já não trabalho", "já não trabalha", "não trabalho mais",
    "deixei de trabalhar", "nu mai lucrez", "nu mai lucrează", "вече не работя", "вече не работи", "više ne radim",
    "više ne radi", "више не радим", "више не ради", "повеќе не работам", "повеќе не работи", "nuk punoj më",
    "nuk punon më", "már nem dolgozom", "már nem dolgozik", "už nepracuji", "již nepracuji", "už zde nepracuje",
    "ne delam več", "ne dela več",
    # A machine that took the letter in.
    "ceci est un message automatique", "your request has been registered", "we have received your message",
    "we have received your email", "thank you for contacting", "this is an automatically generated message",
    "dies ist eine automatisch",
    # A machine that wants proof of a person.
    "account is protected by", "to have your address added", "has been waitlisted", "confirm that you are a person",
    "guest list", "prove that you are", "verify that you are human", "to ensure delivery of your",
    "unconfirmed messages",
)  # fmt: skip
# An absence, and "I": together with a day of return they are somebody's own, in whatever order.
_ABSENCES = (
    "urlaub", "leave", "holiday", "vacation", "away until", "off until", "out until", "congé", "vacances", "in ferie",
    "férias", "licença", "concediu", "отпуск", "odmoru", "одмору", "одмор", "bolovanju", "боловању", "dopustu",
    "pushime", "leje", "szabadság", "dovolen",
)  # fmt: skip
_ITS_OWN = re.compile(
    r"(?<![a-z])(?:i am|i'm|i will|bin ich|ich bin|je suis|je serai|sono|saro|encontro-me|estou|estarei|ma aflu|sunt"
    r"|voi fi|s'm|shte s'm|sum|sam|sem|jam|do te jem|vagyok|leszek|jsem|budu|cerpam)(?![a-z])"
)
# What says so anywhere in a subject, not only at its beginning.
_ANYWHERE = (
    "automatic reply", "auto-reply", "autoreply", "automated reply", "out of office", "automatische antwort",
    "abwesenheitsnotiz", "réponse automatique", "risposta automatica", "resposta automática", "răspuns automat",
    "автоматичен отговор", "automatski odgovor", "аутоматски одговор", "автоматски одговор", "përgjigje automatike",
    "automatikus válasz", "automatická odpověď", "samodejni odgovor", "automatyczna odpowiedz", "automatiska atbilde",
    "respuesta automatica", "automatisch antwoord",
)  # fmt: skip
# What stands before the subject of an answer, in the languages of the directory and Outlook's variants of them.
_ANSWERS = (
    "re", "aw", "antw", "sv", "vs", "odg", "odp", "r", "rif", "ris", "res", "ref", "ynt", "va", "tr", "fw", "fwd",
    "wg", "i", "pd", "enc", "rv", "otg", "otgovor", "prosl", "pergj",
)  # fmt: skip
# A receipt: the letter was read, or thrown away.
_RECEIPTS = (
    "read:", "not read:", "read receipt", "disposition notification", "return receipt", "message read notification",
    "gelesen:", "ungelesen:", "nicht gelesen:", "lesebestätigung", "lu :", "lu:", "non lu", "letto:", "non letto",
    "conferma di lettura", "lida:", "não lida", "lido:", "citit:", "necitit", "прочетено:", "непрочетено",
    "pročitano:", "nepročitano", "прочитано:", "непрочитано", "lexuar:", "olvasott:", "elolvasva:", "olvasatlan",
    "přečteno:", "nepřečteno", "prebrano:", "neprebrano",
)  # fmt: skip
# What leads to whoever stands in.
_CONTACTS = (
    "contact", "please write", "please turn", "reach", "in urgent", "wenden", "kontaktieren", "vertretung", "vertritt",
    "contacter", "adresser", "joindre", "contattare", "rivolger", "contactar", "contacte", "dirij", "contactați",
    "adresați", "обърнете", "свържете", "пишете", "obratite", "obratiti", "kontaktirajte", "javite", "обратите",
    "контактирајте", "обратете", "контактирајте", "javete", "kontakto", "drejtohuni", "forduljon", "keresse",
    "kontaktujte", "obraťte", "zastupuje", "zamjenj", "замењ", "заменя", "zamenj", "helyettes", "zëvendës", "înlocuit",
    "sostitui", "substitu", "remplac",
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
    "verzögert", "bounced mail", "undeliver", "nondelivery", "could not send", "mail failure", "failed mail",
    "message not delivered", "user unknown", "nachricht nicht zustellbar", "ihre mail konnte nicht",
    "zustellung verzögert", "zustellung nicht", "échec de", "non distribué", "avis de non", "impossibile recapitare",
    "impossibile consegnare", "consegna non", "não é possível entregar", "falha na entrega", "nelivrabil",
    "mesaj nelivrat", "недоставим", "не е доставен", "съобщението не", "poruka nije isporučena", "neisporučivo",
    "nije moguće isporučiti", "neispravna isporuka", "порука није испоручена", "није могуће испоручити",
    "неиспорачана", "неиспорачливо", "не може да се испорача", "nuk mund të dorëzohet", "mesazhi nuk u dorëzua",
    "a levél kézbesítése", "sikertelen kézbesítés", "nelze doručit", "zprávu nelze", "zpráva nebyla doručena",
    "ni mogoče dostaviti", "sporočilo ni dostavljeno", "no entregado", "niedostarczon",
)  # fmt: skip

_SUBJECT_WORDS = tuple(sorted({folded(phrase) for phrase in _SUBJECTS}))
_BODY_WORDS = tuple({folded(phrase) for phrase in _BODIES})
_REPORT_WORDS = tuple({folded(phrase) for phrase in _REPORTS})
_ABSENCE_WORDS = tuple({folded(phrase) for phrase in _ABSENCES})
_ANYWHERE_WORDS = tuple({folded(phrase) for phrase in _ANYWHERE})
_RECEIPT_WORDS = tuple({folded(phrase) for phrase in _RECEIPTS})
_ANSWER = re.compile(rf"(?:{'|'.join(_ANSWERS)})(?:\[\d+\])? ?: ?")
CONTACT_WORDS = tuple({folded(phrase) for phrase in _CONTACTS})
SO_FAR = 400


def is_answer_subject(subject: str) -> bool:
    """It begins with "Re:" or its like in another language."""
    return _ANSWER.match(folded(subject)) is not None


def is_away_subject(subject: str) -> bool:
    """A machine answered: the subject begins with such words, or names an automatic reply further on.

    What a person answers begins with "Re:", and may quote such words right behind it.
    """
    words = folded(subject).lstrip("[*#: ")
    answered = _ANSWER.match(words)
    if answered:
        rest = words[answered.end() :]
        return any(word in rest and not rest.startswith(word) for word in _ANYWHERE_WORDS)
    return words.startswith(_SUBJECT_WORDS) or any(word in words for word in _ANYWHERE_WORDS)


def is_receipt_subject(subject: str) -> bool:
    """A reader's machine says that the letter was read, or was not."""
    return folded(subject).startswith(_RECEIPT_WORDS)


def is_away_text(text: str) -> bool:
    """The first lines say that somebody is away or gone."""
    beginning = folded(text[:SO_FAR])
    return any(phrase in beginning for phrase in _BODY_WORDS)


def is_own_absence(text: str) -> bool:
    """The first lines speak of an absence and of "I"; with a day of return beside it nobody sat there and wrote."""
    beginning = folded(text[:SO_FAR])
    return any(word in beginning for word in _ABSENCE_WORDS) and _ITS_OWN.search(beginning) is not None


def is_report_subject(subject: str) -> bool:
    """The subject is that of a report about a letter that could not be delivered."""
    words = folded(subject).lstrip("[*#: ")
    answered = _ANSWER.match(words)
    words = words[answered.end() :] if answered else words
    return words.startswith(_REPORT_WORDS) or any(
        word in words for word in ("delivery failure", "undeliver", "delivery failed", "delivery problem")
    )
