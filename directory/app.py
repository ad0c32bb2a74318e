"""create_app(settings): the database, the languages, the pages, the error pages."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, g, request
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy

from directory import migrations
from directory.config import ROOT, Settings, read_settings
from directory.db import Base, configure_engine
from directory.languages import wished
from directory.ports import Clock, build_ports
from directory.site import Site

LOCALES = ("en",)
LETTER_PAGES = ("/confirm/", "/agree/", "/succeed/")  # where letters lead to: in every language of theirs
database = SQLAlchemy(model_class=Base)


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Flask:
    """The application: ready to answer, nothing written yet."""
    warnings: list[str] = []
    if settings is None:
        settings, warnings = read_settings()
    app = Flask("directory", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},  # no value in an error, and so none in a log
        MAX_CONTENT_LENGTH=settings.import_max_megabytes * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        BABEL_DEFAULT_LOCALE="en",
        BABEL_DEFAULT_TIMEZONE=settings.timezone,
        BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "translations"),
    )
    for warning in warnings:
        app.logger.warning(warning)
    database.init_app(app)
    Babel(app, locale_selector=_locale)
    with app.app_context():
        configure_engine(database.engine)
        app.extensions["site"] = Site(settings, build_ports(settings, database.engine, clock))
    _attach(app)
    return app


def _locale() -> str:
    """The language of this page: the one its reader was written to in, else one all pages have."""
    chosen: str | None = g.get("language")
    if chosen is None and request.path.startswith(LETTER_PAGES):
        return wished(request.accept_languages.values())
    return chosen or request.accept_languages.best_match(LOCALES) or "en"


def _attach(app: Flask) -> None:
    """Pages, API and commands attach themselves."""
    from directory import cli, web  # noqa: PLC0415 - they need this module's database

    web.attach(app)
    cli.attach(app)


def prepare(app: Flask) -> None:
    """Bring the database to the newest migration; put the shipped taxonomy in force if there is none."""
    from directory.db import transaction  # noqa: PLC0415
    from directory.registry import operations as registry  # noqa: PLC0415
    from directory.sops import operations as sops  # noqa: PLC0415
    from directory.sops.taxonomy import build, read_file  # noqa: PLC0415

    site: Site = app.extensions["site"]
    site.settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(database.engine)
    session = database.session()
    if sops.current(session) is None:
        taxonomy = build(read_file())
        with transaction(session):
            registry.ensure_countries(session, taxonomy.participating)
            sops.put_in_force(session, taxonomy, by="init", now=site.now())
