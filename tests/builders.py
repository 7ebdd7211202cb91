"""Small experiments, records, networks and plans to test with; nothing here is measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from slicken.experiment import Experiment
from slicken.experiment.experiment import Provenance
from slicken.learning.engine import Windows
from slicken.learning.engine.layered import LayeredEngine
from slicken.learning.network import Network, start_network
from slicken.learning.record import Record, join
from slicken.learning.settings import Architecture
from slicken.learning.splits import PARTS, Split, divide
from slicken.learning.training import run_seeds
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared, prepare_study

DRIVERS = ("slip_velocity", "temperature")
TINY = Architecture(filters=3, kernel=2, conv_layers=1, units=4, gru_layers=1)


def smooth(random: np.random.Generator, samples: int, span: int = 8) -> np.ndarray:
    """Noise of unit variance that wanders over some samples."""
    kernel = np.hanning(span + 2)[1:-1]
    noise = random.normal(size=samples + span - 1)
    return np.convolve(noise, kernel / np.sqrt(np.sum(kernel**2)), "valid")


def make_experiment(
    name: str = "run",
    samples: int = 120,
    *,
    seed: int = 0,
    dt: float = 1.0,
    start: float = 0.0,
    gaps: Sequence[int] = (),
    stages: Sequence[int] | None = None,
    truth: Mapping[str, Any] | None = None,
    **channels: ArrayLike | None,
) -> Experiment:
    """An experiment whose friction follows its temperature; any channel can be replaced or, with
    None, left out.

    Args:
        gaps: samples that are not usable; all channels are NaN there.
        stages: lengths of the stages; normal stress is 1, 2, ... MPa in them.
    """
    random = np.random.default_rng(seed)
    temperature = smooth(random, samples)
    values: dict[str, ArrayLike | None] = {
        "slip_velocity": 4e-3 + 1e-4 * smooth(random, samples),
        "temperature": 30 + 5 * temperature,
        "friction": 0.6 + 0.05 * temperature + 0.005 * random.normal(size=samples),
    }
    stage = None
    if stages is not None:
        stage = np.repeat(np.arange(len(stages)), stages)
        values["normal_stress"] = 1e6 * (1.0 + stage)
    values.update(channels)
    gap = np.zeros(samples, dtype=bool)
    gap[list(gaps)] = True
    arrays = {key: np.array(v, dtype=float) for key, v in values.items() if v is not None}
    for array in arrays.values():
        array[gap] = np.nan
    return Experiment(
        name=name,
        time=start + dt * np.arange(samples),
        channels=arrays,
        stage=stage,
        gap=gap,
        provenance=Provenance(source=f"{name}.csv", sha256="0" * 64, truth=truth or {}),
    )


def make_experiments(count: int = 5, samples: int = 120, **more: Any) -> list[Experiment]:  # noqa: ANN401 (passed on)
    return [make_experiment(f"run{i}", samples, seed=i, **more) for i in range(count)]


def make_record(*lengths: int, gaps: Mapping[int, Sequence[int]] | None = None) -> Record:
    """A record of experiments of these lengths; ``gaps`` by number of the experiment."""
    gaps = gaps or {}
    return join(
        [
            make_experiment(f"run{i}", n, seed=i, gaps=gaps.get(i, ()))
            for i, n in enumerate(lengths)
        ],
        DRIVERS,
    )


def split_in_order(record: Record, parts: Sequence[int], *, longest: int) -> Split:
    """A split whose experiments have these parts."""
    names = [
        [n for n, p in zip(record.experiments, parts, strict=True) if p == k] for k in range(3)
    ]
    assert names[0], f"no {PARTS[0]}"
    return divide(
        record, by="experiment", longest=longest, stride=1, named=(names[1], names[2]), seed=0
    )


def make_plan(**changes: Any) -> Plan:  # noqa: ANN401 (any field)
    """A plan that trains in seconds."""
    values: dict[str, Any] = {
        "preset": "quick",
        "split": {"folds": 1},
        "histories": "separate",
        "linear_part": False,
        "windows": [5, 10],
        "runs": 3,
        "epochs": 3,
        "stride": 2,
        "network": TINY.model_dump() | {"gate_start": "chrono"},
        "optimiser": {"batch": 16, "learning_rate": 1e-2},
    }
    split = values.pop("split") | dict(changes.pop("split", {}))
    return Plan(**{**values, **changes, "split": split})


def make_prepared(
    experiments: Sequence[Experiment] | None = None,
    **changes: Any,  # noqa: ANN401 (any field)
) -> Prepared:
    (prepared,) = prepare_study(experiments or make_experiments(), make_plan(**changes))
    return prepared


def start_networks(
    architecture: Architecture = TINY,
    *,
    drivers: int = 2,
    length: int = 8,
    runs: int = 2,
    seed: int = 0,
    spread: float = 0.0,
) -> Network:
    """Untrained networks with a leading axis R.

    Args:
        spread: of noise added to all weights, so that none is zero by design.
    """
    start = jax.jit(lambda key: start_network(architecture, drivers, length, key))
    each = [start(key) for key in run_seeds(seed, runs)]
    networks = jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)
    random = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: leaf + spread * jnp.asarray(random.normal(size=leaf.shape), leaf.dtype),
        networks,
    )


def on_host(networks: Network) -> Network:
    """As numpy arrays, which is how the package keeps weights."""
    kept: Network = jax.device_get(networks)
    return kept


def replaced(networks: Network, **arrays: ArrayLike) -> Network:
    """Networks with other arrays in place of some."""
    for name, array in arrays.items():
        networks = eqx.tree_at(lambda n, name=name: getattr(n, name), networks, array)
    return networks


class Brittle(LayeredEngine):
    """Like the layered engine, but the gradients of some runs are no numbers.

    Args:
        above: Mean of a run's dense weights above which they are none.
    """

    name = "brittle"

    def __init__(self, above: float) -> None:
        super().__init__(runs_together=False)
        self.above = above

    def loss_and_gradients(
        self, networks: Network, windows: Windows, targets: jax.Array, weights: jax.Array
    ) -> tuple[jax.Array, Network]:
        losses, gradients = super().loss_and_gradients(networks, windows, targets, weights)
        bad = networks.dense.mean(axis=1) > self.above

        def spoil(leaf: jax.Array) -> jax.Array:
            return jnp.where(bad.reshape(-1, *[1] * (leaf.ndim - 1)), jnp.nan, leaf)

        return losses, jax.tree.map(spoil, gradients)
