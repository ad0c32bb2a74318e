"""Why an answer shows something else than was asked: the reason of a fallback as a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from directory.entries.answers import Answer
from directory.web.chips import Chip
from directory.web.readings import FIELD_OF
from directory.web.translating import gettext as _

PARAMETER_OF = {field: name for name, field in FIELD_OF.items()} | {"words": "words"}


def sentence(answer: Answer, chips: Sequence[Chip]) -> str:
    """What is missing and what is shown in its place; empty where nothing is."""
    if answer.fallback is None:
        if answer.total:
            return ""
        return _("Take something away above, ask again with a country's name, or choose a country below.")
    reason = answer.fallback.reason
    if reason.key == "vacant":
        return _("What you asked for is vacant now. These stand in:")
    if reason.key == "no_line":
        return _("No number or mail of these is open to everybody. These can be reached and know the way:")
    if reason.key == "without":
        parameters = {PARAMETER_OF.get(name, name) for name in reason.left_out}
        missing = [chip.label for chip in chips if chip.parameter in parameters]
        return _("Nobody is listed for %(missing)s here. Without that, these answer:", missing=", ".join(missing))
    where = ", ".join(chip.label for chip in chips if chip.parameter == "country")
    if reason.key == "other_roles":
        roles = ", ".join(chip.label for chip in chips if chip.parameter == "role")
        return _("No “%(role)s” is listed in %(country)s. Others answer for the same there:", role=roles, country=where)
    if reason.key == "last_resort":
        return _("Nobody is listed for this in %(country)s. Ask the coordinator there, or a hotline:", country=where)
    return _("Nobody is listed for this in %(country)s. These are listed there for other things:", country=where)
