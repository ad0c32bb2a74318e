"""Why a letter came back: nobody there, not now, not us, or no way there. Only the first is about a person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from directory.mail.received import phrases
from directory.mail.received.parts import folded

Failure = Literal["hard", "soft", "policy", "routing"]
CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")

# Enhanced status codes, RFC 3463 and what large servers make of them. Where the second number alone decides, "x".
_BY_CODE: dict[str, Failure] = {
    "1.x": "hard",
    "1.4": "policy",  # two people share the address
    "1.5": "policy",  # the address is right, says RFC 3463
    "1.7": "policy",  # our sender address is malformed
    "1.8": "policy",  # our sender domain does not exist for them
    "1.9": "policy",  # relayed to one that sends no reports
    "1.20": "policy",  # Exchange: more than one sender
    "1.90": "policy",  # Exchange: we sent too many today
    "2.1": "hard",  # mailbox disabled
    "2.x": "soft",
    "2.3": "policy",  # too large: about the letter
    "2.4": "policy",  # a mailing list that does not expand
    "3.x": "soft",
    "3.4": "policy",
    "3.5": "routing",
    "4.x": "routing",
    "4.7": "soft",  # tried for days
    "5.x": "policy",
    "6.x": "policy",
    "7.x": "policy",
}
# The domain of the address takes no mail, and says so: as gone as a missing mailbox.
_NO_SUCH_DOMAIN = {"1.2", "1.10"}
# Codes that say so little that the words beside them know better.
_VAGUE = {"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0"}
# What stands beside the reason and is none: where to read more, whose address, which server said it, at which step.
_BESIDE = re.compile(
    r"(?P<link>(?:https?://|www\.)\S{1,500})|<?[^\s<>@]{1,64}@[\w.\[\]-]{1,255}>?"
    r"|\b(?P<kept>host|server|by|from|at|to|using|mta|dns;|domain) \[?(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24}\b"
    r"|\b(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24}(?= ?\[| said:)"
)
_STEP = re.compile(r"\(?in reply to (?:end of )?[a-z ]{2,12} command\)?|(?:after|to) rcpt to:|(?:after|to) mail from:")
_PLAIN_CODE = re.compile(r"(?<![\d.#])(4\d\d|5[0-5]\d)(?=[ -]|$)")
_WORD = re.compile(r"[a-z][a-z']{1,40}(?:-[a-z]{1,40})*|\bi\b")


def _any_of(words: Iterable[str], patterns: Iterable[str] = ()) -> re.Pattern[str]:
    found = sorted({folded(phrase) for phrase in words}, key=len, reverse=True)
    return re.compile(r"(?<![a-z0-9])(?:" + "|".join([*map(re.escape, found), *patterns]) + ")")


_POLICY, _WEAK_POLICY = _any_of(phrases.POLICY), _any_of(phrases.WEAK_POLICY)
_SOFT, _ROUTING = _any_of(phrases.SOFT), _any_of(phrases.ROUTING)
_SURELY = _any_of(phrases.SURELY_GONE, phrases.GONE_PATTERNS)
_PERHAPS = _any_of((*phrases.SURELY_GONE, *phrases.PERHAPS_GONE), phrases.GONE_PATTERNS)
_ABOUT_OTHERS = _any_of(phrases.ABOUT_OTHERS)
_UNDELIVERED = _any_of(phrases.UNDELIVERED)
_NO_REASON = frozenset(phrases.NO_REASON)


def failure_kind(code: str, words: str) -> Failure:
    """The kind for an enhanced status code ("5.1.1", or nothing) and what the server wrote beside it.

    A temporary code is soft whatever stands beside it; a vague code yields to the words; a code that says "nobody
    there" yields to words that say otherwise, and one of our own fault to words that can mean nothing else than that
    nobody is there. Where neither says so, it is never "hard".
    """
    text = _reason(words)
    leading, _, detail = code.partition(".")
    if leading == "4":
        return "soft"
    said = _by_words(text)
    by_code = _BY_CODE.get(detail) or _BY_CODE.get(f"{detail.partition('.')[0]}.x")
    if leading != "5" or detail in _VAGUE or by_code is None:
        return said or _by_plain_code(text)
    if by_code == "hard":
        return _believed(said, detail, text)
    if by_code == "policy" and said == "hard":
        return "hard" if _SURELY.search(text) or detail.startswith("5.") else "policy"
    return by_code


def _believed(said: Failure | None, detail: str, text: str) -> Failure:
    """What a code that says "nobody there" comes to beside these words."""
    if said == "routing":
        return "hard" if detail in _NO_SUCH_DOMAIN else "routing"
    if said is None and _ABOUT_OTHERS.search(text):
        return "policy"
    return said or "hard"


def best_code(*texts: str) -> str:
    """The most telling status code in these texts, one that is not vague before one that is; empty without any."""
    found = [".".join(match.groups()) for text in texts for match in CODE.finditer(text[:4000])]
    failed = [code for code in found if code[0] != "2"]
    telling = [code for code in failed if code.partition(".")[2] not in _VAGUE]
    return (telling or failed or [""])[0]


def is_vague(code: str) -> bool:
    """The code leaves the reason to the words beside it."""
    return code.partition(".")[2] in _VAGUE or not code


def is_telling(said: str) -> bool:
    """A server's words say more than a code and an address."""
    return not _gives_no_reason(_reason(said))


def speaks_of_failure(text: str, *, is_report: bool) -> bool:
    """It says that somebody could not be reached, or carries a code that does; of a report lesser words will do."""
    words = _reason(text)
    if best_code(text) or _PERHAPS.search(words) or _UNDELIVERED.search(words):
        return True
    return is_report and _by_words(words) is not None


def _reason(words: str) -> str:
    """The words folded, without what is beside the reason: a server called spamfilter accuses nobody of spam."""
    text = _BESIDE.sub(lambda found: f" {'link' if found['link'] else found['kept'] or ''} ", folded(words[:4000]))
    return " ".join(_STEP.sub(" ", text).split())


def _gives_no_reason(text: str) -> bool:
    """It says that a letter was not delivered, and nothing else."""
    return all(word in _NO_REASON for word in _WORD.findall(text))


def _by_words(text: str) -> Failure | None:
    """What the words say; nothing if they are none we know."""
    if _POLICY.search(text):
        return "policy"
    is_soft = _SOFT.search(text) is not None
    if _SURELY.search(text):
        return "soft" if is_soft else "hard"
    if is_soft:
        return "soft"
    if _WEAK_POLICY.search(text):
        return "policy"
    if _ROUTING.search(text):
        return "routing"
    return "hard" if _PERHAPS.search(text) else None


def _by_plain_code(text: str) -> Failure:
    """The three-digit code, where nothing else is left.

    Where no reason is given at all, a final "not delivered" means that there is no such mailbox; beside a reason we
    do not know it only means that they do not take the letter.
    """
    found = _PLAIN_CODE.search(text)
    code = found[1] if found else ""
    if code == "552" or code.startswith("4"):
        return "soft"
    if _gives_no_reason(text) and code in {"", "550", "551", "553"}:
        return "hard"
    return "policy" if code else "soft"
