"""slicken: all runs trained together by its Trainer, with the engine that is asked for."""

import argparse
import os
from typing import Any

import numpy as np
from answering import Problem, answer, cores, peak_memory, read_problem
from numpy.typing import NDArray

RECORD = 6000
"""Samples of the record that windows are taken from."""

CHANNELS = 5
SEED = 0


class Slicken:
    """Answers like a session; the runs are always trained together.

    Args:
        engine: its name.
    """

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._per_batch = 0.0

    def hello(self) -> dict[str, Any]:
        """Which version answers, and whether there is such an engine."""
        import slicken
        from slicken.learning.engine import choose_engine

        choose_engine(self._engine)
        return {"version": slicken.__version__}

    def pose(
        self,
        *,
        length: int,
        batch: int,
        runs: int,
        units: int,
        gates: str,
        steps: int | None,
        path: str,
    ) -> dict[str, Any]:
        """Write a problem: a record, the order of the batches, and the first weights.

        With ``steps`` all runs are given the same this many batches; else each has an order of its
        own over the whole record.
        """
        rng = np.random.default_rng(SEED)
        drivers, friction = make_record(rng)
        ends = np.arange(length - 1, RECORD, dtype=np.int32)
        if steps is None:
            order = np.stack([rng.permutation(ends) for _ in range(runs)])
        else:
            order = np.tile(rng.choice(ends, steps * batch, replace=False), (runs, 1))
        problem = Problem(
            drivers, friction, order, rng.choice(ends, 32, replace=False), {}, length, batch, gates
        )
        trainer = make_trainer(self._engine, problem, units, ends, ends[:1])
        weights = weights_by_name(trainer.best_networks(trainer.start()))
        arrays = {name: value for name, value in problem._asdict().items() if name != "weights"}
        np.savez(path, **arrays | weights)
        return {}

    def check(self, path: str, steps: int) -> dict[str, Any]:
        """Outputs of the first weights, losses of some batches, and the loss after them.

        Each batch is an epoch of a trainer of its own: so the order of the batches is known
        without a look into the trainer.
        """
        from slicken.learning.engine import choose_engine
        from slicken.learning.ensemble import Ensemble

        problem = read_problem(path)
        batches = [problem.ends([0], step)[0] for step in range(steps)]
        trainers = [_trainer_of(self._engine, problem, batch) for batch in batches]
        states = trainers[0].start()
        first = trainers[0].best_networks(states)
        _require_same(weights_by_name(first), problem.weights)
        ensemble = Ensemble(first, problem.length, choose_engine(self._engine))
        outputs = ensemble.predict(problem.drivers, problem.check.astype(np.int64))
        losses = []
        for number, trainer in enumerate(trainers, start=1):
            states, ended = trainer.epoch(states, number)
            losses.append(np.asarray(ended.training, dtype=np.float64))
        losses.append(np.asarray(ended.validation, dtype=np.float64))
        return {
            "outputs": np.asarray(outputs, dtype=np.float64).tolist(),
            "losses": np.stack(losses, axis=1).tolist(),
        }

    def prepare(self, path: str) -> dict[str, Any]:
        """Compile and warm up; nothing of this is timed."""
        problem = read_problem(path)
        ends = np.unique(problem.order)
        units = problem.weights["dense"].shape[-1]
        self._windows = problem.batch * len(problem.runs)
        # More than one batch for validation, which is not timed: XLA takes what is the same in all
        # rounds of a loop out of it, and would do a single batch even where no round is asked for.
        validation = ends[: 2 * problem.batch]
        self._trainer = make_trainer(self._engine, problem, units, ends, validation)
        self._trainer.probe(1)
        self._per_batch = self._trainer.probe(1)
        return {}

    def turn(self, seconds: float) -> dict[str, Any]:
        """Train for so long, one step of all runs at least."""
        batches, spent, before = 0, 0.0, multiply_adds()
        while spent < seconds:
            many = max(1, min(round((seconds - spent) / self._per_batch), self._trainer.batches))
            taken = self._trainer.probe(many)
            self._per_batch = max(taken / many, 1e-6)
            batches, spent = batches + many, spent + taken
        windows = batches * self._windows
        done = multiply_adds() - before
        return {
            "windows": windows,
            "seconds": spent,
            "windows_per_s": windows / spent,
            # Zero from an engine that does not count.
            "flops_done": 2 * done / windows if self._engine == "native" and done else None,
        }

    def memory(self) -> dict[str, Any]:
        """Peak resident memory of this process."""
        return {"bytes": peak_memory()}


def multiply_adds() -> int:
    """Those that the native engine has done so far."""
    from slicken.learning.engine.native import multiply_adds as done

    return done()


def make_record(
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Noise for drivers, and a friction that follows the mean of one of them over 20 samples."""
    drivers = rng.standard_normal((RECORD, CHANNELS)).astype(np.float32)
    friction = np.convolve(drivers[:, 2], np.full(20, 20**-0.5), "full")[:RECORD]
    return drivers, friction.astype(np.float32)


def make_trainer(
    engine: str,
    problem: Problem,
    units: int,
    training: NDArray[np.int32],
    validation: NDArray[np.int32],
) -> Any:  # noqa: ANN401 (slicken is imported late, when the cores are chosen)
    """A trainer of the paper's network, but for the units."""
    from slicken.learning.engine import choose_engine
    from slicken.learning.settings import Architecture, Optimiser
    from slicken.learning.training import Trainer, run_seeds
    from slicken.learning.training_data import training_data
    from slicken.study.plan import PAPER

    changed = {"units": units, "gate_start": problem.gates}
    return Trainer(
        engine=choose_engine(engine),
        architecture=Architecture(**PAPER["network"] | changed),
        optimiser=Optimiser(**PAPER["optimiser"] | {"batch": problem.batch}),
        seeds=run_seeds(SEED, len(problem.runs)),
        epochs=1,
        data=training_data(
            problem.drivers,
            problem.friction,
            training=training.astype(np.int64),
            validation=validation.astype(np.int64),
            histories=(problem.length,),
        ),
    )


def weights_by_name(networks: Any) -> dict[str, NDArray[np.float32]]:  # noqa: ANN401
    """The weights of an ensemble as the workers are given them."""
    weights = {"dense": networks.dense, "offset": networks.offset}
    for layer, convolution in enumerate(networks.convolutions):
        weights |= {f"kernel{layer}": convolution.kernel, f"bias{layer}": convolution.bias}
    for layer, gru in enumerate(networks.recurrent):
        weights |= {
            f"gru_kernel{layer}": gru.kernel,
            f"gru_recurrent{layer}": gru.recurrent_kernel,
            f"gru_bias{layer}": gru.bias,
        }
    return {name: np.asarray(values) for name, values in weights.items()}


def _trainer_of(engine: str, problem: Problem, batch: NDArray[np.int32]) -> Any:  # noqa: ANN401
    units = problem.weights["dense"].shape[-1]
    return make_trainer(engine, problem, units, batch, problem.check)


def _require_same(
    ours: dict[str, NDArray[np.float32]], given: dict[str, NDArray[np.float32]]
) -> None:
    for name, values in given.items():
        if not np.array_equal(ours[name], values):
            raise ValueError(f"the first weights differ from those of the others: {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--threads", type=int, help="cores to keep to; all where not given")
    asked = parser.parse_args()
    if asked.threads is not None:
        os.sched_setaffinity(0, set(cores()[: asked.threads]))  # before JAX counts them
    answer(Slicken(asked.engine))


if __name__ == "__main__":
    main()
