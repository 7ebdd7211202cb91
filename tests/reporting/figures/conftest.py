"""Every test of a figure draws under the style."""

from collections.abc import Iterator

import pytest

from slicken.reporting.figures.style import journal_style


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with journal_style():
        yield
