"""Select: which engine runs here, and why."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax

from slicken.errors import PlanError
from slicken.learning.engine.library import engine_library

if TYPE_CHECKING:
    from slicken.learning.engine.contract import Engine


def _native() -> "Engine":
    from slicken.learning.engine.native import NativeEngine

    return NativeEngine()


def _layered() -> "Engine":
    from slicken.learning.engine.layered import LayeredEngine

    return LayeredEngine(runs_together=jax.default_backend() != "cpu")


def _reference() -> "Engine":
    from slicken.learning.engine.reference import ReferenceEngine

    return ReferenceEngine()


ENGINES: dict[str, Callable[[], "Engine"]] = {
    "native": _native,
    "layered": _layered,
    "reference": _reference,
}
"""The one that runs is imported, and no other."""

VARIABLE = "SLICKEN_ENGINE"
"""Names the engine that ``auto`` is to take."""


def choose_engine(name: str = "auto") -> "Engine":
    """The engine of this name, or the fastest that this machine has.

    Raises:
        PlanError: if there is no engine of this name, or it cannot run here.
    """
    if name == "auto":
        name = _automatic()[0]
    if name not in ENGINES:
        raise PlanError(f"no engine is named {name!r}; there are auto, {', '.join(ENGINES)}")
    return ENGINES[name]()


def explain_choice() -> str:
    """Which engine ``auto`` takes here, and why, in one line."""
    name, reason = _automatic()
    return f"{name}: {reason}"


def describe_engine(name: str = "auto") -> str:
    """The engine of this name, or the one that ``auto`` takes, and what decides its last bits.

    Example:
        >>> describe_engine("layered")
        'layered'
    """
    if name == "auto":
        name = _automatic()[0]
    return f"{name} ({engine_library().instruction_set})" if name == "native" else name


def what_native_lacks() -> str:
    """Why ``auto`` takes a slower engine than this processor could run; empty where it does not."""
    if os.environ.get(VARIABLE) or jax.default_backend() != "cpu":
        return ""
    problem = engine_library().problem
    return f"the native engine is {problem}" if problem else ""


def _automatic() -> tuple[str, str]:
    if named := os.environ.get(VARIABLE):
        return named, f"{VARIABLE} asks for it"
    if jax.default_backend() != "cpu":
        return "layered", "JAX finds a GPU, and the native engine computes on CPUs"
    if lacking := what_native_lacks():
        return "layered", lacking
    return "native", "the fastest on CPUs, and JAX finds no GPU"
