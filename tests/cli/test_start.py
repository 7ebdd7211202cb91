"""Start: help and imports are quiet and quick, in a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("jax", "pandas", "matplotlib", "xarray", "scipy", "equinox", "sklearn", "rich")
"""What only a command that needs it may import."""

FRESH = """
import contextlib, io, json, sys
sys.argv = {argv}
said = io.StringIO()
with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
    {act}
print(json.dumps([sorted({{name.partition(".")[0] for name in sys.modules}}), said.getvalue()]))
"""


def fresh(act: str, folder: Path, *argv: str) -> tuple[set[str], str]:
    """The packages that a fresh interpreter imports for it, and what it says."""
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", FRESH.format(act=act, argv=["slicken", *argv])],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(folder), "PATH": ""},
    )
    assert ended.stderr == ""
    modules, said = json.loads(ended.stdout)
    assert list(folder.iterdir()) == [], "nothing is written"
    return set(modules), said


@pytest.mark.parametrize("argv", [["--help"], ["study", "--help"], ["--version"], []])
def test_help_imports_nothing_heavy(tmp_path: Path, argv: list[str]) -> None:
    modules, said = fresh("from slicken.cli import main; main()", tmp_path, *argv)
    assert "slicken" in said
    assert modules.isdisjoint(HEAVY)


def test_importing_is_quiet_and_imports_nothing_heavy(tmp_path: Path) -> None:
    modules, said = fresh("import slicken; dir(slicken)", tmp_path)
    assert said == ""
    assert modules.isdisjoint({*HEAVY, "numpy", "typer"})


def test_reading_a_log_starts_no_jax(tmp_path: Path) -> None:
    modules, _ = fresh("import slicken; slicken.read, slicken.prepare", tmp_path)
    assert modules.isdisjoint({"jax", "matplotlib", "xarray"})


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import slicken

    with pytest.raises(AttributeError, match="no attribute 'slip'"):
        _ = slicken.slip


def test_every_public_name_exists() -> None:
    import slicken

    for name in slicken.__all__:
        assert getattr(slicken, name).__doc__, name
