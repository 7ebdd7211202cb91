"""Velocity: slip velocity and slip where a log has only a displacement.

The velocity is the slope of a straight line through the last seconds, as all rates are, so it knows
nothing of the future. A displacement that is quantised, or noisier than the slip of one sample, has
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
FASTEST, SURE = 0.99, 5.0
"""Quantile of the velocity that is the fastest, and noise over which something moves."""
NORMAL = 1.4826
"""Standard deviation of normal noise over the median of its absolute values."""


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

    The noise is read off the record itself: velocities one span apart share no sample, and in
    steady sliding they differ by noise alone, most of the time.

    Args:
        displacement: Shape ``(T,)``, m; NaN in gaps.
        dt: Time step, s.

    Returns:
        The span; the longest where none will do, and None where nothing moves.
    """
    samples, found = FEWEST, None
    most = min(round(LONGEST / dt), displacement.size // 4)
    while samples <= max(most, FEWEST):
        measured = _noise(displacement, dt, samples)
        if measured is not None:
            found = Span(float(f"{(samples - 1) * dt:.6g}"), *measured)
            if found.noise <= WELL_KNOWN * found.slowest:
                break
        samples = max(samples + 1, round(samples * GROWTH))
    return found


def _noise(
    displacement: NDArray[np.float64], dt: float, samples: int
) -> tuple[float, float] | None:
    """Noise of the velocity, and the slowest usual velocity; None where nothing moves."""
    velocity = causal_rate(displacement, dt, (samples - 1) * dt)
    known = velocity[np.isfinite(velocity)]
    speed = np.abs(known)
    if not known.size or not speed.max() > 0:
        return None
    going = speed > ALMOST_NONE * np.quantile(speed, 0.99)
    apart = velocity[samples:] - velocity[:-samples]
    apart = np.abs(apart[np.isfinite(apart)])
    if not apart.size or not going.any():
        return None
    noise = NORMAL * float(np.median(apart)) / float(np.sqrt(2))
    return noise, float(np.quantile(speed[going], SLOW))


def _moves(displacement: NDArray[np.float64], dt: float, span: Span) -> bool:
    """Whether a displacement is more than noise: at its fastest, or over the whole record."""
    velocity = causal_rate(displacement, dt, span.seconds)
    known = np.isfinite(velocity)
    if not known.any():
        return False
    fastest = float(np.quantile(np.abs(velocity[known]), FASTEST))
    return fastest > SURE * span.noise or _drifts(displacement)


def _drifts(displacement: NDArray[np.float64]) -> bool:
    """Whether a line through the whole record rises or falls by more than chance."""
    values = displacement[np.isfinite(displacement)]
    place = np.linspace(-1.0, 1.0, values.size)
    spread = float(place @ place)
    slope = float(place @ values) / spread
    left = values - values.mean() - slope * place
    return abs(slope) > SURE * float(np.std(left)) / np.sqrt(spread)


def _whole(velocity: NDArray[np.float64], dt: float, span: float) -> NDArray[np.float64]:
    """Velocities of whole spans: after the start or a hole, shorter lines are mostly noise."""
    usable = np.concatenate([[False], np.isfinite(velocity), [False]])
    edges = np.flatnonzero(np.diff(usable))
    whole = np.full_like(velocity, np.nan)
    missing = max(round(span / dt) + 1, FEWEST) - FEWEST
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        whole[start + missing : stop] = velocity[start + missing : stop]
    return whole


def _derived(draft: "Draft", name: str, span: float | None) -> "Draft":
    displacement, dt = draft.channels[name], draft.dt
    chosen = choose_span(displacement, dt)
    if chosen is None or not _moves(displacement, dt, chosen):
        raise ExperimentError(
            f"{draft.source}: {CHANNELS[name].in_text()} does not move, so there is no slip "
            "velocity; name another column, or the velocity, in a channel map"
        )
    if span is not None:
        samples = max(round(span / dt) + 1, FEWEST)
        chosen = Span(span, *(_noise(displacement, dt, samples) or (np.nan, np.nan)))
    ends = displacement[np.isfinite(displacement)][[0, -1]]
    forward = 1.0 if ends[1] >= ends[0] else -1.0  # slip is counted in the direction of the load
    velocity = forward * _whole(causal_rate(displacement, dt, chosen.seconds), dt, chosen.seconds)
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


def _of_the_load(draft: "Draft") -> "Draft":
    """The draft, with a word that the load point's motion stands for slip."""
    return draft.note([Finding(Statement("findings.load_for_slip"))])
