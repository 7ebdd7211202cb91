"""``slicken doctor``: what this machine offers slicken, what slicken makes of it, how fast."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from slicken.cli.terminal import complain, say
from slicken.errors import PlanError

if TYPE_CHECKING:
    from slicken.learning.engine.library import Library
    from slicken.learning.training import Trainer

VARIABLES = ("SLICKEN_ENGINE", "SLICKEN_ENGINE_LIBRARY", "SLICKEN_DATA", "JAX_PLATFORMS")
NEEDS = {
    "avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "avx2": {"avx2", "fma", "bmi2"},
}
"""What Linux calls the features that an instruction set of the engine needs."""
LENGTH, BATCHES, TURNS = 100, 2, 3
"""Of the small case: samples in a window, batches in a turn, turns of each engine."""


def run() -> None:
    """Engine in use, capabilities of this machine, and measured speed of each engine."""
    from slicken import __version__
    from slicken.learning.engine import engine_library, explain_choice, what_native_lacks
    from slicken.learning.engine.library import REMEDY

    library = engine_library()
    _tell(
        "versions",
        f"slicken {__version__}, Python {platform.python_version()}, JAX {version('jax')}",
    )
    _tell("engine", explain_choice())
    _tell("native", _native(library))
    _tell("processor", f"{platform.machine()}, offers {', '.join(instruction_sets()) or 'unknown'}")
    _tell("threads", _threads())
    _tell("devices", _devices())
    _tell("memory", memory())
    for name in VARIABLES:
        if name in os.environ:
            _tell("variable", f"{name}={os.environ[name]}")
    _tell("speed", "measuring ...")
    trainers, refused = _trainers()
    _tell("", compared(_measure(trainers)))
    if what_native_lacks():
        _tell("to do", REMEDY)
    if library.broken:
        complain(f"the native engine is {library.problem}; {REMEDY}")
        raise typer.Exit(2)
    if library.handle is not None and "native" in refused:
        complain(f"the native engine is built, but does not run: {refused['native']}; {REMEDY}")
        raise typer.Exit(2)


def _tell(what: str, words: str) -> None:

    say(f"{what:<11}{words}")


def _native(library: "Library") -> str:
    if library.handle is None:
        return library.problem
    return f"built: {library.instruction_set} in use ({library.path})"


def instruction_sets(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """The instruction sets of the engine that this processor offers, the widest first."""
    if platform.machine() in ("aarch64", "arm64"):
        return ["neon"]
    if not cpuinfo.is_file():
        return []
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        if line.startswith("flags"):
            flags = set(line.split())
            return [*(name for name, needed in NEEDS.items() if needed <= flags), "baseline"]
    return []


def _threads() -> str:
    from slicken.learning.devices import cores

    mine, there = cores(), os.cpu_count() or 1
    of_all = f" of {there}" if there != mine else ""
    return f"{mine}{of_all} (CPU cores that this process may use)"


def _devices() -> str:
    import jax

    devices = jax.devices()
    if devices[0].platform == "cpu":
        return "no GPU: JAX finds none (docs/how-to/gpu.md says how it finds one)"
    return f"{len(devices)} x {devices[0].device_kind}"


def memory(meminfo: Path = Path("/proc/meminfo")) -> str:
    """How much there is, and how much of it is free, where Linux tells."""
    if not meminfo.is_file():
        return "unknown"
    rows = (line.partition(":") for line in meminfo.read_text(encoding="utf-8").splitlines())
    sizes = {name: int(size.split()[0]) * 1024 for name, _, size in rows if size.split()}
    return f"{sizes['MemAvailable'] / 1e9:.1f} GB free of {sizes['MemTotal'] / 1e9:.1f} GB"


def _trainers() -> "tuple[dict[str, Trainer], dict[str, str]]":
    """The small case for each engine that runs here, and why the others do not."""
    from slicken.learning.engine import ENGINES

    trainers, refused = {}, {}
    # The reference is there to be equalled, and takes its time.
    for name in set(ENGINES) - {"reference"}:
        try:
            trainers[name] = _small_case(name)
        except PlanError as error:
            refused[name] = str(error)
    return trainers, refused


def _measure(trainers: "dict[str, Trainer]") -> dict[str, float]:
    """The shortest seconds of each in turns, because machines drift."""
    for trainer in trainers.values():
        trainer.probe(1)  # compiles
    turns = [
        {name: trainer.probe(BATCHES) for name, trainer in trainers.items()} for _ in range(TURNS)
    ]
    return {name: min(turn[name] for turn in turns) for name in trainers}


def compared(seconds: dict[str, float]) -> str:
    """Which engine is how many times as fast as the others.

    Example:
        >>> compared({"layered": 0.8, "native": 0.1})
        'native 8.0 times as fast as layered, measured just now on a small case'
    """
    first, *others = sorted(seconds, key=seconds.__getitem__)
    if not others:
        return f"{first} is the only engine to measure here"
    ratios = (f"{seconds[name] / seconds[first]:.1f} times as fast as {name}" for name in others)
    return f"{first} {', '.join(ratios)}, measured just now on a small case"


def _small_case(name: str) -> "Trainer":
    """One layer of each kind, of the paper's width: enough to compare, and compiled in a moment."""
    import numpy as np

    from slicken.learning.devices import cores
    from slicken.learning.engine import choose_engine
    from slicken.learning.settings import Architecture, Optimiser
    from slicken.learning.training import Trainer, run_seeds
    from slicken.learning.training_data import training_data

    optimiser = Optimiser()
    ends = np.arange(LENGTH, LENGTH + BATCHES * optimiser.batch)
    drivers = np.random.default_rng(0).standard_normal((LENGTH + ends.size, 5)).astype(np.float32)
    return Trainer(
        engine=choose_engine(name),
        architecture=Architecture(filters=64, units=64, conv_layers=1, gru_layers=1),
        optimiser=optimiser,
        seeds=run_seeds(0, 2 * cores()),
        epochs=1,
        data=training_data(
            drivers, drivers[:, 0], training=ends, validation=ends[:1], histories=(LENGTH,)
        ),
    )
