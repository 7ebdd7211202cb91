"""Drivers: one verdict for each, from all readings of importance and their zeros."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from slicken.channels import (
    AXIAL_DISPLACEMENT,
    AXIAL_RATE,
    CHANNELS,
    TEMPERATURE,
    TEMPERATURE_RATE,
)
from slicken.evidence.attribution import METHODS
from slicken.evidence.controls import NOISE, SHUFFLED
from slicken.evidence.resampling import Interval, mean_interval, resampled_counts

Status = Literal[
    "supported",
    "carries information",
    "not separable",
    "methods disagree",
    "negligible",
    "no better than noise",
    "cannot be told",
]
RATE_OF: Mapping[str, str] = {
    TEMPERATURE_RATE.name: TEMPERATURE.name,
    AXIAL_RATE.name: AXIAL_DISPLACEMENT.name,
}
"""A channel's rate and the channel: within a window they determine one another."""
NEGLIGIBLE_SHARE = 0.05
"""A driver that takes away less of the squared error than this share of what all drivers take away
hardly counts, however sure that little is."""
REPLACEABLE = 0.01
"""Share of friction's variance below which leaving a driver out costs nothing."""
COUNTS_AGAINST = 0.05
"""Share of friction's variance from which the future, or the normal stress, speaks against."""


@dataclass(frozen=True)
class DriverVerdict:
    """What may be said of one driver.

    Args:
        channel: its name.
        status: in a few words.
        reason: one sentence.
        shapley: share of the squared error that it takes away, of what all drivers take away.
        rank: mean rank over runs by ``shapley_loss``, 1 is first, with its interval over runs.
    """

    channel: str
    status: Status
    reason: str
    shapley: Interval
    rank: Interval


def shares_of(table: xr.Dataset, method: str) -> xr.DataArray:
    """Shares of the drivers by one method, dims ``(run, channel)``; they sum to one.

    By error, a driver may take away less than nothing, and have a share below zero.
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
    drawn = np.percentile(picks @ values, [2.5, 97.5], axis=0)
    names = [str(name) for name in ranks["channel"].to_numpy()]
    return {
        name: Interval(float(mean), float(low), float(high))
        for name, mean, low, high in zip(names, values.mean(axis=0), *drawn, strict=True)
    }


def judge_drivers(
    table: xr.Dataset,
    probes: xr.Dataset | None,
    roles: xr.Dataset,
    blocks: NDArray[np.int64],
    *,
    has_skill: bool,
    lag_model_fits: bool,
    seed: int,
) -> tuple[DriverVerdict, ...]:
    """One verdict for each driver.

    Args:
        table: all readings of the study's own ensemble; see :func:`attribute`.
        probes: the same of the ensemble that also sees probes; None where there is none.
        roles: see :func:`~slicken.evidence.confounding.measure_confounding`.
        blocks: of the targets of ``table``.
        has_skill: whether there is anything to explain.
        lag_model_fits: whether the lag model predicts as well as the networks, and so may speak.
        seed: of the resampling.
    """
    drivers = [str(name) for name in table["channel"].to_numpy()]
    method = "shapley_loss" if "shapley_loss" in table else "permutation"
    values = table[method].transpose("run", "target", "channel").to_numpy()
    whole = float(values.mean(axis=(0, 1)).sum())
    scale = whole if whole > 0 else float("nan")
    ranks = rank_intervals(ranks_of(shares_of(table, method)), seed)
    found = []
    for place, name in enumerate(drivers):
        raw = mean_interval(values[:, :, place], blocks, seed)
        shapley = Interval(*(x / scale for x in raw))
        if not has_skill:
            verdict: tuple[Status, str] = (
                "cannot be told",
                "the networks have no proven skill on the test part",
            )
        else:
            verdict = _judge(name, shapley, probes, roles, drivers, lag_model_fits=lag_model_fits)
        found.append(DriverVerdict(name, *verdict, shapley, ranks[name]))
    return tuple(found)


def _judge(
    name: str,
    shapley: Interval,
    probes: xr.Dataset | None,
    roles: xr.Dataset,
    drivers: Sequence[str],
    *,
    lag_model_fits: bool,
) -> tuple[Status, str]:
    by_error = shapley.low > 0
    votes = [above_null(probes, m, name) for m in METHODS if m in probes] if probes else [by_error]
    by_probes = sum(votes) > len(votes) / 2
    if not by_error and not by_probes:
        return (
            "no better than noise",
            "it takes nothing away from the error, and earns no more than channels of noise",
        )
    if by_error != by_probes:
        one, other = ("takes error away", "earns no more than") if by_error else (
            "takes no error away", "earns more than",
        )  # fmt: skip
        return "methods disagree", f"it {one}, but by gradients {other} channels of noise"
    if shapley.value < NEGLIGIBLE_SHARE:
        return "negligible", "all methods find it, but it takes little away from the error"
    if lag_model_fits:
        partner = _replaceable_by(name, roles, drivers)
        if partner:
            return (
                "not separable",
                f"without it nothing is lost as long as {_title(partner)} is there",
            )
    against = _evidence_against(name, roles)
    if against:
        return "carries information", against
    return "supported", "all methods find it above their zeros, and nothing speaks against it"


def above_null(probes: xr.Dataset, method: str, name: str) -> bool:
    """Whether a driver earns clearly more than any probe in the same ensemble, over runs."""
    means = probes[method].mean("target", skipna=True).transpose("run", "channel")
    channels = [str(channel) for channel in means["channel"].to_numpy()]
    zeros = [i for i, c in enumerate(channels) if c == NOISE or c.startswith(SHUFFLED)]
    values = means.to_numpy()
    gaps = values[:, channels.index(name)] - values[:, zeros].max(axis=1)
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


def _evidence_against(name: str, roles: xr.Dataset) -> str:
    """Why a driver may be no cause; empty where nothing says so."""
    words = []
    ahead, low = (float(roles[f"lead_gain{e}"].sel(channel=name)) for e in ("", "_low"))
    if low > 0 and ahead > COUNTS_AGAINST:
        words.append(
            f"its future tells of friction now ({ahead:.0%} of its variance), so it may be a "
            "consequence"
        )
    if "stress_gain" in roles:
        gain, low = float(roles["stress_gain"]), float(roles["stress_gain_low"])
        if low > 0 and gain > COUNTS_AGAINST:
            words.append(
                f"normal stress tells of friction what no driver tells ({gain:.0%} of its "
                "variance), so it may stand in for that"
            )
    return " and ".join(words)


def _title(name: str) -> str:
    return CHANNELS[name].title.lower() if name in CHANNELS else name.replace("_", " ")
