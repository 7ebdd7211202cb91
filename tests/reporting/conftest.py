"""A browser, and a page for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser, browsing


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def tiny_page(bench: Path) -> Path:
    """The page of the small study of ``bench``."""
    return bench / "tiny" / "report.html"
