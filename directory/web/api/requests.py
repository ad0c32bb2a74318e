"""What a request asks for, checked: unknown names, repeated values and odd values are refused by name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from directory.web.problems import Problem
from directory.web.readings import FIELD_OF, PARAMETERS

LIMIT = 20
MOST = 100
MAX_QUESTION = 2000
MAX_BODY = 16 * 1024
ENTRIES_PARAMETERS = (*PARAMETERS, "changed_since", "cursor", "limit")
REPEATABLE = frozenset({*FIELD_OF, "words"})


@dataclass(frozen=True, slots=True)
class AskRequest:
    """The body of `POST /ask`."""

    question: str
    limit: int


def check_names(args: MultiDict[str, str], known: Collection[str]) -> None:
    """Refuse parameters nobody reads, and single ones given twice."""
    for name in args:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise Problem(400, f"“{name}” is no parameter of this address; it takes: {listed}.", parameter=name)
        if name not in REPEATABLE and len(args.getlist(name)) > 1:
            raise Problem(400, f"{name} can be given only once.", parameter=name)


def read_limit(args: MultiDict[str, str]) -> int:
    """How many entries are wanted at most."""
    text = args.get("limit", str(LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST:
        raise Problem(400, f"limit must be a whole number from 1 to {MOST}.", parameter="limit")
    return int(text)


def read_instant(args: MultiDict[str, str], name: str) -> datetime | None:
    """An ISO 8601 instant with its zone, or a day, which begins at midnight UTC."""
    text = args.get(name)
    if text is None:
        return None
    moment = _instant(text)
    if moment is None:
        sentence = f"{name} must be an instant such as 2026-11-24T21:30:00Z (write a plus sign as %2B), or a day."
        raise Problem(400, sentence, parameter=name)
    return moment


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def read_ask(request: Request) -> AskRequest:
    """The body of `POST /ask`: a JSON object with a question and perhaps a limit."""
    request.max_content_length = MAX_BODY
    if (request.content_length or 0) > MAX_BODY:  # somebody may have read the body before
        raise Problem(413, f"A question is at most {MAX_BODY} bytes long.")
    if not request.is_json:
        raise Problem(415, "Send the question as JSON, with Content-Type: application/json.")
    try:
        body: Any = request.get_json()
    except HTTPException as error:
        if error.code == 413:
            raise
        raise Problem(
            400, 'The body is no JSON; it must look like {"question": "who handles return in Romania"}.'
        ) from None
    if not isinstance(body, dict):
        raise Problem(400, "The body must be a JSON object with a question.", parameter="question")
    for name in body:
        if name not in {"question", "limit"}:
            raise Problem(400, f"“{name}” is nothing a question takes; it takes: question, limit.", parameter=str(name))
    return AskRequest(_question(body.get("question")), _body_limit(body.get("limit", LIMIT)))


def _question(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_QUESTION:
        raise Problem(
            400, f"question must be a text of 1 to {MAX_QUESTION} characters that is not blank.", parameter="question"
        )
    return value


def _body_limit(value: Any) -> int:
    is_whole = (
        isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    )  # 5.0 is 5 in JSON
    if not is_whole or not 1 <= value <= MOST:
        raise Problem(400, f"limit must be a whole number from 1 to {MOST}.", parameter="limit")
    return int(value)
