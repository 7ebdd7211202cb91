"""Drivers: one verdict for each, from all readings of importance and their null level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    AXIAL_RATE,
    TEMPERATURE,
    TEMPERATURE_RATE,
)
from slicken.evidence.attribution import METHODS, NOISE, SHUFFLED
from slicken.evidence.resampling import (
    PERCENTILES,
    Blocks,
    Interval,
    mean_interval,
    resampled_counts,
)
from slicken.evidence.tabular import within
from slicken.statements import Statement

Verdict = Literal[
    "supported",
    "informative",
    "not_separable",
    "methods_disagree",
    "negligible",
    "no_better_than_noise",
    "unknown",
]
RATE_OF: Mapping[str, str] = {
    TEMPERATURE_RATE.name: TEMPERATURE.name,
    AXIAL_RATE.name: AXIAL_DISPLACEMENT.name,
}
"""A channel's rate and the channel: within a window they determine one another."""
NEGLIGIBLE_SHARE = 0.05
"""A driver that accounts for less than this share of the error reduction by all drivers is
negligible, however certain that little is."""
REPLACEABLE = 0.01
"""Share of friction's variance below which leaving a driver out costs nothing."""
ABOUT_TRENDS = 0.02
"""Share of friction's variance about its trends that a driver must predict to have more in common
with friction than a trend."""
COUNTS_AGAINST = 0.05
"""Share of friction's variance from which the future, or the normal stress, speaks against."""


@dataclass(frozen=True, repr=False)
class DriverVerdict:
    """What may be concluded about one driver.

    Args:
        channel: Name of the driver.
        verdict: Conclusion.
        reasons: Statements behind it.
        share: Share of the error reduction by all drivers.
        rank: Mean rank over runs by ``shapley_loss``, 1 is first, with its interval over runs.
    """

    channel: str
    verdict: Verdict
    reasons: tuple[Statement, ...]
    share: Interval
    rank: Interval

    def __repr__(self) -> str:
        numbers = f"share {within(self.share)}, rank {within(self.rank, '.1f')}"
        return f"{self.channel}: {self.verdict}, {numbers}"


def shares_of(table: xr.Dataset, method: str) -> xr.DataArray:
    """Shares of the drivers by one method, dims ``(run, channel)``; they sum to one.

    By error, a driver may make predictions worse, and have a share below zero.
    """
    means = table[method].mean("target", skipna=True)
    total = means.sum("channel")
    return means / total.where(total > 0)


def ranks_of(shares: xr.DataArray) -> xr.DataArray:
    """Rank of each driver within its run, 1 is first, dims ``(run, channel)``."""
    order = np.argsort(np.argsort(-shares.to_numpy(), axis=1), axis=1) + 1.0
    return shares.copy(data=order)


def kendalls_w(ranks: NDArray[np.floating]) -> float:
    """Kendall's coefficient of concordance: 1 where all runs rank alike, 0 where none agree.

    Args:
        ranks: without ties, shape ``(R, C)``.

    Example:
        >>> alike, opposite = np.array([[1, 2, 3], [1, 2, 3]]), np.array([[1, 2, 3], [3, 2, 1]])
        >>> kendalls_w(alike), kendalls_w(opposite)
        (1.0, 0.0)
    """
    judges, things = ranks.shape
    if judges < 2 or things < 2:
        return float("nan")
    sums = ranks.sum(axis=0)
    spread = float(((sums - sums.mean()) ** 2).sum())
    return 12 * spread / (judges**2 * (things**3 - things))


def rank_intervals(ranks: xr.DataArray, seed: int) -> dict[str, Interval]:
    """Mean rank of each driver with its interval over runs."""
    values = ranks.transpose("run", "channel").to_numpy()
    picks = resampled_counts(values.shape[0], seed) / values.shape[0]
    drawn = np.percentile(picks @ values, PERCENTILES, axis=0)
    names = [str(name) for name in ranks["channel"].to_numpy()]
    return {
        name: Interval(float(mean), float(low), float(high))
        for name, mean, low, high in zip(names, values.mean(axis=0), *drawn, strict=True)
    }


def judge_drivers(
    table: xr.Dataset,
    probes: xr.Dataset | None,
    roles: xr.Dataset,
    blocks: Blocks,
    *,
    has_skill: bool,
    lag_model_fits: bool,
    seed: int,
    common_course: bool = False,
) -> tuple[DriverVerdict, ...]:
    """One verdict for each driver.

    Args:
        table: all readings of the study's own ensemble; see :func:`attribute`.
        probes: the same of the ensemble that also sees probes; None where there is none.
        roles: see :func:`~slicken.evidence.confounding.measure_confounding`.
        blocks: Blocks of the targets of ``table``.
        has_skill: whether there is anything to explain.
        lag_model_fits: whether the lag model predicts as well as the networks, and so may speak.
        seed: Random seed of the resampling.
        common_course: Whether a course common to all experiments predicts as well.
    """
    drivers = [str(name) for name in table["channel"].to_numpy()]
    method = "shapley_loss" if "shapley_loss" in table else "permutation"
    values = table[method].transpose("run", "target", "channel").to_numpy()
    whole = float(values.mean(axis=(0, 1)).sum())
    scale = whole if whole > 0 else float("nan")
    ranks = rank_intervals(ranks_of(shares_of(table, method)), seed)
    found = []
    for place, name in enumerate(drivers):
        share = Interval(*(x / scale for x in mean_interval(values[:, :, place], blocks, seed)))
        if has_skill:
            verdict, reasons = _judge(name, share, probes, roles, drivers, lag_model_fits)
        else:
            verdict, reasons = "unknown", (Statement("driver_reasons.no_skill"),)
        if verdict == "supported" and common_course:
            verdict, reasons = "not_separable", (Statement("driver_reasons.common_course"),)
        found.append(DriverVerdict(name, verdict, reasons, share, ranks[name]))
    return tuple(found)


