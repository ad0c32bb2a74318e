"""The words that name a person, found and taken out wherever they stand: texts, JSON, files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

SHORTEST = 4  # a shorter word stands in too many others; such names are taken out of their own fields only


class Words:
    """A person's name, addresses and numbers, as one pattern."""

    def __init__(self, words: Iterable[str]) -> None:
        self.all = sorted({word.strip() for word in words if len(word.strip()) >= SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self.all)), re.IGNORECASE) if self.all else None

    def are_in(self, value: Any) -> bool:
        """Any of them stands somewhere in that text or JSON."""
        if self._pattern is None or value is None:
            return False
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return self._pattern.search(text) is not None

    def out_of(self, value: Any) -> Any:
        """The same text or JSON without them."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub("", value)
        if isinstance(value, dict):
            return {key: self.out_of(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.out_of(inner) for inner in value]
        return value
