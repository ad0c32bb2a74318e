"""A question and its answer in the contract's shape: the same from the API and from `flask ask --json`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from directory.entries.asking import Asked
from directory.exports.context import ExportContext
from directory.exports.json_entry import entry_json
from directory.exports.words import fallback_words


def asked_json(asked: Asked, context: ExportContext) -> dict[str, Any]:
    """`{"reading", "unknown", "total", "entries", "fallback"}`. Of a guarded question nothing typed comes back."""
    reading, fallback = asked.question.reading, asked.answer.fallback
    if asked.question.is_guarded:
        reading = replace(reading, words=(), ignored=(), mentions=())
    return {
        "reading": reading.to_json(),
        "unknown": list(asked.question.unknown),
        "total": asked.answer.total,
        "entries": [entry_json(entry, context) for entry in asked.answer.entries],
        "fallback": fallback
        and {
            "reason": fallback_words(fallback.reason.key, fallback.reason.left_out),
            "entries": [entry_json(entry, context) for entry in fallback.entries],
        },
    }
