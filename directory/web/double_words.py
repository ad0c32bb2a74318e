"""What the matcher says, in the reader's language."""

from __future__ import annotations

from directory.doubles.likeness.records import Answer, Reason
from directory.web.translating import gettext as _


def answer_word(answer: Answer) -> str:
    """The verdict in a few words."""
    words = {"same": _("Probably the same"), "ask": _("Perhaps the same"), "different": _("Probably two")}
    return words[answer]


def reason_words(reason: Reason) -> str:
    """One reason."""
    detail = reason.detail
    words = {
        "same_name": _("same name"),
        "same_in_other_words": _("same name in another language, order or short form: “%(name)s”", name=detail),
        "spelling": _("the name is spelt differently: “%(name)s”", name=detail),
        "short_name": _("“%(name)s” is the short name of the other", name=detail),
        "word_that_matters": _("the name differs by a word that matters: “%(name)s”", name=detail),
        "more_words": _("one name says more: “%(name)s”", name=detail),
        "other_words": _("the names differ: “%(name)s”", name=detail),
        "common_name": _("the name is one that many have"),
        "other_name": _("the names have nothing in common"),
        "country": _("another country"),
        "host": _("sits in another country"),
        "city": _("another city: %(name)s", name=detail),
        "same_city": _("same city"),
        "phone": _("same phone"),
        "mail": _("same mail address"),
        "web": _("same web address"),
        "mail_domain": _("same mail domain"),
        "shared_line": _("a number or address they share stands at many entries, so it says nothing"),
        "role": _("another role"),
        "same_role": _("same role"),
        "house": _("another institution"),
        "maybe_house": _("perhaps the same institution"),
        "same_house": _("same institution"),
        "area": _("another area: “%(name)s”", name=detail),
        "other_lines": _("other numbers and addresses"),
        "initial": _("an initial stands for a name: “%(name)s”", name=detail),
        "further_name": _("a further name: “%(name)s”", name=detail),
        "first_name": _("another name: “%(name)s”", name=detail),
        "surname": _("another surname, as after a marriage: “%(name)s”", name=detail),
        "namesake": _("the same name in another institution may be another person"),
    }
    return words.get(reason.code) or reason.text


def state_word(state: str) -> str:
    """What became of a merge."""
    words = {
        "waiting": _("Waits for a second person"),
        "standing": _("The two are one"),
        "refused": _("Not agreed to: both stay"),
        "withdrawn": _("Withdrawn: both stay"),
        "undone": _("Taken back: they are two again"),
    }
    return words[state]


def refusal_words(code: str) -> str:
    """Why two cannot become one, and what to do."""
    words = {
        "kept_apart": _("Somebody said that these two are not the same. Lift that first, below “Kept apart”."),
        "itself": _("An entry cannot be merged with itself."),
        "country": _("These two are of different countries."),
        "demo": _("An invented entry and a real one stay two."),
        "accounts": _(
            "Both sign in with an account of their own, and two accounts are never made one. Ask the person which one"
            " they use, freeze the other under Coordination, People, and come back."
        ),
        "erased": _("One of the two was taken out of the directory at the person’s wish. There is nothing to merge."),
        "waiting": _("A merge of one of them waits already. Decide on that first."),
    }
    return words[code]
