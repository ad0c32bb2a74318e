"""What kind of message came back: nobody there, not now, not us, no way, somebody away, or a person's answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from email.message import Message
from typing import Literal

from flufl.bounce import all_failures

from directory.mail.received.dates import return_date
from directory.mail.received.parts import LONGEST_HEADER, addresses, folded, header, one_line, parse, reports, text_of
from directory.mail.received.spoken import reason, reason_for
from directory.mail.received.status import best_code, failure_kind, speaks_of_failure
from directory.mail.received.words import (
    CONTACT_WORDS,
    is_answer_subject,
    is_away_subject,
    is_away_text,
    is_own_absence,
    is_receipt_subject,
    is_report_subject,
)

Kind = Literal["hard", "soft", "policy", "routing", "auto_reply", "reply", "loop", "other"]
MOST_EVIDENCE = 4000
MOST_HOPS = 40
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_MACHINES = (
    "mailer-daemon",
    "postmaster",
    "mail-daemon",
    "mailerdaemon",
    "maildaemon",
    "mdaemon",
    "microsoftexchange",
    "post_master",
)
_ORIGINAL = re.compile(
    r"^[\s>*|=-]{0,90}(?:(?:below|this) (?:this line )?is a copy|the original message follows|original message"
    r"|here is a copy"
    r"|message text follows|the header of the original message|returned message|original message headers?"
    r"|message headers? follow|unsent message below|a copy of the original|old message:"
    r"|ursprüngliche nachricht|return-path:|received: from|received: by)",
    re.IGNORECASE | re.MULTILINE,
)
_TRANSCRIPT = re.compile(r"^\s{0,8}(?:>>> )?RCPT TO:", re.IGNORECASE | re.MULTILINE)
_NO_SECRETS = (
    (re.compile(r"(https?://[^/\s<>\"]{1,255})/[^\s<>\"]{1,2000}"), r"\1/…"),
    (re.compile(r"^([>\s|]{0,20})[A-Z2-9]{6}\s{0,5}$", re.MULTILINE), r"\1······"),
)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is. `recipient` could not be reached; `names_deputy` is the line that names who stands in."""

    kind: Kind
    status: str = ""
    recipient: str = ""
    return_on: date | None = None
    names_deputy: str = ""
    evidence: str = ""


def classify(content: bytes, *, today: date, own: Collection[str] = ()) -> Verdict:
    """Say what came back. `own` are our own addresses. A message nobody can read is `other`."""
    try:
        return _classified(parse(content), today, {address.lower() for address in own})
    except Exception as error:  # noqa: BLE001 - strangers write these: whatever breaks a parser is theirs, and no verdict
        return Verdict("other", evidence=f"The message cannot be read: {type(error).__name__}")


def refusal(said: str) -> Verdict:
    """The same for what a server said while we were handing the letter over."""
    code = best_code(said)
    return Verdict(failure_kind(code, said), status=code or said[:3], evidence=_evidence(said))


def _classified(message: Message, today: date, own: set[str]) -> Verdict:
    if _is_loop(message, own):
        return Verdict("loop", evidence=_evidence(header(message, "Subject")))
    text = _before_the_original(text_of(message))
    failure = _reported(message, text)
    if failure is None and _is_from_a_machine(message, text) and not _tells_of_arrival(message):
        failure = _recognised(message, text)
    if failure is not None:
        return failure
    if message.get_content_type() == "multipart/report":
        return Verdict(_kind_of_other_report(message), evidence=_evidence(text))
    if is_receipt_subject(header(message, "Subject")):
        return Verdict("other", evidence=_evidence(text))
    own_words = _unquoted(text)
    return_on = return_date(f"{header(message, 'Subject')}\n{own_words}", today=today)
    if _is_auto_reply(message, own_words) or (return_on is not None and is_own_absence(own_words)):
        return Verdict(
            "auto_reply",
            return_on=return_on,
            names_deputy=_deputy(own_words, own | set(addresses(message, "From"))),
            evidence=_evidence(text),
        )
    return Verdict("reply" if _is_an_answer(message, text) else "other", evidence=_evidence(text))


def _is_loop(message: Message, own: set[str]) -> bool:
    """Our own letter, or one that goes round and round."""
    if len(message.get_all("Received", [])) > MOST_HOPS:
        return True
    is_ours = any(address.lower() in own for address in addresses(message, "From"))
    return is_ours and header(message, "Auto-Submitted").lower().startswith("auto-generated")


def _reported(message: Message, text: str) -> Verdict | None:
    """The verdict of a delivery report, as RFC 3464 has it."""
    blocks = reports(message)
    # Some programs write the action once, among what is said of the message, not of the recipient.
    common = next((block["action"] for block in blocks if "action" in block), "")
    for block in blocks:
        action = block.get("action", common).lower()
        if "final-recipient" not in block and "status" not in block and len(blocks) > 1:
            continue
        said = block.get("diagnostic-code", "")
        status = best_code(said, block.get("status", ""), " ".join(block.values()), reason(text))
        recipient = _address(block.get("original-recipient", "")) or _address(block.get("final-recipient", ""))
        evidence = _evidence("\n".join([text, *(f"{name}: {value}" for name, value in block.items())]))
        if action.startswith("delayed"):
            return Verdict("soft", status, recipient, evidence=evidence)
        if action.startswith(("fail", "error")):
            if block.get("status", "").startswith("4."):
                status = block["status"].split()[0]
            words = reason_for(status, said, text, recipient)
            return Verdict(failure_kind(status, words), status, recipient, evidence=evidence)
    return None


