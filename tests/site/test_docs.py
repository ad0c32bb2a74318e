"""Docs enforced by tests: every setting is documented, every documented one exists, as are commands and files."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from directory.config import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_setting_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(field.name.upper() for field in fields(Settings))


def test_every_file_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\]\(([^)#:]+)\)", text))
    assert named, "the control: the README does link to files"
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_code_files_stay_under_400_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for folder in ("directory", "importers", "tests", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html"}
        and path.parent.name != "versions"  # a migration that ran somewhere is never tidied
        and (count := len(path.read_text().splitlines())) > 400
    ]
    assert long == []
