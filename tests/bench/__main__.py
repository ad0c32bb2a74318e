"""`make bench`: the search call beside its yardsticks, then whole pages beside a bare Flask page."""

from __future__ import annotations

import argparse

from tests.bench import http_bench, search_bench

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 entries only")
    sizes = [1_000, 10_000] if parser.parse_args().quick else [1_000, 10_000, 100_000]
    search_bench.main(sizes)
    http_bench.main(sizes)
