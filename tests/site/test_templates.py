"""Every template is used, none grows long, none holds words that cannot be translated; every route answers."""

from __future__ import annotations

import re

import pytest

from directory.config import ROOT

TEMPLATES = ROOT / "templates"
FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
PIECES = re.compile(r'_pieces\(entries, desk, "(\w+)"')
LONGEST = 100
# What stands between tags and is the same in every language: numbers, signs, addresses, SOP.
SAME_EVERYWHERE = re.compile(r"^(?:SOP|[\W\d_]|/\w+)*$")


def used() -> set[str]:
    """Names of templates that code renders or other templates extend, include or import."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "directory").rglob("*.py"))
    code += "\n".join(path.read_text("utf-8") for path in (ROOT / "importers").rglob("*.py"))
    markup = "\n".join((TEMPLATES / name).read_text("utf-8") for name in FILES)
    named = set(re.findall(r'"([\w/]+\.html)"', code)) | set(re.findall(r'{%-? \w+ "([\w/]+\.html)"', markup))
    return named | {f"components/{name}.html" for name in PIECES.findall(code)}


@pytest.mark.parametrize("name", FILES)
def test_every_template_is_used(name: str) -> None:
    assert name in used() or name.startswith("mail/"), f"{name} is rendered nowhere: use it or remove it"


def test_a_template_nobody_names_would_be_noticed() -> None:
    assert "components/nobody.html" not in used()


@pytest.mark.parametrize("name", FILES)
def test_no_template_grows_long(name: str) -> None:
    assert len((TEMPLATES / name).read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("components/")])
def test_a_component_is_one_macro(name: str) -> None:
    assert (TEMPLATES / name).read_text("utf-8").count("{% macro ") == 1


def bare_words(markup: str) -> list[str]:
    """Words between tags that no gettext call would find."""
    markup = re.sub(r"{% trans.*?{% endtrans %}", "", markup, flags=re.DOTALL)
    markup = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", markup, flags=re.DOTALL)
    between = re.sub(r"<[^>]*>", "\n", markup)
    return [line.strip() for line in between.splitlines() if not SAME_EVERYWHERE.match(line.strip())]


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("mail/")])
def test_every_word_can_be_translated(name: str) -> None:
    assert bare_words((TEMPLATES / name).read_text("utf-8")) == []


def test_a_bare_word_would_be_noticed() -> None:
    assert bare_words("<p>Hello {{ name }}</p>") == ["Hello"]
    assert bare_words("<p>{{ _('Hello') }} · 24/7</p>") == []
