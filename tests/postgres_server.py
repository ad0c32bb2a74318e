"""A PostgreSQL server for the length of a test run: on loopback, in a folder of its own, gone afterwards.

    with postgres_server() as url: ...

Works for an ordinary user, and for root, who may not run PostgreSQL, by lending the account `postgres`.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

_DEBIAN = Path("/usr/lib/postgresql")
_ACCOUNT = "postgres"
# Nothing here outlives the run, so nothing needs to survive a power cut.
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=60")


class PostgresMissing(Exception):
    """No server can be started here; the message says what is missing."""


@contextmanager
def postgres_server(*settings: str) -> Iterator[str]:
    """Start a server and yield its SQLAlchemy URL. Raises PostgresMissing."""
    binaries, lend = _binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="trm-postgres-"))
    if lend:
        os.chown(folder, lend.pw_uid, lend.pw_gid)
    data, port = folder / "data", _free_port()
    try:
        _run(lend, folder, binaries / "initdb", "-D", data, "-U", _ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-locale")
        options = f"-h 127.0.0.1 -p {port} -k {folder} " + " ".join(f"-c {s}" for s in (*_SETTINGS, *settings))
        log = folder / "log"
        _run(lend, folder, binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://{_ACCOUNT}@127.0.0.1:{port}/postgres"
        finally:
            _run(lend, folder, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0))
    if versions:
        return versions[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise PostgresMissing(f"No PostgreSQL server below {_DEBIAN} or on the PATH: apt-get install postgresql")


def _account() -> pwd.struct_passwd | None:
    """The account to lend, if we are root; none if we run it ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise PostgresMissing(f"Root may not run PostgreSQL, and there is no account {_ACCOUNT!r} to lend") from None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _run(lend: pwd.struct_passwd | None, folder: Path, *command: object) -> None:
    user = {"user": lend.pw_uid, "group": lend.pw_gid, "extra_groups": []} if lend else {}
    # Not through a pipe: the server would inherit it, and we would wait for its end.
    output = folder / "output"
    with output.open("wb") as sink:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            check=False,
            **user,
        )
    if done.returncode:
        said = output.read_text(errors="replace").strip()
        raise PostgresMissing(f"{command[0]} failed with {done.returncode}: {said[-600:]}")


def fresh_database(url: str, name: str) -> str:
    """The URL of an empty database of that name on the server behind `url`; one that was there is gone."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    fresh = admin.url.set(database=name).render_as_string(hide_password=False)
    admin.dispose()
    return fresh
