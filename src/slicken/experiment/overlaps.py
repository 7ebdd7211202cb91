"""Overlaps: two logs that repeat one another are pieces of one record, and as two would be a leak.

Every second experiment of a campaign runs the same protocol, so likeness of courses says nothing.
What two experiments never share is noise: where both have a sample, friction must rise and fall
together from one to the next, and differ by less than it moves in a step.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import FRICTION
from slicken.errors import PlanError

if TYPE_CHECKING:
    from slicken.experiment.experiment import Experiment
    from slicken.experiment.samples import Samples

FEWEST = 30
"""Samples that two logs must share to be compared."""
TOGETHER, SURE = 0.6, 4.0
"""Share of steps in which both rise or both fall, at least, and standard errors above a half:
resampling to other instants blurs what were the same samples."""
LATER = 0.05
"""Share of a record after which a piece of it begins; before, two experiments start alike."""
CLOSE = 1.2
"""Difference over the usual step of friction, at most."""


def check_overlaps(paths: Sequence[Path], runs: "Sequence[Experiment | Samples]") -> None:
    """Make sure that no log repeats a part of another.

    Args:
        paths: File of each run.
        runs: Prepared runs of the rig.

    Raises:
        PlanError: If one does.
    """
    ordered = sorted(zip(paths, runs, strict=True), key=lambda pair: float(pair[1].time[0]))
    for (path, run), (other, piece) in itertools.combinations(ordered, 2):
        begins, ends = float(piece.time[0]), float(min(run.time[-1], piece.time[-1]))
        later = begins - float(run.time[0]) > LATER * float(np.ptp(run.time))
        if not (later and begins < ends) or not is_repeated(run, piece, (begins, ends)):
            continue
        within = piece.time[-1] <= run.time[-1]
        mend = (
            f"leave {other.name} out"
            if within
            else (
                'join them in the channel map, with [[correction]] kind = "join" '
                f'files = ["{other.name}"], and name {path.name} alone'
            )
        )
        where = f"a part of {path.name}" if within else f"the end of {path.name}"
        raise PlanError(
            f"{other}: repeats {where}, from {begins:g} to {ends:g} s; one record in two "
            f"experiments would be a leak: {mend}"
        )


def is_repeated(
    run: "Experiment | Samples", piece: "Experiment | Samples", between: tuple[float, float]
) -> bool:
    """Whether friction is the same where both have it, up to resampling.

    Args:
        run: One run of the rig.
        piece: Another.
        between: Start and end of the time that both have, s.
    """
    here = (run.time >= between[0]) & (run.time <= between[1])
    ours = run.channels[FRICTION.name][here]
    theirs = np.interp(run.time[here], piece.time, piece.channels[FRICTION.name])
    known = np.isfinite(ours) & np.isfinite(theirs)
    ours, theirs = ours[known], theirs[known]
    if ours.size < FEWEST:
        return False
    steps, others = np.diff(ours), np.diff(theirs)
    moved = (steps != 0) & (others != 0)
    if moved.sum() < FEWEST:
        return bool(np.array_equal(ours, theirs) and np.ptp(ours) > 0)
    together = float(np.mean(np.sign(steps[moved]) == np.sign(others[moved])))
    sure = 2 * (together - 0.5) * np.sqrt(moved.sum()) > SURE
    close = float(np.std(ours - theirs)) <= CLOSE * float(np.std(steps[moved]))
    return bool(together > TOGETHER and sure and close)
