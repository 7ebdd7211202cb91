"""What all tests share; it also puts this folder on the path, for ``naive`` and ``builders``."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import jax
import pytest
from filelock import FileLock

from slow import LONGEST, SLOW

if TYPE_CHECKING:
    from slicken.study.folder import StudyFolder

# The same examples every time; JAX compiles within the first one, so time says nothing.
hypothesis.settings.register_profile("slicken", deadline=None, derandomize=True)
hypothesis.settings.load_profile("slicken")

# Whoever started pytest may ignore Ctrl-C, as nohup and some CI runners do; a child inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Programs that JAX compiled for an earlier run, or for the other process, are read again.

    Set here and not by a variable: what tests start as a child compiles for itself, as it would
    for a user. A largest size makes JAX lock the folder.
    """
    jax.config.update("jax_compilation_cache_dir", str(config.rootpath / ".pytest_cache" / "jax"))
    jax.config.update("jax_compilation_cache_max_size", 2**30)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow; the longest files come first, so that none is left to one process."""
    here = Path(__file__).parent
    for item in items:
        names = SLOW.get(str(item.path.relative_to(here))) if here in item.path.parents else None
        if names is not None and item.name.startswith(names or ""):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else 99)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A copy for this process of a folder that whichever process of xdist needs it first makes.

    A copy, because reading a study takes its lock.
    """
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = base / name, base / f"{name}.made"
    with FileLock(base / f"{name}.lock"):
        if not made.exists():
            folder.mkdir()
            make(folder)
            made.touch()
    return Path(shutil.copytree(folder, factory.mktemp(name) / name))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> "StudyFolder":
    """A small study that ran undisturbed: five experiments, two windows, three runs, three epochs.

    Copy it before changing anything.
    """
    import builders
    from slicken.study.folder import StudyFolder
    from slicken.study.training import train_study

    def make(place: Path) -> None:
        train_study(builders.make_experiments(), builders.make_plan(), place / "study")

    return StudyFolder.open(made_once(tmp_path_factory, "trained", make) / "study")


@pytest.fixture(scope="session")
def real_logs() -> Path:
    folder = Path(os.environ.get("SLICKEN_DATA", ""))
    if not os.environ.get("SLICKEN_DATA") or not folder.is_dir():
        pytest.skip("SLICKEN_DATA does not name the folder of real logs")
    return folder


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: ``logs/`` of four simulated experiments, ``plan.toml``, and its study in
    ``tiny/``, made by the command line.

    Copy it before changing anything.
    """
    import commands

    def make(place: Path) -> None:
        (place / "plan.toml").write_text(commands.SMALL, encoding="utf-8")
        for words in (
            "simulate temperature-history --experiments 4 --duration 700 --out logs",
            "study plan.toml --out tiny",
        ):
            answer = commands.give(*words.split(), where=place)
            assert answer.code == 0, answer
            (place / f"{words.split()[0]}.txt").write_text(answer.out, encoding="utf-8")

    return made_once(tmp_path_factory, "bench", make)
