"""A study that is killed at random moments ends with the bytes of one that was left alone."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks a process with JAX in it")
def test_a_study_survives_many_kills_to_the_byte() -> None:
    """Twenty-five here; five hundred, with figures: ``make kills``."""
    script = Path(__file__).with_name("kills.py")
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, str(script), "25"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "25 kills" in done.stdout
    assert "differing: nothing" in done.stdout
