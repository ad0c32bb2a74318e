"""Ten thousand letters, three senders on PostgreSQL, one killed every 0.35 to 0.9 s; then the controls, then SQLite.

python -m tests.proof.mail_kills [letters]
"""

from __future__ import annotations

import sys
import tempfile

from tests.postgres_server import postgres_server
from tests.proof.mail_kills.runs import TITLE, prepare, run


def main() -> int:
    """The long run; ends with 1 where a promise is broken or a control does not fail."""
    letters = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(TITLE)
    with postgres_server() as url:
        prepare(url)
        ours = run(url, letters)
        print(ours.line("our way, PostgreSQL, 3 senders"), flush=True)
        lost = run(url, min(letters, 3000), way="mark, then send")
        print(lost.line("control: mark, then send"), flush=True)
        doubled = run(url, min(letters, 2000), way="look, send, mark")
        print(doubled.line("control: look, send, mark"), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        url = prepare(f"sqlite:///{folder}/mail.sqlite")
        single = run(url, min(letters, 1000), senders=2, lock=f"{folder}/sending.lock")
        print(single.line("our way, SQLite, 2 behind a lock"), flush=True)
    kept = all(
        one.forgotten == 0 and one.most <= 2 and one.extra <= one.kills and one.unfinished == 0
        for one in (ours, single)
    )
    return 0 if kept and lost.forgotten > 0 and doubled.extra > doubled.kills else 1


if __name__ == "__main__":
    raise SystemExit(main())
