"""What tests in a real browser ask for. Where this machine has none they are skipped with the reason, or, where
RAABTA_REQUIRE_BROWSER=1 (as in CI), fail with it: there a skipped test would be a hole that nobody sees."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Chromium: `make test` leaves it out, `make test-browser` runs it alone."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser. Of a module: playwright allows one of its loops in a thread at a time."""
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}: apt-get install chromium fonts-noto-core"
        if os.environ.get("RAABTA_REQUIRE_BROWSER") == "1":
            pytest.fail(f"RAABTA_REQUIRE_BROWSER=1, but {reason}", pytrace=False)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()
