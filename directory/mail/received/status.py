"""Why a letter came back: nobody there, not now, not us, or no way there. Only the first is about a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from directory.mail.received.parts import folded

Failure = Literal["hard", "soft", "policy", "routing"]
CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")

# Enhanced status codes, RFC 3463 and what large servers make of them. Where the second number alone decides, "x".
_BY_CODE: dict[str, Failure] = {
    "1.x": "hard",
    "1.7": "policy",  # our sender address is malformed
    "1.8": "policy",  # our sender domain does not exist for them
    "2.1": "hard",  # mailbox disabled
    "2.x": "soft",
    "2.3": "policy",  # too large: about the letter
    "3.x": "soft",
    "3.4": "policy",
    "3.5": "routing",
    "4.x": "routing",
    "5.x": "policy",
    "6.x": "policy",
    "7.x": "policy",
}
# Codes that say so little that the words beside them know better.
_VAGUE = {"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0"}
# Words that are not said of a missing mailbox, in the order in which they win.
_PHRASES: tuple[tuple[Failure, tuple[str, ...]], ...] = (
    (
        "policy",
        (
            "spam", "blacklist", "black list", "blocklist", "block list", "blocked", "has been blocked",
            "is blocked", "spamhaus", "barracuda", "spamcop", "dnsbl", "rbl", "reputation", "dmarc", "dkim", "spf ",
            "spf-", "unauthenticated", "not authenticated", "authentication required", "not authorized",
            "not authorised", "unauthorized", "not permitted", "policy", "content filter", "content reject",
            "message content rejected", "virus", "relay", "access denied", "sender address rejected",
            "sender rejected", "sender denied", "sender verify failed", "bad sender", "too large", "size exceeds",
            "exceeds the maximum", "message size", "unsolicited", "junk mail", "poor standing", "reverse dns",
            "ptr record", "bounce restrict", "only accepts mail from", "moderated", "restricted", "virenfilter",
            "is listed in", "are listed in", "refused by antispam", "security reasons", "not accepting mail from",
            "does not accept mail from", "resent-from", "likely unsolicited", "suspicious",
        ),
    ),
    (
        "soft",
        (
            "mailbox full", "mailbox is full", "mailbox is over", "mail box full", "inbox is full", "over quota",
            "overquota", "quota exceed", "exceeded quota", "exceeded the quota", "exceeded storage",
            "quota violation", "out of storage", "exceeds quota", "disk quota", "over its quota", "over their quota",
            "is over its limit", "exceed mailbox quota", "exceeding their quota", "exceeding its quota",
            "space not enough", "too much mail", "mailfolder is full", "folder is full", "quota",
            "not been collected", "storage limit", "not enough space", "insufficient storage", "insufficient disk",
            "no space left", "greylist", "graylist", "grey-list", "gray-list", "try again", "try later", "temporar",
            "timed out", "timeout", "time out", "connection refused", "delayed", "has not yet been delivered",
            "still being retried", "will be retried", "will keep trying", "retry time", "too many connections",
            "too many recipients", "too many messages", "deferred", "not responding", "unable to connect",
            "could not connect", "server busy", "system resources", "try to resend", "command died with",
            "internal error", "within 2 days", "service unavailable", "casella piena", "boite pleine",
            "boite aux lettres pleine", "postfach ist voll", "postfach voll", "speicherplatz", "caixa cheia",
            "schranka je plna", "cutia postala este plina", "postafiok megtelt", "kutia postare eshte plot",
            "sanduce je puno", "sanducic je pun", "poshtata kutiia e pulna",
        ),
    ),
    (
        "routing",
        (
            "loop", "too many hops", "no route", "host not found", "host or domain name not found",
            "name service error", "could not find a gateway", "domain not found", "no mx", "mx record", "dns error",
            "dns lookup", "unrouteable mail domain", "unroutable domain", "host unknown", "unknown host",
            "lookup failed", "hop count",
        ),
    ),
)  # fmt: skip
# Said of a missing mailbox and of nothing else ...
_SURELY_GONE = (
    "user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address",
    "no mailbox here", "recipient not found", "recipientnotfound", "address not found", "user not found",
    "mailbox not found", "unknown recipient", "recipient unknown", "account has been disabled",
    "account is disabled", "account disabled", "mailbox disabled", "unknown local", "user not known",
    "not a valid user", "not listed in", "no account", "addressee unknown", "not a user", "unknown or illegal user",
    "not our customer", "does not exist", "doesn't exist",
)  # fmt: skip
# ... and what is said of one, but not only.
_PERHAPS_GONE = (
    "not exist", "account inactive", "inactive", "no longer valid", "no longer available", "invalid recipient",
    "unrouteable address", "unknown address", "not a valid", "no valid recipient", "has been deactivated",
    "mailbox unavailable", "bad address",
)  # fmt: skip


_UNDELIVERED = re.compile(
    r"(?:could|can) ?not be delivered|not delivered|unable to deliver|undeliverable|delivery (?:has )?failed"
)
_PLAIN_CODE = re.compile(r"(?<![\d.#])(4\d\d|55[0-9])(?=[ -])")


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(r"(?<![a-z0-9])(?:" + "|".join(re.escape(phrase) for phrase in phrases) + ")")


_WORDS = tuple((kind, _any_of(phrases)) for kind, phrases in _PHRASES)
_SURELY, _PERHAPS = _any_of(_SURELY_GONE), _any_of((*_SURELY_GONE, *_PERHAPS_GONE))


def failure_kind(code: str, words: str) -> Failure:
    """The kind for an enhanced status code ("5.1.1", or nothing) and what the server wrote beside it.

    A temporary code is soft whatever stands beside it; a plain one outweighs words; a vague one yields to them.
    """
    text = folded(words[:4000])
    leading, _, detail = code.partition(".")
    if leading == "4":
        return "soft"
    if leading != "5" or detail in _VAGUE:
        return _by_words(text) or _by_plain_code(text)
    by_code = _BY_CODE.get(detail) or _BY_CODE.get(f"{detail.partition('.')[0]}.x", "hard")
    if by_code == "hard" and not _PERHAPS.search(text):
        said = _by_words(text)
        return said if said in {"policy", "soft"} else "hard"
    if detail.startswith("5.") and _by_words(text) is None and _PERHAPS.search(text):
        return "hard"  # a protocol error that names a missing mailbox
    return by_code


def best_code(*texts: str) -> str:
    """The most telling status code in these texts, one that is not vague before one that is; empty without any."""
    found = [".".join(match.groups()) for text in texts for match in CODE.finditer(text[:4000])]
    failed = [code for code in found if code[0] != "2"]
    telling = [code for code in failed if code.partition(".")[2] not in _VAGUE]
    return (telling or failed or [""])[0]


def _by_plain_code(text: str) -> Failure:
    """The three-digit code, where nothing else is left: 552 is a full mailbox, 554 a transaction that failed."""
    found = _PLAIN_CODE.search(text)
    code = found[1] if found and not _PERHAPS.search(text) else "550"
    return "soft" if code == "552" or code[0] == "4" else "policy" if code == "554" else "hard"


def _by_words(text: str) -> Failure | None:
    """What the words say, if it is not that nobody is there."""
    gone = _SURELY.search(text)
    for kind, words in _WORDS:
        if words.search(text) and (kind == "soft" or not gone):
            return kind
    return None


def speaks_of_failure(text: str, *, is_report: bool) -> bool:
    """It says that somebody could not be reached, or carries a code that does; of a report lesser words will do."""
    words = folded(text[:4000])
    if best_code(text) or _PERHAPS.search(words) or _UNDELIVERED.search(words):
        return True
    return is_report and _by_words(words) is not None
