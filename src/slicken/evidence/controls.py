"""Controls: what importance looks like where there is nothing to find.

Shares always sum to one, so each needs a zero. Three controls give one, at the length that the
window comparison chose:

- **probes**: an ensemble that also sees white noise, and a copy of each driver whose blocks of time
  were shuffled: it looks like the driver and knows nothing of friction then. What such channels
  earn, anything can earn.
- **untrained**: the same networks before training. A ranking that they give too comes from the
  network and the drivers' own variability, not from friction (Adebayo et al. 2018, arXiv
  1810.03292).
- **shuffled friction**: an ensemble that was trained on friction with its blocks of time shuffled.
  There is nothing to learn, so what it ranks is noise that was learned by heart.

Two more are trained on request, because they take as long as the study itself:

- **without**: each driver removed in turn, and the networks trained anew (Hooker et al. 2019, arXiv
  1806.10758): what is lost then, no other driver can give.
- **leak**: the same windows, divided at random. Neighbouring windows share nearly all their
  samples, so such a split tests on what it trained on; how much better it looks is the leak
  (Kapoor & Narayanan 2023, arXiv 2207.07048).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slicken.learning.engine import Engine
from slicken.learning.ensemble import Ensemble
from slicken.learning.record import Record
from slicken.learning.scaling import learn_scaling
from slicken.learning.splits import PARTS
from slicken.learning.training import EpochLosses
from slicken.study.checkpoint import Checkpoint, stacked, train_on
from slicken.study.plan import Plan
from slicken.study.prepared import Prepared
from slicken.study.task import make_trainer

NOISE = "noise_probe"
SHUFFLED = "shuffled_"
"""Before the name of a driver: its copy with shuffled blocks."""


def with_probes(prepared: Prepared, block: int, seed: int) -> Prepared:
    """The same study with a channel of white noise and a shuffled copy of each driver.

    Args:
        prepared: the record and its parts.
        block: samples in a block that stays whole; at least the window, so that most windows of a
            copy have happened.
        seed: of the noise and of the shuffling.
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


def with_shuffled_friction(prepared: Prepared, block: int, seed: int) -> Prepared:
    """The same study with friction whose blocks of time are shuffled within each experiment."""
    order = shuffled_blocks(prepared.record, block, np.random.default_rng(seed))
    record = replace(prepared.record, friction=prepared.record.friction[order])
    return replace(prepared, record=record, scaling=learn_scaling(record, prepared.split))


def shuffled_blocks(record: Record, block: int, rng: np.random.Generator) -> NDArray[np.int64]:
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


def without_driver(prepared: Prepared, driver: str) -> Prepared:
    """The same study, which does not see one driver."""
    kept = [name != driver for name in prepared.record.channels]
    record = replace(
        prepared.record,
        channels=tuple(name for name in prepared.record.channels if name != driver),
        drivers=prepared.record.drivers[:, kept],
    )
    return replace(prepared, record=record, scaling=learn_scaling(record, prepared.split))


def with_leak(prepared: Prepared, seed: int) -> Prepared:
    """The same targets, dealt at random to parts of the same sizes."""
    ends = prepared.split.ends
    dealt = np.random.default_rng(seed).permutation(np.concatenate([ends[part] for part in PARTS]))
    pieces = np.split(dealt, np.cumsum([ends[part].size for part in PARTS])[:-1])
    mixed = {part: np.sort(piece) for part, piece in zip(PARTS, pieces, strict=True)}
    return replace(prepared, split=replace(prepared.split, ends=mixed))


class Control(NamedTuple):
    """An ensemble that was trained on something else.

    Args:
        ensemble: of each run's best epoch.
        best_loss: lowest validation loss of each run, shape ``(R,)``.
    """

    ensemble: Ensemble
    best_loss: NDArray[np.float64]


def train_control(
    plan: Plan,
    prepared: Prepared,
    engine: Engine,
    seconds: float,
    checkpoint: Checkpoint | None = None,
    told: Callable[[int, EpochLosses], None] | None = None,
) -> Control:
    """Train the runs of one window length on something else; only the checkpoint is kept.

    Args:
        plan: of the control.
        prepared: what it is trained on.
        engine: that trains.
        seconds: the window length.
        checkpoint: read first, written now and then.
        told: the number and the losses of each epoch as it ends.
    """
    trainer = make_trainer(plan, prepared, engine, seconds)
    states, losses = train_on(trainer, plan.epochs, checkpoint, told)
    lowest = np.fmin.reduce(stacked(losses, "validation"), axis=1, initial=np.inf)
    ensemble = Ensemble(trainer.best_networks(states), trainer.length, engine)
    return Control(ensemble, lowest.astype(np.float64))


def untrained(plan: Plan, prepared: Prepared, engine: Engine, seconds: float) -> Ensemble:
    """The runs of one window length before training."""
    trainer = make_trainer(plan, prepared, engine, seconds)
    return Ensemble(trainer.best_networks(trainer.start()), trainer.length, engine)
