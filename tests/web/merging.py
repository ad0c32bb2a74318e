"""What tests of doubles on pages share: where they are, and somebody who decides about a merge that waits."""

from __future__ import annotations

from typing import Any

from tests.web.changing import form_of
from tests.web.signed_in import Signed

BELOW = "/coordination/doubles"


def decide(who: Signed, merge_id: str, decision: str) -> Any:
    """The answer to the button of that name, with the form as its page holds it."""
    path = f"{BELOW}/merges/{merge_id}"
    form = form_of(who.client.get(path).text, path)
    return who.client.post(path, data=form | {"decision": decision})
