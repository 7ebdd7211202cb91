"""The implementations that take turns: which script, in which environment, with which options."""

import sys
from dataclasses import dataclass
from pathlib import Path

from case import Case
from environments import python_of

WORKERS = Path(__file__).parent / "workers"


@dataclass(frozen=True)
class Implementation:
    """One way to train the networks.

    Args:
        key: what the command line calls it.
        title: what tables call it.
        environment: whose Python runs it; none is slicken's own.
        script: among the workers.
        options: of the script.
        engine: of slicken, if it is slicken.
        many: makes sense for several runs only.
    """

    key: str
    title: str
    environment: str | None
    script: str
    options: tuple[str, ...] = ()
    engine: str | None = None
    many: bool = False

    @property
    def is_peer(self) -> bool:
        """Whether it is somebody else's."""
        return self.engine is None

    @property
    def command(self) -> list[str]:
        """What starts its worker."""
        python = Path(sys.executable) if self.environment is None else python_of(self.environment)
        return [str(python), str(WORKERS / self.script), *self.options]

    def suits(self, case: Case) -> bool:
        """Whether there is work for it: one run cannot be shared out."""
        return case.runs > 1 or not self.many


def _torch(key: str, title: str, *options: str) -> Implementation:
    many = "--per-core" in options
    return Implementation(key, title, "torch", "torch_worker.py", options, many=many)


def _keras(key: str, title: str, backend: str, *options: str) -> Implementation:
    many = "--per-core" in options
    options = ("--backend", backend, *options)
    return Implementation(key, title, backend, "keras_worker.py", options, many=many)


def _jax(key: str, title: str, *options: str) -> Implementation:
    many = "--per-core" in options
    return Implementation(key, title, "jax", "jax_worker.py", options, many=many)


PEERS = (
    _torch("torch", "PyTorch"),
    _torch("torch-flush", "PyTorch, denormals flushed", "--flush"),
    _torch("torch-cores", "PyTorch, a process per core", "--per-core"),
    _torch(
        "torch-cores-flush",
        "PyTorch, a process per core, denormals flushed",
        "--per-core",
        "--flush",
    ),
    _torch("torch-compile", "PyTorch, torch.compile, denormals flushed", "--compile", "--flush"),
    _keras("keras-tf", "Keras on TensorFlow", "tensorflow"),
    _keras("keras-tf-jit", "Keras on TensorFlow, jit_compile", "tensorflow", "--jit"),
    _keras("keras-tf-cores", "Keras on TensorFlow, a process per core", "tensorflow", "--per-core"),
    _keras("keras-jax", "Keras on JAX", "jax"),
    _keras("keras-jax-cores", "Keras on JAX, a process per core", "jax", "--per-core"),
    _jax("jax", "JAX, lax.scan, vmap over runs"),
    _jax("jax-cores", "JAX, lax.scan, a process per core", "--alone", "--per-core"),
)

REFERENCE = _jax("reference", "JAX in float64", "--double")


def slicken(engine: str, *options: str) -> Implementation:
    """The implementation that is slicken with this engine."""
    return Implementation(
        f"slicken-{engine}",
        f"slicken, {engine}",
        None,
        "slicken_worker.py",
        ("--engine", engine, *options),
        engine=engine,
    )


POSER = slicken("auto")
"""Who writes the problems: the first weights are slicken's."""


def chosen(engines: list[str], keys: list[str]) -> list[Implementation]:
    """What is asked for: slicken with these engines and its peers; only those named, if any are.

    Raises:
        ValueError: if there is none of some name.
    """
    every = [*(slicken(engine) for engine in engines), *PEERS]
    known = {implementation.key: implementation for implementation in every}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise ValueError(f"no implementation is named {unknown[0]!r}; there are {', '.join(known)}")
    return [known[key] for key in keys] if keys else every
