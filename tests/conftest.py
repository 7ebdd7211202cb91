"""What all tests share; it also puts this folder on the path, for ``naive`` and ``builders``."""

from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from slicken.study.folder import StudyFolder

# The same examples every time; JAX compiles within the first one, so time says nothing.
hypothesis.settings.register_profile("slicken", deadline=None, derandomize=True)
hypothesis.settings.load_profile("slicken")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> "StudyFolder":
    """A small study that ran undisturbed: five experiments, two windows, three runs, three epochs.

    Copy it before changing anything.
    """
    import builders

    from slicken.study.runner import train_study

    out = tmp_path_factory.mktemp("trained") / "study"
    return train_study(builders.make_experiments(), builders.make_plan(), out)
