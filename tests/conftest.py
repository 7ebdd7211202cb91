"""What all tests share; it also puts this folder on the path, for ``naive`` and ``builders``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from slicken.study.folder import StudyFolder

# The same examples every time; JAX compiles within the first one, so time says nothing.
hypothesis.settings.register_profile("slicken", deadline=None, derandomize=True)
hypothesis.settings.load_profile("slicken")

LONGEST = (
    "test_kills.py", "test_examples.py", "test_never_lost.py", "test_studies.py",
    "test_executors.py", "test_bad_input.py", "test_native_engine.py",
    "test_gathered_evidence.py", "test_progress.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest come first, so that none is left to one process at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else 99)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> "StudyFolder":
    """A small study that ran undisturbed: five experiments, two windows, three runs, three epochs.

    Copy it before changing anything.
    """
    import builders
    from slicken.study.training import train_study

    out = tmp_path_factory.mktemp("trained") / "study"
    return train_study(builders.make_experiments(), builders.make_plan(), out)


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

    folder = tmp_path_factory.mktemp("bench")
    (folder / "plan.toml").write_text(commands.SMALL, encoding="utf-8")
    for words in (
        "simulate temperature-history --experiments 4 --duration 700 --out logs",
        "study plan.toml --out tiny",
    ):
        answer = commands.give(*words.split(), where=folder)
        assert answer.code == 0, answer
        (folder / f"{words.split()[0]}.txt").write_text(answer.out, encoding="utf-8")
    return folder
