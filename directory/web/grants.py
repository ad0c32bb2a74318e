"""Roles of accounts, in words."""

from __future__ import annotations

from directory.accounts.models import AccountGrant
from directory.registry.models import Institution
from directory.web import current
from directory.web.translating import gettext as _
from directory.web.words import country_word


def role_label(role: str) -> str:
    """The role's name."""
    words = {
        "reader": _("Reader"),
        "focal_point": _("Focal point"),
        "deputy": _("Deputy"),
        "coordinator": _("Coordinator"),
        "secretariat": _("Secretariat"),
        "admin": _("Administrator of the machine"),
        "auditor": _("Auditor"),
    }
    return words.get(role, role)


def grant_words(role: str, country: str | None, institution: Institution | None) -> str:
    """`Coordinator for Romania`, `Focal point of Return Agency`."""
    if institution is not None:
        name = institution.names[0].name if institution.names else ""
        return _("%(role)s of %(place)s", role=role_label(role), place=name)
    if country:
        return _("%(role)s for %(place)s", role=role_label(role), place=country_word(country))
    return role_label(role)


def words_of(grant: AccountGrant) -> str:
    """A held role in words."""
    institution = current.session().get(Institution, grant.institution_id) if grant.institution_id else None
    return grant_words(grant.role, grant.country_code, institution)
