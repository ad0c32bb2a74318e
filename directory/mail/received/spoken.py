"""What of a report the refusing server itself said, without the courtesies, footers and transcripts around it."""

from __future__ import annotations

import re

from directory.mail.received.status import best_code, is_telling, is_vague

MOST_LINES_ABOUT = 12
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[\w-]{1,63}\.")
# Sendmail says a reason, and below the transcript a "User unknown" of its own whatever that reason was.
_REASON = re.compile(r"\(reason: (.{1,600}?)\)[ \t]*(?:\n|$)", re.DOTALL)
_FOOTER = re.compile(r"^[ \t]*(?:_{10,}|~{10,})", re.MULTILINE)
# What we said to their server, the headers of our letter, a scanner's advertisement.
_NOT_THEIRS = re.compile(
    r"^[ \t]*>>> |\bscanned (?:for|by)\b"
    r"|^[ \t]*(?:subject|to|cc|sent|date|from|message-id|betreff|an|gesendet|objet|oggetto|assunto|subiect|tema|predmet"
    r"|naslov|tárgy|lënda|subjekti|тема|предмет|относно|наслов)[ \t]?:",
    re.IGNORECASE,
)


def reason(text: str) -> str:
    """The reason in the text of a report: where a code stands, the paragraphs with it or with an address."""
    named = [" ".join(found.split()) for found in _REASON.findall(text)]
    if any(is_telling(one) for one in named):
        return "\n".join(named)
    footer = _FOOTER.search(text)
    if footer and not best_code(text[footer.end() :]):
        text = text[: footer.start()]
    text = "\n".join(line for line in text.split("\n") if not _NOT_THEIRS.search(line))
    telling = "\n".join(one for one in re.split(r"\n\s*\n", text) if best_code(one) or _ADDRESS.search(one))
    return telling if best_code(telling) and is_telling(telling) else text


def reason_for(status: str, said: str, text: str, recipient: str) -> str:
    """The reason a delivery report gives: what the server said, else the text, as far as the status needs it.

    Beside a status that speaks for itself only the lines about the recipient count: the rest is advice.
    """
    if is_telling(said):
        return said
    words = reason(text)
    return f"{status} {said} {words if is_vague(status) or not recipient else _about(words, recipient)}"


def _about(text: str, recipient: str) -> str:
    """The lines from the one that names the recipient to the next empty one."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if recipient.lower() in line.lower()), len(lines))
    kept: list[str] = []
    for line in lines[start : start + MOST_LINES_ABOUT]:
        if not line.strip():
            break
        kept.append(line)
    return "\n".join(kept)
