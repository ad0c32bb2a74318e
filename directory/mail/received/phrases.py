"""What servers write when they do not take a letter, in the languages of the directory and a few beyond.

Whole phrases, written as people see them; they are compared folded (parts.folded), so one spelling serves both scripts.
Nothing but a phrase of `SURELY_GONE` or `PERHAPS_GONE`, or a code, ever says that somebody is not there.
"""

from __future__ import annotations

# Against our letter, our server or our name. These win over any word about the recipient.
POLICY = (
    "spam", "antispam", "anti-spam", "antispamski", "blacklist", "black list", "black-list", "blocklist", "block list",
    "block-list", "blocked", "bloque", "bloccato", "bloccata", "bloqueado", "bloqueada", "blokiran", "blockiert",
    "gesperrt wegen", "blocat", "блокиран", "i bllokuar", "letiltva", "blokovan", "spamhaus", "barracuda", "spamcop",
    "dnsbl", "rbl", "uribl", "surbl", "senderbase", "reputation", "poor standing", "banned", "dmarc", "dkim", "spf",
    "sender policy framework", "batv", "unauthenticated", "not authenticated", "senderNotAuthenticated",
    "authentication required", "authentication turned on", "not authorized", "not authorised", "unauthorized",
    "notauthorized", "not permitted", "prohibited", "prohibition", "forbidden", "not allowed", "isn't allowed",
    "access denied", "no access from", "nicht erlaubt", "non autorizzato", "nao autorizado", "non autorise",
    "zugriff verweigert", "abgelehnt wegen", "aus sicherheitsgründen", "virenfilter", "virus", "infected", "malware",
    "phishing", "executable attachment", "content filter", "content reject", "bad content", "content rejected",
    "bulk mail", "bulk email", "mass mail", "unsolicited", "junk mail", "ube,", "suspicious", "abusive",
    "sender address", "sender rejected", "sender denied", "sender verify", "sender verification", "sender unknown",
    "unknown sender", "sender domain", "sender ip", "sender isn't", "sender is not", "sender not", "bad sender",
    "invalid sender", "sending address", "sending mta", "sending ip", "sending server", "bounce restrict",
    "bouncedeny", "envelope sender", "returned mail not accepted", "no third-party dsns", "null sender",
    "empty sender", "client host rejected", "your ip", "your hostname", "your isp", "your email client",
    "mail server requires", "requires confirmation", "reverse dns", "reverse lookup", "ptr record", "dns ptr",
    "ptr resource", "does not resolve", "mismatches client", "open proxy", "open relay", "dynamic ip",
    "does not accept mail from", "not accepting mail from", "we no longer", "we do not accept", "we don't accept",
    "only accepts mail from", "only accept mail from", "only accepting mail from", "accepting mail with",
    "approved senders", "not pre-approved", "members-only", "moderated", "moderator", "moderators", "not subscribed",
    "captcha", "too large", "too big", "size exceeds", "exceeds size limit", "exceeds the maximum", "max message size",
    "message size", "mail size limit", "size limit=", "taille limite du message", "message length", "zu groß",
    "troppo grande", "demasiado grande", "refused by antispam", "resent-from", "without to:", "header error",
    "rate limit", "uses unnecessary", "security reasons", "security polic", "purported responsible", "or blocked",
    "not a registered gateway", "recursive cname", "bogus mail", "bogus sender", "empty email address", "dead domain",
    "invalid ip", "bad ip", "connections not accepted", "not accepting connections", "third-party", "listed as",
    "is listed in", "are listed in", "user rules", "recipient preferences", "mail from not owned", "send mail from",
    "accept mail from", "invalid helo", "bad helo", "helo command rejected", "closed mailing list",
    "post to this mailing list", "permission to post", "not have permission", "abus detecte", "client ip",
    "absender unbekannt", "absender abgelehnt", "absenderadresse", "expéditeur inconnu", "expéditeur refusé",
    "mittente sconosciuto", "mittente rifiutato", "remetente recusado", "smtp server of your isp", "your host name",
    "rule imposed mailbox access", "restricted sms",
)  # fmt: skip
# Against our letter too, but also said beside a missing name: "unknown in relay recipient table; see our policy".
WEAK_POLICY = (
    "policy", "policies", "relay", "relaying", "rcpthosts", "restricted", "restriction", "rejected by", "refused by",
    "authenticat", "not accepted here", "administrative", "filtering", "permission denied",
)  # fmt: skip
# Words about a letter, its sender or the way. Where they are all that stands beside a code that says "nobody there",
# the code is not believed.
ABOUT_OTHERS = (
    "sender", "connection", "message", "content", "dns", "client", "ip", "listed", "senderfilter", "filter", "network",
    "header", "attachment", "size", "limit", "rate", "traffic", "authentication", "certificate", "tls", "captcha",
    "service", "transaction", "confirm", "score", "trusted", "gateway", "firewall", "subject", "encoding", "mime",
    "volume", "permission", "server is", "session", "hostname", "host name", "mail server", "greeting", "banner",
)  # fmt: skip
# Not now.
SOFT = (
    "mailbox full", "mailbox is full", "full mailbox", "mailbox is over", "mail box full", "inbox is full",
    "account is full", "account full", "over quota", "overquota", "over the quota", "quota", "diskspace", "disk space",
    "disk full", "exceeded storage", "out of storage", "storage space", "is over its limit", "space not enough",
    "not enough free", "system error", "did not respond", "would exceed", "allowed storage", "write error",
    "configuration error", "interrupted", "cannot resolve", "unable to resolve", "trop de connexions", "enough space",
    "enough storage", "space has been used up", "exceeds allowed size", "exceeded the local limit", "mailbox size",
    "mailbox exceeds", "mailbox exceeded", "exceeded its size", "too much mail", "mailfolder is full",
    "folder is full", "not been collected", "storage limit", "insufficient storage", "insufficient disk",
    "insufficient system", "no space left", "system full", "has exceeded the max", "greylist", "graylist", "grey-list",
    "gray-list", "greylisting", "try again", "try later", "try back later", "retry later", "please retry", "temporar",
    "tempfail", "temp_failure", "at this time", "currently unavailable", "timed out", "timeout", "time out",
    "connection refused", "connection was dropped", "connection dropped", "connection reset", "connection lost",
    "connection limit", "lost connection", "broken pipe", "delayed", "has not yet been delivered",
    "still being retried", "will be retried", "will keep trying", "will continue to be", "continue to try",
    "retry time", "retries", "attempts", "in queue", "in the queue", "queue period", "queue too long", "expired",
    "delivered for more than", "for a long time", "too old", "receiving mail at a rate", "receiving mail too",
    "too many connections", "too many recipients", "too many messages", "too many smtp", "too many emails",
    "too many errors", "too many mails", "sessions for this", "throttl", "deferred", "not responding",
    "unable to connect", "could not connect", "could not initiate", "not reachable", "unreachable within",
    "server busy", "busy - ", "system busy", "too busy", "overload", "load too high", "system resources",
    "system config", "try to resend", "command died with", "internal error", "internal server error", "local error",
    "error while being processed", "operation now in progress", "misconfigured", "could not load",
    "local configuration error", "within 2 days", "service unavailable", "service not available", "read error",
    # in other languages
    "casella piena", "casella di posta piena", "spazio esaurito", "boite pleine", "destinataire pleine",
    "boîte aux lettres pleine", "boîte aux lettres du destinataire est pleine", "messagerie est pleine",
    "quota dépassé", "réessayer plus tard", "essayer plus tard", "temporairement", "postfach ist voll",
    "postfach voll", "postfach des empfängers ist voll", "speicherplatz", "zuviele mails", "zu viele mails",
    "vorübergehend", "zeitweise", "später erneut", "noch nicht zugestellt", "verzögert", "caixa cheia",
    "caixa de correio cheia", "caixa de entrada está cheia", "tente mais tarde", "tente novamente mais tarde",
    "temporariamente", "buzon lleno", "schránka je plná", "schránka příjemce je plná", "zkuste to později", "dočasně",
    "cutia poștală este plină", "căsuța poștală este plină", "încercați mai târziu", "postafiók megtelt",
    "postafiókja megtelt", "postaláda megtelt", "próbálja később", "átmeneti", "kutia postare është plot",
    "kutia është plot", "provoni më vonë", "përkohësisht", "sanduče je puno", "sandučić je pun",
    "sandučić primaoca je pun", "spremnik je pun", "pretinac je pun", "pokušajte kasnije", "privremen",
    "пощенската кутия е пълна", "кутията е пълна", "опитайте по-късно", "временно", "поштенското сандаче",
    "сандачето е полно", "обидете се подоцна", "привремен", "сандуче је пуно", "покушајте касније",
    "nabiralnik je poln", "poskusite pozneje", "skrzynka jest pełna", "przepełnion", "переполнен",
)  # fmt: skip
# No way there.
ROUTING = (
    "loop", "loops back", "too many hops", "hop count", "no route", "host not found", "host or domain name not found",
    "name service error", "name server reply", "name or service not known", "host name lookup", "hostname lookup",
    "could not find a gateway", "domain not found", "no such domain", "unknown domain", "mail domain mentioned",
    "no mx", "mx record", "dns error", "dns lookup", "unrouteable mail domain", "unroutable mail domain",
    "unroutable domain", "unrouteable domain", "host unknown", "unknown host",
    "host is unreachable", "lookup failed", "network is unreachable", "túl sok kiszolgálón",
)  # fmt: skip
# Said of a missing mailbox and of nothing else ...
SURELY_GONE = (
    "user unknown", "unknown user", "user is unknown", "no such user", "no such recipient", "no such mailbox",
    "no such address", "no such person", "no such account", "no such name", "no mailbox here", "no mailbox found",
    "no mail box available", "no mailbox by", "mailbox by that name", "mailbox by this name",
    "user mail-box not found", "recipient not found", "recipientnotfound", "recipnotfound", "address not found",
    "user not found", "mailbox not found", "mail box not found", "account not found", "address could not be found",
    "address couldn't be found", "found by smtp address lookup", "unknown recipient", "recipient unknown",
    "recipient is unknown", "unknown mailbox", "mailbox unknown", "unknown local", "user not known",
    "not a known user", "not known at", "nonexistent user", "non-existent user", "nonexistent recipient",
    "user not exist", "user doesn't exist", "user does not exist", "recipient does not exist",
    "account does not exist", "mailbox does not exist", "address does not exist", "not a valid user",
    "not a valid mailbox", "not a valid email", "not valid user", "invalid user", "invalid mailbox", "bad recipient",
    "bad_recipient", "badrcptto", "not an active address", "not listed in", "no account", "addressee unknown",
    "not a user", "not a local user", "unknown or illegal user", "not our customer", "account has been disabled",
    "account is disabled", "account disabled", "account that you tried to reach", "mailbox disabled",
    "mailbox is disabled", "user is disabled", "deactivated mailbox", "has been deactivated",
    "disabled or discontinued", "recipient no longer on", "no longer on server", "no longer employed",
    "user has moved", "has left the", "doesn't have a", "unknown account", "unknown e-mail", "unknown email",
    "unable to find that user", "names were not found", "did not exactly match", "invalid final delivery userid",
    "final email delivery point", "no matches to nameserver query", "email name is not found", "nessun utente simile",
    "no existe dicha persona", "recipient is not local", "recipient not ok", "user not active",
    "no one at this address", "missing home directory", "no existe ese usuario", "badrecipientto", "validrcptto",
    "bad-recipient", "invalid-recipient",
    # in other languages
    "ディレクトリのリストにありません", "ユーザが見つかりません", "宛先が不明", "存在しません",
    # and in ours
    "benutzer unbekannt", "unbekannter benutzer", "empfänger unbekannt", "unbekannter empfänger", "adressat unbekannt",
    "empfänger existiert nicht", "adresse existiert nicht", "postfach existiert nicht", "kein solcher benutzer",
    "utilisateur inconnu", "destinataire inconnu", "destinataire inexistant", "adresse inexistante",
    "adresse inconnue", "adresse d au moins un destinataire invalide", "compte inexistant", "boîte inexistante",
    "n'existe pas", "utente sconosciuto", "destinatario sconosciuto", "indirizzo inesistente", "utente inesistente",
    "casella inesistente", "l'indirizzo non esiste", "usuário desconhecido", "utilizador desconhecido",
    "utilizador inexistente", "destinatário desconhecido", "endereço inexistente", "usuario desconocido",
    "usuario no existe", "utilizator necunoscut", "utilizator inexistent", "destinatar necunoscut",
    "adresă inexistentă", "adresa nu există", "няма такъв потребител", "непознат потребител",
    "несъществуващ потребител", "несъществуващ адрес", "адресът не съществува", "неизвестен получател",
    "nepostojeći korisnik", "nepoznat korisnik", "korisnik ne postoji", "nepostojeća adresa", "primatelj ne postoji",
    "nepoznat primatelj", "nepoznat primalac", "непознат корисник", "непостојећи корисник", "корисник не постоји",
    "непостојећа адреса", "корисникот не постои", "непознат корисник", "непостоечка адреса", "непостоечки корисник",
    "përdorues i panjohur", "përdoruesi nuk ekziston", "adresa nuk ekziston", "marrës i panjohur",
    "ismeretlen felhasználó", "ismeretlen címzett", "nincs ilyen felhasználó", "a címzett nem létezik", "nem létező",
    "neznámý uživatel", "uživatel neexistuje", "neznámý příjemce", "adresát neznámý", "schránka neexistuje",
    "adresa neexistuje", "neznan uporabnik", "uporabnik ne obstaja", "naslov ne obstaja", "odbiorca nie istnieje",
    "nie istnieje", "nieznany użytkownik", "пользователь не найден", "onbekende gebruiker", "用户不存在",
    "пользователь не существует", "нет такого пользователя", "gebruiker onbekend",
)  # fmt: skip
# ... and what is said of one, but not only: anything else in the same words is believed first.
PERHAPS_GONE = (
    "domain does not exist",  # what RFC 3463 calls 5.1.2: the address is as gone as a missing mailbox
    "does not exist", "doesn't exist", "doesnt exist", "do not exist", "account inactive", "inactive",
    "no longer valid", "no longer available", "no longer active", "invalid recipient", "recipient invalid",
    "invalid address", "address invalid", "address unknown", "unrouteable address", "unroutable address",
    "unknown address", "not a valid", "can't accept user", "mailbox unavailable", "mailbox not available",
    "mailbox is unavailable", "bad address", "bad destination mailbox", "user suspended",
    "mailbox currently suspended", "mailbox is frozen", "not present in directory", "archived recipient",
    "account unavailable", "mailbox invalid", "no longer accepts mail", "addresses were unknown",
    "rejected recipients", "adresa ne postoji", "adresse n'est plus", "nicht mehr gültig", "ne postoji",
)  # fmt: skip
# That a letter did not arrive, whatever the reason.
UNDELIVERED = (
    "could not be delivered", "can not be delivered", "cannot be delivered", "not delivered", "unable to deliver",
    "undeliverable", "delivery failed", "delivery has failed", "failed permanently", "did not reach the following",
    "nicht zugestellt", "nicht zustellbar", "wurde abgewiesen", "pas pu être remis", "pas été remis", "non remis",
    "pas pu être délivré", "non è stato recapitato", "non è stato consegnato", "è stato respinto", "mancato recapito",
    "não pôde ser entregue", "não foi entregue", "nu a putut fi livrat", "nu a fost livrat",
    "не можа да бъде доставен", "не беше доставен", "недоставен", "nije mogla biti isporučena", "nije isporučen",
    "nije dostavljen", "није испоручен", "не беше испорачан", "неиспорачана", "nuk u dorëzua", "nuk mund të dorëzohej",
    "nem sikerült kézbesíteni", "nem tudtuk kézbesíteni", "kézbesíthetetlen", "nebyla doručena", "nelze doručit",
    "ni bilo mogoče dostaviti", "nie została dostarczona",
)  # fmt: skip
# The same as SURELY_GONE in more forms: whom it is about, and that there is no such one. Folded, matched as patterns.
_WHO = (
    r"(?:user ?(?:name|id)?|recipient|account|mail[ -]?box|addressee|e-?mail address|e-?mail account|address|person"
    r"|employee|customer|destinataire|alias)s?"
)
_IS_NOT = (
    r"(?:not found|(?<!may )(?<!might )not exist|unknown|does not exist|doesn'?t exist|do not exist|did not exist"
    r"|no longer exists?|not known|not recogni[sz]ed|not valid|disabled|deleted|removed|deactivated|closed|terminated"
    r"|discontinued|not listed|not present|(?:could not|couldn't|cannot|can't|can not) be (?:found|located))"
)
_NO = (
    r"(?:unknown|non-?existent|no such|not a valid|not a known|not a local|not an? active|isn't a|not an?"
    r"|no(?! valid recip)|undefined)"
)
_NOT_FOUND = r"(?:could not|couldn't|cannot|can't|can not|unable to|failed to|did not) (?:find|locate|identify)"
GONE_PATTERNS = (
    rf"{_NO} (?:[a-z-]{{1,12}} ){{0,2}}?{_WHO}(?![a-z])",
    rf"{_WHO}(?: (?!rejected)[^ ]{{1,60}}){{0,2}}? (?:is |was |were |has |have |had )?(?:been )?{_IS_NOT}",
    rf"{_NOT_FOUND} (?:[a-z]{{1,10}} ){{0,3}}{_WHO}",
    r"(?:does not|doesn'?t|do not|don't) have (?:an? |any |such )?(?:[^ ]{1,30} ){0,2}(?:account|mailbox|user)",
)
# All that a report says which gives no reason. One with any other word has one, known to us or not.
NO_REASON = (
    "a", "able", "address", "addresses", "afraid", "an", "and", "apr", "are", "at", "attached", "aug", "automatic",
    "automatically", "be", "because", "been", "below", "by", "can", "cannot", "cc", "code", "command", "contact",
    "could", "created", "date", "dec", "delete", "deliver", "delivered", "delivery", "delivre", "description", "did",
    "didn't", "do", "email", "error", "errors", "es", "esmtp", "etre", "failed", "failure", "fatal", "feb", "final",
    "following", "for", "fri", "from", "further", "generated", "given", "has", "have", "hi", "host", "i", "i'm",
    "i've", "if", "in", "include", "inform", "invalid", "is", "it", "its", "jan", "jul", "jun", "mail", "mailer",
    "mar", "may", "message", "messages", "mon", "more", "n'a", "name", "non", "non-delivery", "not", "notification",
    "nov", "oct", "of", "on", "one", "or", "original", "out", "own", "pas", "permanent", "permanently", "please",
    "postfix", "postmaster", "problem", "program", "pu", "qmail", "qmail-send", "rcpt", "reach", "receive",
    "recipient", "recipients", "remote", "removed", "report", "reported", "reports", "returned", "returning", "said",
    "sat", "send", "sender", "sent", "sep", "server", "smtp", "so", "software", "sorry", "status", "subject", "sun",
    "system", "text", "that", "the", "there", "this", "thu", "to", "tue", "unable", "undeliverable", "undelivered",
    "undisclosed", "up", "user", "users", "votre", "was", "wasn't", "wed", "were", "with", "work", "x", "you", "your",
)  # fmt: skip
