"""An IMAP server for the length of a test: Dovecot on loopback, in a folder of its own, gone afterwards.

    with dovecot_server(certificate) as server: server.deliver(b"..."); ImapMailbox(..., server.port, ...)

Works for an ordinary user; for root, who may not own mail, by lending the account `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "mail user", "pass word"


class DovecotMissing(Exception):
    """No server can be started here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server with one account; `port` speaks TLS from the start, `plain_port` may switch to it."""

    port: int
    plain_port: int
    maildir: Path
    owner: tuple[int, int]

    def deliver(self, content: bytes, name: str) -> None:
        """A message arrives."""
        path = self.maildir / "tmp" / name
        path.write_bytes(content)
        os.chown(path, *self.owner)
        path.rename(self.maildir / "new" / name)


_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain
auth_username_chars =
auth_failure_delay = 0
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot_server(certificate: Path) -> Iterator[Dovecot]:
    """Start a server. Raises DovecotMissing."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise DovecotMissing("No IMAP server: apt-get install dovecot-imapd")
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="trm-dovecot-"))
    server = Dovecot(_free_port(), _free_port(), folder / "mail", (account.pw_uid, account.pw_gid))
    process = None
    try:
        _lay_out(folder, server, account, certificate)
        output = (folder / "output").open("wb")
        process = subprocess.Popen(
            [program, "-F", "-c", str(folder / "dovecot.conf")], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        output.close()
        _wait(server, process, folder)
        yield server
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path, server: Dovecot, account: pwd.struct_passwd, certificate: Path) -> None:
    folder.chmod(0o755)
    for name in ("run", "mail", "mail/new", "mail/cur", "mail/tmp"):
        (folder / name).mkdir()
        os.chown(folder / name, *server.owner)
    os.chown(folder, *server.owner)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
    group = subprocess.run(["id", "-gn", account.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            certificate=certificate,
            user=account.pw_name,
            group=group,
            uid=account.pw_uid,
            gid=account.pw_gid,
            port=server.port,
            plain_port=server.plain_port,
        )
    )


def _wait(server: Dovecot, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.05)
    said = "".join(path.read_text(errors="replace") for path in (folder / "output", folder / "log") if path.exists())
    raise DovecotMissing(f"Dovecot did not start: {said.strip()[-600:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