def _tells_of_arrival(message: Message) -> bool:
    """A report that nothing went wrong, or nothing this server will hear of."""
    return any(block.get("action", "").lower().startswith(("deliver", "relay", "expand")) for block in reports(message))


def _recognised(message: Message, text: str) -> Verdict | None:
    """The verdict on the many formats from before that standard, which flufl.bounce knows."""
    subject = header(message, "Subject")
    if is_away_subject(subject) or (is_away_text(text) and not is_report_subject(subject)):
        return None
    temporary, permanent = all_failures(message)
    named = sorted(permanent or temporary)
    failed_header = addresses(message, "X-Failed-Recipients")
    is_report = is_report_subject(subject) or _has_daemon_name(message)
    if not named and not failed_header and not speaks_of_failure(text, is_report=is_report):
        return None
    recipient = named[0].decode("ascii", "replace") if named else [*failed_header, _first_address(text)][0]
    words = reason(text)
    status = best_code(words)
    kind = "soft" if temporary and not permanent else failure_kind(status, words)
    return Verdict(kind, status, one_line(recipient), evidence=_evidence(text))


def _is_from_a_machine(message: Message, text: str) -> bool:
    """Nobody answers like this: a daemon's name, no return address, or the subject of a report.

    A person may sit behind postmaster, and may answer to a report that was passed on.
    """
    if _is_answered_by_hand(message, text):
        return False
    return (
        _has_daemon_name(message)
        or is_report_subject(header(message, "Subject"))
        or "X-Failed-Recipients" in message
        or (_has_no_return_address(message) and not _answers_by_itself(message))
    )


def _is_answered_by_hand(message: Message, text: str) -> bool:
    """It begins with "Re:", and a mail program noted what it answers, or no report is recognised in it."""
    if not is_answer_subject(header(message, "Subject")) or _has_no_return_address(message):
        return False
    if _has_daemon_name(message) and _TRANSCRIPT.search(text):
        return False
    return "In-Reply-To" in message or "References" in message or not all_failures(message)[1]


def _has_daemon_name(message: Message) -> bool:
    senders = " ".join(
        str(value) for name in ("From", "Sender", "Return-Path") for value in message.get_all(name, [])[:3]
    )
    return any(name in senders[:1000].lower() for name in _MACHINES)


def _has_no_return_address(message: Message) -> bool:
    return header(message, "Return-Path").strip() == "<>"


def _answers_by_itself(message: Message) -> bool:
    """From somebody's own address, marked or begun as an answer."""
    if not addresses(message, "From"):
        return False
    return is_answer_subject(header(message, "Subject")) or header(message, "Auto-Submitted").lower().startswith(
        "auto-replied"
    )


def _is_an_answer(message: Message, text: str) -> bool:
    """A person wrote it: not a list, not a daemon that says nothing we know, not a machine without return address."""
    return not (_is_for_many(message) or _is_from_a_machine(message, text))


def _kind_of_other_report(message: Message) -> Kind:
    """A complaint about spam is about us; a receipt, or word of a letter that arrived, is nothing to act on."""
    kind = str(message.get_param("report-type", "")).lower()
    return "policy" if kind == "feedback-report" else "other"


def _is_auto_reply(message: Message, own_words: str) -> bool:
    submitted = header(message, "Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply")):
        return True
    precedence = header(message, "Precedence").lower()
    if precedence in {"auto_reply", "auto-reply"} or header(message, "X-Autogenerated").lower() == "reply":
        return True
    if is_away_subject(header(message, "Subject")) or is_away_text(own_words):
        return True
    if _has_no_return_address(message) and addresses(message, "From") and not _has_daemon_name(message):
        return not (_is_for_many(message) or is_report_subject(header(message, "Subject")))
    is_marked = "X-Auto-Response-Suppress" in message or precedence in {"bulk", "junk"}
    return is_marked and not _is_for_many(message) and "In-Reply-To" in message


def _is_for_many(message: Message) -> bool:
    """A list or a newsletter, or a message without a sender: nobody's answer."""
    if any(name in message for name in ("List-Id", "List-Unsubscribe", "List-Post", "X-MLServer", "X-BeenThere")):
        return True
    return header(message, "Precedence").lower() in {"bulk", "list", "junk"} or not addresses(message, "From")


def _before_the_original(text: str) -> str:
    """A report without the copy of our letter below it, whose words are ours."""
    found = _ORIGINAL.search(text)
    return text[: found.start()] if found and found.start() > 20 else text


def _unquoted(text: str) -> str:
    """Their own words: without the lines they quote of ours."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))


def _deputy(text: str, not_these: set[str]) -> str:
    """The line that names who stands in: with another's address in it, else one that says whom to turn to."""
    others = {address.lower() for address in not_these}
    lines = [line.strip() for line in text[:6000].split("\n") if line.strip()]
    for line in lines:
        if any(found.lower() not in others for found in _ADDRESS.findall(line[:1000])):
            return line[:300]
    return next((line[:300] for line in lines if any(word in folded(line[:300]) for word in CONTACT_WORDS)), "")


def _address(field: str) -> str:
    """The address in a field such as `rfc822; ana@ministry.example`."""
    found = _ADDRESS.search(field.rpartition(";")[2])
    return found[0] if found else ""


def _first_address(text: str) -> str:
    found = _ADDRESS.search(text[:LONGEST_HEADER])
    return found[0] if found else ""


def _evidence(text: str) -> str:
    """The text for staff to read, without what could open something, and not more than needed."""
    for pattern, instead in _NO_SECRETS:
        text = pattern.sub(instead, text[: 3 * MOST_EVIDENCE])
    return text[:MOST_EVIDENCE]
