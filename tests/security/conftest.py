"""One canary site for all security tests that a process runs; each test puts back what it changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.site import Site, canary_site


@pytest.fixture(scope="session")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with canary_site(tmp_path_factory.mktemp("canary")) as made:
        yield made


@pytest.fixture
def site(canary: Site) -> Iterator[Site]:
    """The canary site as it was made."""
    canary.restore()
    yield canary
    canary.restore()
