"""Importance by every method, and maps of drivers and lags, read back from what was drawn."""

from itertools import pairwise

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from slicken.reporting.figures import draw_method, methods_figure, new_figure, saliency_figure
from slicken.reporting.figures.importance import NO_GRADIENT
from slicken.reporting.figures.methods import NO_SHARES, WIDEST, in_order, null_level, shared_limits
from slicken.reporting.figures.saliency import into_bins
from slicken.reporting.figures.style import title_of


def words(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.texts).replace("\n", " ")


def means_in(axes: Axes) -> list[float]:
    """Shares of the large markers, from the top."""
    large = [line for line in axes.lines if line.get_markersize() == 4.6]
    ordered = sorted(large, key=lambda line: float(line.get_ydata()[0]))
    return [float(line.get_xdata()[0]) for line in ordered]


@pytest.mark.parametrize("channels", [made_up.NAMES[:1], made_up.NAMES, made_up.EIGHT])
def test_a_column_is_a_method_and_a_row_a_driver(channels: tuple[str, ...]) -> None:
    shares = made_up.shares_by_method(channels, runs=7)
    figure = methods_figure(shares, made_up.shares_with_probes(channels))
    figure.draw_without_rendering()
    assert len(figure.axes) == len(shares)
    order = in_order(list(shares.values()))
    assert sorted(order) == sorted(channels)
    names = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert names == [title_of(name) for name in order]
    for axes, table in zip(figure.axes, shares.values(), strict=True):
        np.testing.assert_allclose(means_in(axes), table.sel(channel=order).mean("run"))
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


def test_every_run_is_a_point_of_its_driver() -> None:
    shares = next(iter(made_up.shares_by_method(runs=9).values()))
    _, (axes,) = new_figure(height_mm=60)
    draw_method(axes, shares, made_up.NAMES, limits=(0.0, 1.0))
    clouds = [np.asarray(line.get_xdata()) for line in axes.lines if line.get_markersize() == 2]
    for channel in made_up.NAMES:
        assert any(np.array_equal(cloud, shares.sel(channel=channel)) for cloud in clouds)


def test_the_zero_level_is_the_luckiest_probe_in_what_the_drivers_earn() -> None:
    shares = xr.DataArray(
        [[0.3, 0.5, 0.05, 0.15], [0.4, 0.4, 0.15, 0.05]],
        dims=("run", "channel"),
        coords={"channel": ["temperature", "slip_velocity", "noise_probe", "shuffled_temperature"]},
    )
    assert null_level(shares, ["slip_velocity", "temperature"]) == pytest.approx(0.15 / 0.8)
    assert np.isnan(null_level(shares[:, :2], ["slip_velocity", "temperature"]))
    assert np.isnan(null_level(shares * np.nan, ["slip_velocity", "temperature"]))


def test_the_grey_band_ends_at_the_zero_level_where_there_is_one() -> None:
    shares, probes = made_up.shares_by_method(), made_up.shares_with_probes()
    figure = methods_figure(shares, probes)
    for axes, title in zip(figure.axes, shares, strict=True):
        bands = [patch for patch in axes.patches if patch.get_width() > 0]
        if title in probes:
            (band,) = bands
            assert band.get_width() == pytest.approx(null_level(probes[title], made_up.NAMES))
        else:
            assert bands == []
    assert all(not axes.patches for axes in methods_figure(shares).axes)


def test_shares_below_zero_are_in_sight_and_absurd_ones_at_the_edge() -> None:
    shares = made_up.shares_by_run(runs=4)
    shares[0, 1], shares[1, 2] = -0.4, 31.0
    low, high = shared_limits([shares], [float("nan")])
    assert low < -0.4
    assert high == WIDEST[1]
    _, (axes,) = new_figure(height_mm=60)
    draw_method(axes, shares, made_up.NAMES, limits=(low, high))
    (edge,) = [line for line in axes.lines if line.get_marker() == ">" and len(line.get_xdata())]
    assert edge.get_xdata().tolist() == [WIDEST[1]]


def test_a_method_without_shares_says_so_and_the_rows_keep_their_names() -> None:
    shares = made_up.shares_by_method()
    first = next(iter(shares))
    shares[first] = shares[first] * np.nan
    figure = methods_figure(shares)
    figure.draw_without_rendering()
    assert NO_SHARES in words(figure.axes[0])
    assert len([t for t in figure.axes[0].get_yticklabels() if t.get_text()]) == 5


@pytest.mark.parametrize("length", [3, 40, 500])
@pytest.mark.parametrize("channels", [made_up.NAMES[:1], made_up.EIGHT])
def test_a_cell_is_the_mean_part_of_the_map_and_now_is_on_the_right(
    length: int, channels: tuple[str, ...]
) -> None:
    saliency = made_up.saliency(length, channels, runs=4)
    figure = saliency_figure(saliency, made_up.integrated_by_lag(length, channels, runs=4))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (mesh,) = [found for found in axes.collections if isinstance(found, QuadMesh)]
    cells = np.asarray(mesh.get_array()).reshape(len(channels), -1)
    np.testing.assert_allclose(cells, 100 * saliency.mean("run").transpose("channel", "bin"))
    assert cells.sum() == pytest.approx(100)
    left, right = axes.get_xlim()
    assert left > right == 0
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    for later, earlier in pairwise(boxes):
        assert earlier.x1 < later.x0


def test_lags_are_summed_into_the_bins_that_hold_them() -> None:
    saliency = made_up.saliency(50, runs=3)
    lags = made_up.integrated_by_lag(50, runs=3)
    found = into_bins(lags, saliency)
    for place in range(saliency.sizes["bin"]):
        start, end = (float(saliency[f"bin_{side}"][place]) for side in ("start", "end"))
        inside = [k for k, lag in enumerate(lags["lag"].to_numpy()) if start <= lag < end]
        np.testing.assert_allclose(found[:, place], lags.isel(lag=inside).sum("lag"))


def test_constant_networks_have_no_map() -> None:
    figure = saliency_figure(made_up.saliency() * np.nan, made_up.integrated_by_lag() * 0)
    figure.draw_without_rendering()
    assert len(figure.axes) == 2
    assert all(NO_GRADIENT in words(axes) for axes in figure.axes)
