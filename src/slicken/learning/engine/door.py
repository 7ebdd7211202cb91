"""The door: which engine runs here."""

from collections.abc import Callable

import jax

from slicken.errors import PlanError
from slicken.learning.engine.contract import Engine
from slicken.learning.engine.layered import LayeredEngine
from slicken.learning.engine.reference import ReferenceEngine

ENGINES: dict[str, Callable[[], Engine]] = {
    "layered": lambda: LayeredEngine(runs_together=jax.default_backend() != "cpu"),
    "reference": ReferenceEngine,
}


def choose_engine(name: str = "auto") -> Engine:
    """The engine of this name, or the fastest that this machine has.

    Raises:
        PlanError: if there is no engine of this name.
    """
    if name == "auto":
        name = "layered"
    if name not in ENGINES:
        raise PlanError(f"no engine is named {name!r}; there are auto, {', '.join(ENGINES)}")
    return ENGINES[name]()
