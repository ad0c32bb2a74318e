"""The code under the scanners, and the scanners under a control: `python -m tests.security.scan`, part of `make check`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS, HERE = ROOT / ".venv" / "scan" / "bin", Path(__file__).parent
CODE = ["directory", "importers", "wsgi.py"]
RULES = HERE / "semgrep.yaml"
# `assert` states an invariant for the type checker; nothing hangs on it (the same choice as in pyproject.toml).
NOT_ASKED = "B101"
BANDIT_CONTROLS = {"B301", "B403", "B404", "B506", "B310", "B704"}


def main() -> int:
    """0 when everything is clean and every control was tripped."""
    problems = [*bandit(CODE), *semgrep([*CODE[:2], "templates"])]
    missing = {rule["id"] for rule in yaml.safe_load(RULES.read_text(encoding="utf-8"))["rules"]}
    count = len(missing)
    missing -= {line.split()[1] for line in semgrep([str(HERE / "bad_code.py"), str(HERE / "bad_template.html")])}
    missing |= BANDIT_CONTROLS - {line.split()[1] for line in bandit([str(HERE / "bad_code.py")])}
    print(*problems, sep="\n", end="\n" if problems else "")
    print(*(f"The control did not trip {rule}" for rule in sorted(missing)), sep="\n", end="\n" if missing else "")
    print(
        f"bandit and {count} rules of our own: {len(problems)} findings, {len(missing)} rules that no control tripped"
    )
    return int(bool(problems or missing))


def bandit(paths: list[str]) -> list[str]:
    """Findings, one a line."""
    told = _json([str(TOOLS / "bandit"), "-q", "-r", *paths, "-s", NOT_ASKED, "-f", "json"])
    problems = [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in told["results"]
    ]
    return problems + [f"{one['filename']} unread {one['reason']}" for one in told["errors"]]


def semgrep(paths: list[str]) -> list[str]:
    """Findings of our own rules, one a line."""
    quiet = ["--quiet", "--json", "--metrics", "off", "--disable-version-check", "--no-git-ignore"]
    told = _json([str(TOOLS / "semgrep"), "scan", *quiet, "--config", str(RULES), *paths])
    problems = [
        f"{one['path']}:{one['start']['line']} {one['check_id'].split('.')[-1]} {one['extra']['message']}"
        for one in told["results"]
    ]
    return problems + [f"{one.get('path', RULES.name)} unread {one.get('message', '')[:200]}" for one in told["errors"]]


def _json(command: list[str]) -> dict[str, list[dict[str, object]]]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found: dict[str, list[dict[str, object]]] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SystemExit(f"{command[0]} said nothing that can be read: {done.stderr[-2000:]}") from None
    return found


if __name__ == "__main__":
    sys.exit(main())