def _judge(
    name: str,
    share: Interval,
    probes: xr.Dataset | None,
    roles: xr.Dataset,
    drivers: Sequence[str],
    lag_model_fits: bool,
) -> tuple[Verdict, tuple[Statement, ...]]:
    by_error = share.low > 0
    votes = [above_null(probes, m, name) for m in METHODS if m in probes] if probes else []
    above, methods = sum(votes), len(votes)
    by_probes = above > methods / 2 if votes else by_error
    error = Statement("driver_reasons.reduces_error" if by_error else "driver_reasons.no_reduction")
    null = (
        Statement("driver_reasons.above_null", above=above, methods=methods)
        if votes
        else Statement("driver_reasons.no_null")
    )
    if not by_error and not by_probes:
        return "no_better_than_noise", (error, null)
    if by_error != by_probes:
        return "methods_disagree", (error, null)
    if share.value < NEGLIGIBLE_SHARE:
        small = Statement("driver_reasons.small_reduction", limit=NEGLIGIBLE_SHARE)
        return "negligible", (small, null)
    partner = _replaceable_by(name, roles, drivers) if lag_model_fits else None
    if partner:
        return "not_separable", (Statement("driver_reasons.replaceable", partner=partner), null)
    if _shares_a_trend(name, roles):
        return "not_separable", (Statement("driver_reasons.trend"), null)
    against = _evidence_against(name, roles)
    if against:
        return "informative", against
    return "supported", (error, null, _tested(name, roles))


def _tested(name: str, roles: xr.Dataset) -> Statement:
    """What the tests that found nothing are worth: less unexplained than asked for is no power."""
    left = 1 - float(roles["explained"])
    if left < COUNTS_AGAINST or not np.isfinite(float(roles["lead_gain"].sel(channel=name))):
        return Statement("driver_reasons.no_power", unexplained=left, limit=COUNTS_AGAINST)
    return Statement("driver_reasons.nothing_against")


def above_null(probes: xr.Dataset, method: str, name: str) -> bool:
    """Whether a driver clearly exceeds every noise feature of the same ensemble, over runs."""
    means = probes[method].mean("target", skipna=True).transpose("run", "channel")
    channels = [str(channel) for channel in means["channel"].to_numpy()]
    noise = [i for i, c in enumerate(channels) if c == NOISE or c.startswith(SHUFFLED)]
    values = means.to_numpy()
    gaps = values[:, channels.index(name)] - values[:, noise].max(axis=1)
    error = gaps.std(ddof=1) / np.sqrt(gaps.size) if gaps.size > 1 else np.inf
    return bool(gaps.mean() > 2 * error)


def _replaceable_by(name: str, roles: xr.Dataset, drivers: Sequence[str]) -> str | None:
    """The driver that can take this one's place, if leaving this one out costs nothing."""
    if float(roles["left_out"].sel(channel=name)) > REPLACEABLE:
        return None
    both = roles["left_out_both_low"].sel(channel=name).to_numpy()
    gains = {
        other: float(gap) - max(float(roles["left_out"].sel(channel=other)), 0.0)
        for other, gap in zip(drivers, both, strict=True)
        if other != name and np.isfinite(gap)
    }
    if not gains:
        return None
    best = max(gains, key=lambda other: gains[other])
    return best if gains[best] > REPLACEABLE else RATE_OF.get(name)


def _shares_a_trend(name: str, roles: xr.Dataset) -> bool:
    """Whether the driver predicts nothing of friction once trends are taken off both."""
    if "about_trends" not in roles:
        return False
    gain, low = (float(roles[f"about_trends{e}"].sel(channel=name)) for e in ("", "_low"))
    return bool(np.isfinite(low)) and (low <= 0 or gain < ABOUT_TRENDS)


def _evidence_against(name: str, roles: xr.Dataset) -> tuple[Statement, ...]:
    """Why a driver may be no cause; empty where no test says so."""
    found = []
    gain, low = (float(roles[f"lead_gain{e}"].sel(channel=name)) for e in ("", "_low"))
    if low > 0 and gain > COUNTS_AGAINST:
        found.append(Statement("driver_reasons.lead", gain=gain))
    if "stress_gain" in roles:
        gain, low = float(roles["stress_gain"]), float(roles["stress_gain_low"])
        if low > 0 and gain > COUNTS_AGAINST:
            found.append(Statement("driver_reasons.stress", gain=gain))
    return tuple(found)
