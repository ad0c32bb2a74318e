from __future__ import annotations

from pathlib import Path

import pytest

from directory.config import BadSetting, read_settings

ODD = [
    ({"SEARCH": "elastic"}, "whoosh or postgres"),
    ({"SEARCH": "postgres"}, "postgresql://"),
    ({"TIMEZONE": "Mars/Olympus"}, "time zone"),
    ({"BASE_URL": "directory.example.org"}, "must look like"),
    ({"BASE_URL": "http://directory.example.org"}, "https"),
    ({"DEMO": "maybe"}, "yes or no"),
    ({"DEMO": "yes", "BASE_URL": "https://directory.example.org"}, "this machine only"),
    ({"TRUSTED_PROXIES": "-1"}, "from 0 to 10"),
    ({"DUE_AFTER_DAYS": "soon"}, "whole number"),
    ({"DUE_AFTER_DAYS": "100"}, "must rise"),
    ({"WEBHOOK_HOSTS": "cases.example.org https://police.example.org"}, "give hosts such as"),
    ({"SECRET_KEYS": "short"}, "32 characters"),
    ({"SECRET_KEYS_FILE": "/nonexistent/file"}, "cannot be read"),
]


def settings_of(folder: Path, **more: str):
    return read_settings({"DIRECTORY_DATA_DIR": str(folder)} | {f"DIRECTORY_{k}": v for k, v in more.items()})


@pytest.mark.parametrize(("given", "sentence"), ODD)
def test_an_odd_value_refuses_the_start_with_a_sentence(tmp_path: Path, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence):
        settings_of(tmp_path, **given)


def test_defaults_work_and_make_a_private_key_once(tmp_path: Path) -> None:
    first, warnings = settings_of(tmp_path)
    again, _ = settings_of(tmp_path)
    assert warnings == []
    assert first.secret_keys == again.secret_keys
    assert (tmp_path / "secret_keys").stat().st_mode & 0o077 == 0


def test_an_unknown_name_warns(tmp_path: Path) -> None:
    _, warnings = settings_of(tmp_path, SERCH="whoosh")
    assert warnings == ["DIRECTORY_SERCH is no setting of the directory"]


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 40 + "\n")
    settings, _ = settings_of(tmp_path, SECRET_KEYS_FILE=str(key))
    assert settings.secret_keys == ("k" * 40,)
