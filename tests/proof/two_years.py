"""Two years of a directory in a run: who leaves, who answers, who is rung; how many wrong holders readers see.

    python -m tests.proof.two_years [OWNERS] [DAYS]

The rounds, letters, links, codes and answers are the product's own; only people, their mail servers and telephones are
played. The assumptions, each a constant of `played_world`: 20 % leave a year; of the leavers 40 % say so, 35 % show by
mail that comes back once their address is closed (some day of the first month), 25 % fall silent; 60 % answer mail,
half of them at the first letter; a call settles 85 % within ten days; readers report twice a day per 1,000 entries.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from directory import migrations
from directory.confirmations.models import Finding, OutcomeReport
from directory.db import make_engine
from directory.registry import operations as registry
from directory.sops import operations as sops
from directory.sops.taxonomy import build, read_file
from tests.proof.played_world import START, Figures, World


def _no_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def play(owners: int, days: int, *, seed: int = 1, is_asked: bool = True, is_told: bool = False) -> Figures:
    """The figures of so many days with so many owners; without being asked, the control."""
    folder = Path(tempfile.mkdtemp())
    engine = make_engine(f"sqlite:///{folder / 'played.sqlite'}")
    event.listen(engine, "connect", _no_sync)  # this run is thrown away
    migrations.upgrade(engine)
    started = time.perf_counter()
    with Session(engine, expire_on_commit=False) as session:
        session.info["history_path"] = "process"
        registry.ensure_countries(session, build(read_file()).participating)
        sops.put_in_force(session, build(read_file()), by="played", now=START)
        session.commit()
        world = World(session, owners, seed=seed, is_asked=is_asked)
        for day in range(1, days + 1):
            world.live(day)
            session.expunge_all()
            if is_told and day % 30 == 0:
                shares, seconds = world.figures.wrong_shares, time.perf_counter() - started
                mean = sum(shares) / len(shares)
                print(f"  day {day:4}: {shares[-1]:.2%} wrong, so far {mean:.2%}, {seconds:.0f} s", flush=True)
        world.figures.findings = Counter(session.scalars(select(Finding.kind)).all())
        world.figures.findings["reports"] = session.scalar(select(func.count(OutcomeReport.id))) or 0
    engine.dispose()
    world.figures.seconds = time.perf_counter() - started
    return world.figures


def told(figures: Figures, owners: int) -> str:
    """The figures as lines."""
    shares, quarters = figures.wrong_shares, len({quarter for _, quarter in figures.letters}) or 1
    return "\n".join(
        (
            f"wrong holders shown: average {sum(shares) / len(shares):.2%}, worst day {max(shares):.2%}",
            f"gone but still in the list, shown or hidden: on the last day {figures.stale_shares[-1]:.2%}",
            f"holders hidden for silence: average {sum(figures.hidden_shares) / len(shares):.2%}",
            f"letters: {sum(figures.letters.values()) / owners / quarters:.2f} per owner and quarter",
            f"most letters to one person in a quarter: {max(figures.letters.values(), default=0)}",
            f"written to twice in a day: {figures.twice_a_day}",
            f"calls: {figures.calls / owners / quarters:.2f} per entry and quarter",
            f"findings: {dict(figures.findings)}",
            f"{figures.seconds:.0f} s",
        )
    )


if __name__ == "__main__":
    owners, days = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000), (int(sys.argv[2]) if len(sys.argv) > 2 else 730)
    print(f"{owners} owners, {days} days")
    print(told(play(owners, days, is_told=True), owners))
    print("\nControl: nobody is asked")
    print(told(play(min(owners, 1000), days, is_asked=False), min(owners, 1000)))
