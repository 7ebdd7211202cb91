"""Importance by every method, and maps of drivers and lags, read back from what was drawn."""

from dataclasses import replace
from itertools import pairwise

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from reading import EN, fresh_axes, said

from slicken.reporting.figures import methods, saliency
from slicken.reporting.figures.methods import (
    WIDEST,
    Method,
    Methods,
    draw_method,
    in_order,
    null_level,
    shared_limits,
)
from slicken.reporting.figures.saliency import Maps, into_bins
from slicken.reporting.figures.style import title_of


def means_in(axes: Axes) -> list[float]:
    """Shares of the large markers, from the top."""
    large = [line for line in axes.lines if line.get_markersize() == 4.6]
    ordered = sorted(large, key=lambda line: float(line.get_ydata()[0]))
    return [float(line.get_xdata()[0]) for line in ordered]


@pytest.mark.parametrize("channels", [made_up.NAMES[:1], made_up.NAMES, made_up.EIGHT])
def test_a_column_is_a_method_and_a_row_a_driver(channels: tuple[str, ...]) -> None:
    shown = made_up.methods(channels, runs=7)
    figure = methods.draw(shown, EN, "double")
    figure.draw_without_rendering()
    assert len(figure.axes) == len(shown.by_method)
    names = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert names == [title_of(name, EN) for name in shown.drivers]
    for axes, method in zip(figure.axes, shown.by_method.values(), strict=True):
        expected = method.shares.sel(channel=shown.drivers).mean("run")
        np.testing.assert_allclose(means_in(axes), expected)
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_every_run_is_a_point_of_its_driver() -> None:
    shares = next(iter(made_up.shares_by_method(runs=9).values()))
    axes = fresh_axes()
    draw_method(axes, Method(shares), made_up.NAMES, EN, limits=(0.0, 1.0))
    clouds = [np.asarray(line.get_xdata()) for line in axes.lines if line.get_markersize() == 2]
    for channel in made_up.NAMES:
        assert any(np.array_equal(cloud, shares.sel(channel=channel)) for cloud in clouds)


def test_the_null_level_is_the_largest_share_of_a_noise_feature() -> None:
    shares = xr.DataArray(
        [[0.3, 0.5, 0.05, 0.15], [0.4, 0.3, 0.25, 0.05]],
        dims=("run", "channel"),
        coords={"channel": ["temperature", "slip_velocity", "noise_probe", "shuffled_temperature"]},
    )
    assert null_level(shares, ["slip_velocity", "temperature"]) == pytest.approx(0.2)
    assert np.isnan(null_level(shares[:, :2], ["slip_velocity", "temperature"]))
    assert np.isnan(null_level(shares * np.nan, ["slip_velocity", "temperature"]))


def test_points_and_band_are_of_one_ensemble_and_a_driver_not_above_it_is_hollow() -> None:
    names = ["temperature", "slip_velocity", "noise_probe"]
    shares = xr.DataArray(
        [[0.6, 0.3, 0.1], [0.7, 0.1, 0.2]], dims=("run", "channel"), coords={"channel": names}
    )
    axes = fresh_axes()
    method = Method(shares, null_level(shares, names[:2]), above=["temperature"])
    draw_method(axes, method, names[:2], EN, limits=(0.0, 1.0))
    (band,) = [patch for patch in axes.patches if patch.get_width() > 0]
    assert band.get_width() == pytest.approx(0.15)
    assert means_in(axes) == pytest.approx([0.65, 0.2])  # not rescaled to sum to one
    large = [line for line in axes.lines if line.get_markersize() == 4.6]
    assert [line.get_markerfacecolor() == "white" for line in large] == [False, True]


def test_networks_without_noise_features_have_no_band_and_the_figure_says_so() -> None:
    shown = made_up.methods()
    figure = methods.draw(shown, EN, "double")
    for axes, method in zip(figure.axes, shown.by_method.values(), strict=True):
        assert bool(axes.patches) == method.has_null
    assert "see no noise features" in figure.get_supxlabel().replace("\n", " ")
    alone = {name: replace(one, null_level=np.nan) for name, one in shown.by_method.items()}
    assert methods.draw(Methods(alone, shown.drivers), EN, "double").get_supxlabel() == ""


def test_shares_below_zero_are_in_sight_and_absurd_ones_at_the_edge() -> None:
    shares = made_up.shares_by_run(runs=4)
    shares[0, 1], shares[1, 2] = -0.4, 31.0
    low, high = shared_limits(Methods({"permutation": Method(shares)}, made_up.NAMES))
    assert low < -0.4
    assert high == WIDEST[1]
    axes = fresh_axes()
    draw_method(axes, Method(shares), made_up.NAMES, EN, limits=(low, high))
    (edge,) = [line for line in axes.lines if line.get_marker() == ">" and len(line.get_xdata())]
    assert edge.get_xdata().tolist() == [WIDEST[1]]


def test_a_method_without_shares_says_so_and_the_rows_keep_their_names() -> None:
    shares = made_up.shares_by_method()
    by_method = {name: Method(table) for name, table in shares.items()}
    first = next(iter(by_method))
    by_method[first] = Method(shares[first] * np.nan)
    order = in_order([one.shares for one in by_method.values()], made_up.NAMES)
    figure = methods.draw(Methods(by_method, order), EN, "double")
    figure.draw_without_rendering()
    assert "no shares" in said(figure.axes[0])
    assert len([t for t in figure.axes[0].get_yticklabels() if t.get_text()]) == 5


@pytest.mark.parametrize("length", [3, 40, 500])
@pytest.mark.parametrize("channels", [made_up.NAMES[:1], made_up.EIGHT])
def test_a_cell_is_the_mean_part_of_the_map_and_now_is_on_the_right(
    length: int, channels: tuple[str, ...]
) -> None:
    found = made_up.saliency(length, channels, runs=4)
    lags = made_up.integrated_by_lag(length, channels, runs=4)
    figure = saliency.draw(Maps(found, into_bins(lags, found)), EN, "double")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (mesh,) = [found for found in axes.collections if isinstance(found, QuadMesh)]
    cells = np.asarray(mesh.get_array()).reshape(len(channels), -1)
    np.testing.assert_allclose(cells, 100 * found.mean("run").transpose("channel", "bin"))
    assert cells.sum() == pytest.approx(100)
    left, right = axes.get_xlim()
    assert left > right == 0
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    for later, earlier in pairwise(boxes):
        assert earlier.x1 < later.x0


def test_lags_are_summed_into_the_bins_that_hold_them() -> None:
    like = made_up.saliency(50, runs=3)
    lags = made_up.integrated_by_lag(50, runs=3)
    found = into_bins(lags, like)
    for place in range(like.sizes["bin"]):
        start, end = (float(like[f"bin_{side}"][place]) for side in ("start", "end"))
        inside = [k for k, lag in enumerate(lags["lag"].to_numpy()) if start <= lag < end]
        np.testing.assert_allclose(found[:, place], lags.isel(lag=inside).sum("lag"))


def test_constant_networks_have_no_map() -> None:
    nothing = made_up.saliency() * np.nan
    figure = saliency.draw(Maps(nothing, nothing), EN, "double")
    figure.draw_without_rendering()
    assert len(figure.axes) == 2
    assert all("no gradient" in said(axes) for axes in figure.axes)
