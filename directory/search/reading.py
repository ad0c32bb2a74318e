"""What was understood of a question: the Reading, the same shape in page, terminal and API."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

Part = Literal["wanted", "either", "sending", "receiving", "nationality", "place", "host"]


@dataclass(frozen=True, slots=True)
class Mention:
    """One country in the question and the part it plays.

    `wanted`: its contact is asked for; `either`: left open, so it is offered beside another, labelled;
    `sending`/`receiving`: the two sides of a journey; `nationality`: the person's; `place`: where something
    happened or somebody stands; `host`: where an embassy sits. `text` is what was typed.
    """

    country: str
    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as filters. Ids are those of the taxonomy; countries ISO 3166-1 alpha-2 plus XK.

    Within one field the values are alternatives; the fields narrow one another. `words` are left for the
    text search; `ignored` were read and carry nothing; `warnings` are keys such as `passport_number`.
    """

    countries: tuple[str, ...] = ()
    host_countries: tuple[str, ...] = ()
    sops: tuple[int, ...] = ()
    measures: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    institution_types: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    exploitation: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    urgent: bool = False
    words: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = field(default=(), compare=False)

    @property
    def is_empty(self) -> bool:
        """Nothing was understood and no word is left to look for."""
        return not any(getattr(self, f.name) for f in fields(self) if f.name not in {"ignored", "warnings", "mentions"})

    def to_json(self) -> dict[str, Any]:
        """The Reading of the contract, plus `mentions`."""
        plain: dict[str, Any] = {
            f.name: list(value) if isinstance(value := getattr(self, f.name), tuple) else value
            for f in fields(self)
            if f.name != "mentions"
        }
        plain["mentions"] = [{"country": m.country, "part": m.part, "text": m.text} for m in self.mentions]
        return plain
