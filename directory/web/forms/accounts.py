"""The forms of sign-in, invitation, recovery and the account pages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from directory.accounts import passwords
from directory.languages import LANGUAGES
from directory.mail.outbox import BadLetter, checked_address, has_control
from directory.registry.countries import codes
from directory.web.translating import gettext as _
from directory.web.words import country_word

NEEDED = InputRequired(_l("This is needed."))


def plain_line(_form: FlaskForm, field: Field) -> None:
    """One line without control characters."""
    if has_control(field.data or ""):
        raise ValidationError(_("Leave out line breaks and control characters."))


def an_address(_form: FlaskForm, field: Field) -> None:
    """A mail address."""
    try:
        field.data = checked_address((field.data or "").strip())
    except BadLetter:
        raise ValidationError(_("Write a mail address, such as name@ministry.example.")) from None


def new_password_problem(password: str, about: tuple[str, ...]) -> str:
    """The sentence for a password that cannot be taken; empty for one that can."""
    sentences = {
        "short": _("Use at least 8 characters. Three words that do not belong together are easy to remember."),
        "long": _("Use at most 256 characters."),
        "common": _("This is one of the passwords tried first. Choose another."),
        "yours": _("This is too close to your name or address. Choose another."),
        None: "",
    }
    return sentences[passwords.problem(password, about)]


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form that knows where to lead on."""

    next = HiddenField()


class SignInForm(Form):
    """Address and password."""

    email = StringField(_l("Mail address"), [NEEDED, Length(max=254)])
    password = PasswordField(_l("Password"), [NEEDED])


class CodeForm(Form):
    """A code from the app, or one of the ten."""

    code = StringField(_l("Code"), [NEEDED, Length(max=64)])


class PasskeyForm(Form):
    """The answer of a passkey, put there by the script; and a name for a new one."""

    answer = HiddenField(validators=[NEEDED])
    name = StringField(_l("Name of this passkey"), [Length(max=60), plain_line])


class AddressForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Whose way back in."""

    email = StringField(_l("Mail address"), [NEEDED, Length(max=254)])


class NewPasswordForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A new password; `about` is what it must not be."""

    new_password = PasswordField(_l("New password"), [NEEDED])

    def __init__(self, *args: Any, about: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about

    def validate_new_password(self, field: Field) -> None:
        """Long enough, not common, not the person's own name."""
        if problem := new_password_problem(field.data or "", self.about):
            raise ValidationError(problem)


class ChangePasswordForm(NewPasswordForm):
    """The old password and the new one."""

    password = PasswordField(_l("Your password now"), [NEEDED])


class JoinForm(NewPasswordForm):
    """What an invited person says."""

    name = StringField(_l("Your name"), [NEEDED, Length(min=2, max=120), plain_line])
    language = SelectField(_l("Language of pages and letters"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = list(LANGUAGES.items())


class LanguageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """The language of pages and letters."""

    language = SelectField(_l("Language of pages and letters"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = list(LANGUAGES.items())


class InviteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Whom to invite, to what, where."""

    email = StringField(_l("Their mail address at work"), [NEEDED, Length(max=254), an_address])
    role = RadioField(_l("As"), [NEEDED])
    country = SelectField(_l("Country"), default="")
    institution = SelectField(_l("Institution"), default="")

    def __init__(
        self, *args: Any, roles: list[tuple[str, str]], countries: list[str], institutions: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.role.choices = roles
        named = sorted((country_word(code), code) for code in countries if code in codes())
        self.country.choices = [("", _("No country")), *((code, name) for name, code in named)]
        self.institution.choices = [("", _("No institution")), *institutions]


class ReasonForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Why."""

    reason = StringField(_l("Why"), [NEEDED, Length(min=3, max=300), plain_line])
