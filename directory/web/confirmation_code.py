"""A yes or a no by a mailed link, with the code of the letter: what the pages for it have in common."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from sqlalchemy.orm import Session

from directory.accounts import limits
from directory.db import transaction
from directory.web import current, limiting
from directory.web.translating import gettext as _


def choice_error() -> str:
    """What is wrong with the choice; empty where it is yes or no."""
    return "" if request.form.get("choice", "") in {"yes", "no"} else _("Say yes or no.")


def code_error(is_code: Callable[[Session, str], bool]) -> str:
    """What is wrong with the code; empty where it is the letter's.

    Without a code nothing is written, not even a count; a try is counted before it is made, and stays counted.
    """
    typed = request.form.get("code", "").strip()
    if not typed:
        return _("Type the code from the letter: six letters and digits.")
    limiting.count((limits.LINK_NETWORK, limiting.network()))
    with transaction(current.session()) as session:
        is_right = is_code(session, typed)
    return "" if is_right else _("This is not the code of the letter.")
