"""Velocity: slip velocity and slip where a log has only a displacement.

The velocity is the slope of a straight line through the last seconds, as all rates are, so it knows
nothing of the future; until these seconds have passed, at the start and after a gap, there is none.
A displacement that is quantised, or noisier than the slip of one sample, has
a slope only over some time: the span is the shortest at which the velocity of steady sliding is
known well enough, and the delay that it costs is said.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.channels import CHANNELS, LOAD_POINT, LOAD_POINT_VELOCITY, SLIP, SLIP_VELOCITY
from slicken.errors import ExperimentError
from slicken.experiment.motion import ALMOST_NONE
from slicken.experiment.rates import FEWEST, causal_rate
from slicken.logs.finding import Finding
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.experiment.draft import Draft

WELL_KNOWN = 0.1
"""Noise of the velocity over the slowest usual velocity, at most."""
LONGEST = 60.0
"""Span in s that is tried, at most."""
GROWTH = 1.25
"""Span that is tried over the one before."""
SLOW = 0.1
"""Share of the sliding that is slower than the slowest usual velocity."""
BLOCK = 8
"""Spans in a block, within which the noise is measured."""
_CLEARLY, _SURELY = 4.0, 6.0
"""Mean velocity of a block over its standard error from which it slides; at all in the record."""
_STEADY = 2.0
"""Scatter of the velocity in a block over the usual one, at most, where the sliding is steady."""
_RESTING_VALUES = 3
"""Different values that a displacement at rest takes, at most, whatever its order."""


@dataclass(frozen=True)
class Span:
    """Time over which a velocity is fitted.

    Args:
        seconds: Length, s.
        noise: Standard deviation of the velocity in steady sliding, m/s.
        slowest: Slowest usual velocity, m/s.
    """

    seconds: float
    noise: float
    slowest: float


def with_velocity(draft: "Draft", span: float | None) -> "Draft":
    """The draft with slip velocity and slip, from a displacement where the log has no velocity.

    Args:
        draft: Channels on a uniform grid.
        span: Seconds over which the velocity is fitted; chosen from the noise where None.

    Raises:
        ExperimentError: If the displacement does not move.
    """
    if SLIP_VELOCITY.name in draft.channels:
        return draft
    if SLIP.name in draft.channels:
        return _derived(draft, SLIP.name, span)
    if LOAD_POINT.name in draft.channels:
        return _of_the_load(_derived(draft, LOAD_POINT.name, span))
    imposed = draft.channels.get(LOAD_POINT_VELOCITY.name)
    if imposed is None:
        return draft
    return _of_the_load(draft.put({SLIP_VELOCITY.name: imposed}))


def choose_span(displacement: NDArray[np.float64], dt: float) -> Span | None:
    """The shortest span whose velocity is known to :data:`WELL_KNOWN` of the slowest usual one.

    The noise is read off the record itself: it is the scatter of the velocity within blocks of
    :data:`BLOCK` spans, in most of which the sliding is steady. Holds count for nothing.

    Args:
        displacement: Shape ``(T,)``, m; NaN in gaps.
        dt: Time step, s.

    Returns:
        The span; the longest where none will do, and None where nothing moves: where the
        displacement has no trend, in the record or in a block, that its noise does not explain.
    """
    known = displacement[np.isfinite(displacement)]
    if np.unique(known).size <= min(_RESTING_VALUES, known.size // 4):
        return None
    samples, found = FEWEST, None
    most = max(min(round(LONGEST / dt), _stretch(displacement) // 4), FEWEST)
    while samples <= most:
        found = measured(displacement, dt, samples)
        if found is not None and found.noise <= WELL_KNOWN * found.slowest:
            break
        samples = max(samples + 1, round(samples * GROWTH))
    return found


def measured(displacement: NDArray[np.float64], dt: float, samples: int) -> Span | None:
    """A span of so many samples, with the noise of its velocity; None where nothing moves."""
    blocks = _blocks(displacement, dt, samples)
    if blocks is None:
        return None
    speed, scatter = np.abs(blocks.mean), blocks.scatter
    # The line through a block is known better than that through a span by the power of 3/2.
    better = (samples / blocks.size) ** 1.5
    usual = float(np.median(scatter))
    error = better * np.maximum(scatter, usual)
    going = speed > np.maximum(_CLEARLY * error, ALMOST_NONE * np.quantile(speed, 0.99))
    trend = _trend(displacement, dt)
    of_trend = float(np.sqrt(np.mean(scatter**2))) * (samples / displacement.size) ** 1.5
    drifts = abs(trend) > _SURELY * of_trend
    if not (drifts or bool((speed > _SURELY * error).any())):
        return None
    span = float(f"{(samples - 1) * dt:.6g}")
    if not going.any():
        return Span(span, usual, abs(trend))
    usual = float(np.median(scatter[going]))
    steady = going & (scatter <= _STEADY * usual)
    return Span(span, usual, float(np.quantile(speed[steady], SLOW)))


@dataclass(frozen=True)
class _Blocks:
    """Velocity over blocks of a record, which overlap.

    Args:
        mean: Mean in each, m/s, shape ``(B,)``.
        scatter: Standard deviation in each, m/s, shape ``(B,)``.
        size: Samples in each.
    """

    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    size: int


def _blocks(displacement: NDArray[np.float64], dt: float, samples: int) -> _Blocks | None:
    """Blocks without a gap; None where there is none."""
    velocity = causal_rate(displacement, dt, (samples - 1) * dt, whole=True)
    known = np.isfinite(velocity)
    longest = _longest_run(known)
    if not longest:
        return None
    size = min(BLOCK * samples, max(2 * samples, longest // 4), longest)
    starts = np.arange(0, velocity.size - size + 1, max(size // 4, 1))
    inside = np.concatenate([[0], np.cumsum(known)])
    starts = starts[inside[starts + size] - inside[starts] == size]
    if not starts.size:  # the longest stretch lies between the starts
        starts = np.flatnonzero(inside[size:] - inside[:-size] == size)[:1]
    scale = float(np.abs(velocity[known]).max()) or 1.0
    middle = float(np.mean(velocity[known] / scale))
    apart = np.where(known, velocity / scale - middle, 0.0)
    sums = np.concatenate([[0.0], np.cumsum(apart)])
    squares = np.concatenate([[0.0], np.cumsum(apart**2)])
    mean = (sums[starts + size] - sums[starts]) / size
    variance = np.maximum((squares[starts + size] - squares[starts]) / size - mean**2, 0)
    # Velocities less than a span apart share samples: one degree of freedom is a span.
    variance *= size / max(size - samples, 1)
    return _Blocks(scale * (mean + middle), scale * np.sqrt(variance), size)


def _runs(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the runs of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    return edges[1::2] - edges[::2]


def _longest_run(known: NDArray[np.bool_]) -> int:
    return int(_runs(known).max(initial=0))


def _stretch(displacement: NDArray[np.float64]) -> int:
    """Samples in the stretches without a gap that hold half of the record, at least."""
    lengths = np.sort(_runs(np.isfinite(displacement)))
    passed = np.cumsum(lengths)
    return int(lengths[np.searchsorted(passed, passed[-1] / 2)])


def _trend(displacement: NDArray[np.float64], dt: float) -> float:
    """Slope of a line through the whole record, m/s."""
    places = np.flatnonzero(np.isfinite(displacement))
    middle = places - places.mean()
    values = displacement[places] - displacement[places[0]]
    return float(middle @ values / (middle @ middle) / dt)


def _derived(draft: "Draft", name: str, span: float | None) -> "Draft":
    displacement, dt = draft.channels[name], draft.dt
    chosen = choose_span(displacement, dt)
    if chosen is None:
        raise ExperimentError(
            f"{draft.source}: {CHANNELS[name].in_text()} does not move"
            f"{_scatters(displacement)}, so there is no slip velocity; name another column, or "
            "the velocity, in a channel map"
        )
    if span is not None:
        samples = max(round(span / dt) + 1, FEWEST)
        known, blocks = measured(displacement, dt, samples), _blocks(displacement, dt, samples)
        if known is not None:
            chosen = Span(span, known.noise, known.slowest)
        elif blocks is not None:  # too short a span to show that anything moves
            chosen = Span(span, float(np.median(blocks.scatter)), chosen.slowest)
        else:
            chosen = Span(span, np.nan, chosen.slowest)
    forward = 1.0 if _trend(displacement, dt) >= 0 else -1.0  # slip counts the way of the load
    velocity = forward * causal_rate(displacement, dt, chosen.seconds, whole=True)
    if not np.isfinite(velocity).any():
        raise ExperimentError(
            f"{draft.source}: {CHANNELS[name].in_text()} has no stretch of {chosen.seconds:g} s "
            "without a gap, so there is no slip velocity; lower velocity_span, or raise max_gap, "
            "under [preparation] of a channel map"
        )
    found = Statement(
        "steps.velocity",
        channel=name,
        span=chosen.seconds,
        noise=(chosen.noise * 1e6, "µm/s"),
        share=chosen.noise / chosen.slowest,
        delay=chosen.seconds / 2,
    )
    finding = Finding(Statement("findings.derived", what=found))
    slip = {SLIP.name: forward * displacement}
    return draft.put({SLIP_VELOCITY.name: velocity, **slip}).record(found).note([finding])


def _scatters(displacement: NDArray[np.float64]) -> str:
    reach = float(np.ptp(displacement[np.isfinite(displacement)]))
    return f": it scatters by {reach * 1e6:.3g} um about a constant" if reach else ""


def _of_the_load(draft: "Draft") -> "Draft":
    """The draft, with a word that the load point's motion stands for slip."""
    return draft.note([Finding(Statement("findings.load_for_slip"))])
