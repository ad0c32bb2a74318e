"""Settings: read once from the environment, prefix `DIRECTORY_`; odd values refuse the start."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from directory.registry.faults import N_

PREFIX = "DIRECTORY_"
ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
HOST = re.compile(r"([A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?")
KOSOVO_FOOTNOTE = N_(
    "* This designation is without prejudice to positions on status, and is in line with UNSCR 1244/1999 "
    "and the ICJ Opinion on the Kosovo declaration of independence."
)


class BadSetting(Exception):
    """A setting holds a value the directory cannot start with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installations. `docs/settings.md` explains each one."""

    data_dir: Path
    database_url: str
    secret_keys: tuple[str, ...]
    search: str = "whoosh"
    history_key: str = ""
    mail_url: str = ""
    mail_from: str = ""
    return_path: str = ""
    return_address_days: int = 14
    mailbox_url: str = ""
    bounce_limit: int = 20
    bounce_limit_percent: int = 20
    mail_per_domain_per_minute: int = 20
    mail_per_second: int = 5
    password_cost: str = "strong"  # noqa: S105 - how dear a hash is
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    timezone: str = "Europe/Vienna"
    demo: bool = False
    kosovo_name: str = "Kosovo*"
    kosovo_footnote: str = KOSOVO_FOOTNOTE
    due_after_days: int = 76
    remind_after_days: int = 83
    overdue_after_days: int = 90
    institution_after_days: int = 97
    unconfirmed_after_days: int = 104
    hidden_after_days: int = 120
    dormant_after_days: int = 180
    erased_after_days: int = 210
    evidence_kept_days: int = 90
    outcomes_kept_days: int = 365
    first_round_days: int = 76
    letters_from_hour: int = 8
    letters_until_hour: int = 18
    letters_per_run: int = 500
    webhook_hosts: str = ""
    visitor_export_limit: int = 25
    import_max_megabytes: int = 64
    import_max_unpacked_megabytes: int = 50
    import_max_rows: int = 20_000
    import_max_columns: int = 200
    log_level: str = "INFO"


def read_settings(environment: Mapping[str, str] | None = None) -> tuple[Settings, list[str]]:
    """The settings and a list of warnings (unknown names). Raises BadSetting with a sentence."""
    env = dict(os.environ if environment is None else environment)
    given = {name[len(PREFIX) :].lower(): value for name, value in env.items() if name.startswith(PREFIX)}
    given = _with_files(given)
    known = {f.name for f in fields(Settings)}
    warnings = [f"{PREFIX}{name.upper()} is no setting of the directory" for name in given if name not in known]
    values: dict[str, Any] = {
        name: PARSERS.get(name, str)(value) for name, value in given.items() if name in known and value != ""
    }
    data_dir = Path(values.get("data_dir", ROOT / "instance")).resolve()
    values["data_dir"] = data_dir
    values.setdefault("database_url", f"sqlite:///{data_dir / 'directory.sqlite'}")
    values.setdefault("secret_keys", _own_secret_keys(data_dir))
    settings = Settings(**values)
    _refuse_odd(settings)
    return settings, warnings


def _with_files(given: dict[str, str]) -> dict[str, str]:
    """Replace each `NAME_FILE` by the content of the file it names."""
    plain = {name: value for name, value in given.items() if not name.endswith("_file")}
    for name, value in given.items():
        if name.endswith("_file"):
            try:
                plain[name.removesuffix("_file")] = Path(value).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise BadSetting(f"{PREFIX}{name.upper()} names {value}, which cannot be read: {error}") from error
    return plain


def _own_secret_keys(data_dir: Path) -> tuple[str, ...]:
    """The keys in the data folder, made on first start."""
    path = data_dir / "secret_keys"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return _secret_keys(path.read_text(encoding="utf-8"))


def _secret_keys(value: str) -> tuple[str, ...]:
    keys = tuple(part for part in value.replace(",", " ").split() if part)
    if not keys or any(len(key) < 32 for key in keys):
        raise BadSetting(f"{PREFIX}SECRET_KEYS needs one or more keys of at least 32 characters, newest first")
    return keys


def _whole_number(name: str, least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise BadSetting(f"{PREFIX}{name} is {value!r}; it must be a whole number from {least} to {most}")
        return number

    return parse


def _yes_or_no(value: str) -> bool:
    if value.lower() not in {"1", "0", "yes", "no", "true", "false"}:
        raise BadSetting(f"{PREFIX}DEMO is {value!r}; it must be yes or no")
    return value.lower() in {"1", "yes", "true"}


PARSERS: dict[str, Callable[[str], Any]] = {
    "data_dir": Path,
    "secret_keys": _secret_keys,
    "demo": _yes_or_no,
    "trusted_proxies": _whole_number("TRUSTED_PROXIES", 0, 10),
    "due_after_days": _whole_number("DUE_AFTER_DAYS", 1, 3650),
    "remind_after_days": _whole_number("REMIND_AFTER_DAYS", 1, 3650),
    "institution_after_days": _whole_number("INSTITUTION_AFTER_DAYS", 1, 3650),
    "erased_after_days": _whole_number("ERASED_AFTER_DAYS", 1, 3650),
    "evidence_kept_days": _whole_number("EVIDENCE_KEPT_DAYS", 30, 3650),
    "outcomes_kept_days": _whole_number("OUTCOMES_KEPT_DAYS", 30, 3650),
    "first_round_days": _whole_number("FIRST_ROUND_DAYS", 1, 365),
    "letters_from_hour": _whole_number("LETTERS_FROM_HOUR", 0, 23),
    "letters_until_hour": _whole_number("LETTERS_UNTIL_HOUR", 1, 24),
    "letters_per_run": _whole_number("LETTERS_PER_RUN", 1, 100000),
    "overdue_after_days": _whole_number("OVERDUE_AFTER_DAYS", 1, 3650),
    "unconfirmed_after_days": _whole_number("UNCONFIRMED_AFTER_DAYS", 1, 3650),
    "hidden_after_days": _whole_number("HIDDEN_AFTER_DAYS", 1, 3650),
    "dormant_after_days": _whole_number("DORMANT_AFTER_DAYS", 1, 3650),
    "return_address_days": _whole_number("RETURN_ADDRESS_DAYS", 1, 60),
    "bounce_limit": _whole_number("BOUNCE_LIMIT", 1, 10_000),
    "bounce_limit_percent": _whole_number("BOUNCE_LIMIT_PERCENT", 1, 100),
    "mail_per_domain_per_minute": _whole_number("MAIL_PER_DOMAIN_PER_MINUTE", 1, 10_000),
    "mail_per_second": _whole_number("MAIL_PER_SECOND", 1, 1000),
    "visitor_export_limit": _whole_number("VISITOR_EXPORT_LIMIT", 1, 1000),
    "import_max_megabytes": _whole_number("IMPORT_MAX_MEGABYTES", 1, 4096),
    "import_max_unpacked_megabytes": _whole_number("IMPORT_MAX_UNPACKED_MEGABYTES", 1, 4096),
    "import_max_rows": _whole_number("IMPORT_MAX_ROWS", 1, 1_000_000),
    "import_max_columns": _whole_number("IMPORT_MAX_COLUMNS", 1, 10_000),
}


def _refuse_odd(settings: Settings) -> None:
    if settings.search not in {"whoosh", "postgres", "memory"}:
        raise BadSetting(f"{PREFIX}SEARCH is {settings.search!r}; it must be whoosh or postgres")
    if settings.search == "postgres" and not settings.database_url.startswith("postgresql"):
        raise BadSetting(f"{PREFIX}SEARCH=postgres needs a DATABASE_URL that begins with postgresql://")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadSetting(f"{PREFIX}TIMEZONE is {settings.timezone!r}, which is no time zone name") from error
    address = urlsplit(settings.base_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise BadSetting(f"{PREFIX}BASE_URL is {settings.base_url!r}; it must look like https://directory.example.org")
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise BadSetting(f"{PREFIX}BASE_URL must use https unless it is this machine's own address")
    if settings.demo and address.hostname not in LOOPBACK:
        raise BadSetting("Demo mode runs on this machine only: set a BASE_URL on 127.0.0.1 or switch DEMO off")
    if settings.password_cost not in {"strong", "light", "test"}:
        raise BadSetting(f"{PREFIX}PASSWORD_COST is {settings.password_cost!r}; it must be strong or light")
    if settings.password_cost == "test" and address.hostname not in LOOPBACK:  # noqa: S105 - no password  # nosec B105
        raise BadSetting(f"{PREFIX}PASSWORD_COST=test is for tests on this machine only")
    odd = [host for host in settings.webhook_hosts.replace(",", " ").split() if not HOST.fullmatch(host)]
    if odd:
        raise BadSetting(f"{PREFIX}WEBHOOK_HOSTS names {odd[0]!r}; give hosts such as cases.example.org or host:8443")
    _refuse_odd_days(settings)


def _refuse_odd_days(settings: Settings) -> None:
    days = (
        settings.due_after_days,
        settings.remind_after_days,
        settings.overdue_after_days,
        settings.institution_after_days,
        settings.unconfirmed_after_days,
        settings.hidden_after_days,
        settings.dormant_after_days,
        settings.erased_after_days,
    )
    if sorted(set(days)) != list(days):
        raise BadSetting(
            "The days must rise: DUE, REMIND, OVERDUE, INSTITUTION, UNCONFIRMED, HIDDEN, DORMANT, ERASED_AFTER_DAYS"
        )
    if settings.letters_from_hour >= settings.letters_until_hour:
        raise BadSetting(f"{PREFIX}LETTERS_FROM_HOUR must be before LETTERS_UNTIL_HOUR")
