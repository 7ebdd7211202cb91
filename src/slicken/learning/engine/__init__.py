"""The engine: the one hot operation, behind one contract.

An engine runs an ensemble, R networks with their arrays stacked on a leading axis, each on its own
batch of B windows. The rest of the package calls :func:`choose_engine` and never asks which.
"""

from slicken.learning.engine.contract import Engine, Windows
from slicken.learning.engine.library import engine_library
from slicken.learning.engine.select import (
    ENGINES,
    choose_engine,
    describe_engine,
    explain_choice,
    what_native_lacks,
)

__all__ = [
    "ENGINES",
    "Engine",
    "Windows",
    "choose_engine",
    "describe_engine",
    "engine_library",
    "explain_choice",
    "what_native_lacks",
]
