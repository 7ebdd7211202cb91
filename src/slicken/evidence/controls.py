"""Controls: what importance looks like where there is nothing to find.

Shares always sum to one, so each needs a null level. Three controls give one, at the length that
the window comparison chose:

- **probes**: an ensemble that also sees noise features: white noise, and a copy of each driver
  whose blocks of time were shuffled. The importance of these features is the null level.
- **untrained**: the same networks before training. A ranking that they give too comes from the
  network and the drivers' own variability, not from friction (Adebayo et al. 2018, arXiv
  1810.03292).
- **shuffled friction**: an ensemble that was trained on friction with its blocks of time shuffled.
  There is nothing to learn, so its ranking comes from noise that it memorised.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.evidence.attribution import METHODS, NOISE, SHUFFLED, attribute
from slicken.evidence.importance import measure_importance
from slicken.learning.bins import edges_to
from slicken.learning.engine import choose_engine
from slicken.learning.scaling import learn_scaling
from slicken.study.checkpoint import Checkpoint, stacked, train_on
from slicken.study.plan import CONTROL_FOLDS, CONTROL_RUNS, Plan
from slicken.study.task import make_trainer

if TYPE_CHECKING:
    from slicken.evidence.steps import At
    from slicken.learning.ensemble import Ensemble
    from slicken.learning.record import Record
    from slicken.learning.training import EpochLosses
    from slicken.study.prepared import Prepared


def with_probes(prepared: "Prepared", block: int, seed: int) -> "Prepared":
    """The same study with a channel of white noise and a shuffled copy of each driver.

    Args:
        prepared: Record and its parts.
        block: samples in a block that stays whole; at least the window, so that most windows of a
            copy have happened.
        seed: Random seed of the noise and of the shuffling.
    """
    record = prepared.record
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(len(record))
    order = shuffled_blocks(record, block, rng)
    wide = replace(
        record,
        channels=(*record.channels, NOISE, *[SHUFFLED + name for name in record.channels]),
        drivers=np.column_stack([record.drivers, noise, record.drivers[order]]),
    )
    return replace(prepared, record=wide, scaling=learn_scaling(wide, prepared.split))


def with_shuffled_friction(prepared: "Prepared", block: int, seed: int) -> "Prepared":
    """The same study with friction whose blocks of time are shuffled within each experiment."""
    order = shuffled_blocks(prepared.record, block, np.random.default_rng(seed))
    record = replace(prepared.record, friction=prepared.record.friction[order])
    return replace(prepared, record=record, scaling=learn_scaling(record, prepared.split))


def shuffled_blocks(record: "Record", block: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Samples in an order that shuffles blocks of usable time within each experiment, ``(T,)``.

    Where an experiment has fewer than three blocks, blocks are shorter.
    """
    order = np.arange(len(record))
    for number in range(len(record.experiments)):
        here = np.flatnonzero((record.experiment == number) & ~record.gap)
        count = max(3, here.size // block)
        pieces = np.array_split(here, count)
        places = rng.permutation(count)
        while np.any(places == np.arange(count)):  # no block stays where it is
            places = rng.permutation(count)
        order[here] = np.concatenate([pieces[place] for place in places])
    return order


class Control(NamedTuple):
    """An ensemble that was trained on something else.

    Args:
        ensemble: Networks of each run's best epoch.
        best_loss: Lowest validation loss of each run, shape ``(R,)``.
    """

    ensemble: "Ensemble"
    best_loss: NDArray[np.float64]


def train_control(
    plan: Plan,
    prepared: "Prepared",
    seconds: float,
    checkpoint: Checkpoint | None = None,
    on_epoch: Callable[[int, "EpochLosses"], None] | None = None,
) -> Control:
    """Train the runs of one window length on something else; only the checkpoint is kept.

    Args:
        plan: Plan of the control; see :func:`plan_of_controls`.
        prepared: What it is trained on.
        seconds: Window length.
        checkpoint: Read first, written now and then.
        on_epoch: Called with the number and the losses of each epoch as it ends.
    """
    engine = choose_engine(plan.engine)
    # Whether there is a linear part at all is not asked again: noise features make trees slow.
    trainer = make_trainer(plan, prepared, engine, seconds, with_trees=False)
    states, losses = train_on(trainer, plan.epochs, checkpoint, on_epoch)
    lowest = np.fmin.reduce(stacked(losses, "validation"), axis=1, initial=np.inf)
    length = prepared.record.samples_in(seconds)
    ensemble = trainer.ensemble(trainer.best_networks(states), length)
    return Control(ensemble, lowest.astype(np.float64))


def plan_of_controls(plan: Plan) -> Plan:
    """The plan of a study with as few runs as a control needs, in all folds together."""
    folds = min(plan.folds, CONTROL_FOLDS)
    return plan.model_copy(update={"runs": min(plan.runs, -(-CONTROL_RUNS // folds))})


def pool_controls(tables: Sequence[xr.Dataset]) -> xr.Dataset:
    """Readings of several folds as one: each run has those at the targets of its own fold.

    Args:
        tables: Readings of each fold; one is returned as it is.
    """
    if len(tables) == 1:
        return tables[0]
    runs, targets, numbered = 0, 0, []
    for table in tables:
        sizes = table.sizes
        run, target = runs + np.arange(sizes["run"]), targets + np.arange(sizes["target"])
        bare = table.reset_coords(drop=True).assign_coords(channel=table["channel"])
        numbered.append(bare.assign_coords(run=run, target=target))
        runs, targets = runs + sizes["run"], targets + sizes["target"]
    return xr.concat(numbered, "run", join="outer").drop_vars("target")


def read_probes(at: "At") -> xr.Dataset:
    """Readings of an ensemble that also sees noise features."""
    plan, of = plan_of_controls(at.trained.plan), with_probes(*_in_blocks(at))
    on_epoch = at.epochs_left(plan.epochs, others=1)
    control = train_control(plan, of, at.seconds, at.checkpoint("probes"), on_epoch)
    return _read(of, control.ensemble, plan)


def read_shuffled(at: "At") -> xr.Dataset:
    """Readings of an ensemble that was trained on shuffled friction, about the true one."""
    plan, of = plan_of_controls(at.trained.plan), with_shuffled_friction(*_in_blocks(at))
    on_epoch = at.epochs_left(plan.epochs, others=0)
    control = train_control(plan, of, at.seconds, at.checkpoint("shuffled"), on_epoch)
    return _read(replace(at.trained.prepared, scaling=of.scaling), control.ensemble, plan)


def read_untrained(at: "At") -> xr.Dataset:
    """Readings of the networks before training."""
    plan, prepared = plan_of_controls(at.trained.plan), at.trained.prepared
    engine = choose_engine(plan.engine)
    trainer = make_trainer(plan, prepared, engine, at.seconds)
    networks = trainer.best_networks(trainer.start())
    whole = trainer.ensemble(networks, prepared.record.samples_in(at.seconds))
    ensemble = replace(whole, linear=None)  # a linear part is not untrained
    return _read(prepared, ensemble, plan)


def _in_blocks(at: "At") -> tuple["Prepared", int, int]:
    """Study, samples in a block that stays whole, and seed of the shuffling."""
    plan, prepared = at.trained.plan, at.trained.prepared
    return prepared, prepared.record.samples_in(plan.windows[-1]), plan.seed


def _read(prepared: "Prepared", ensemble: "Ensemble", plan: Plan) -> xr.Dataset:
    gradients = measure_importance(prepared, ensemble, plan.importance_on)
    found = attribute(
        prepared,
        ensemble,
        plan.importance_on,
        gradients,
        edges=edges_to(ensemble.length),
        seed=plan.seed,
        folds=plan.folds,
    )
    return found[[name for name in METHODS if name in found]]
