"""The window comparison, read back from what was drawn."""

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from reading import EN, fresh_axes, labelled, said

from slicken.reporting.figures.style import new_figure
from slicken.reporting.figures.windows import Losses, draw_losses


def draw(axes: Axes, losses: xr.DataArray, **settings: object) -> None:
    draw_losses(axes, Losses(losses, **settings), EN)


def drawn_boxes(axes: Axes) -> list[np.ndarray]:
    boxes = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    return [np.asarray(box.get_path().vertices)[:, 1] for box in boxes]


def test_boxes_span_the_quartiles_and_whiskers_end_at_the_last_run_within_their_reach() -> None:
    losses = made_up.losses()
    axes = fresh_axes()
    draw(axes, losses)
    boxes = drawn_boxes(axes)
    assert len(boxes) == losses.sizes["window"]
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in axes.lines]
    for row, box in zip(losses.to_numpy(), boxes, strict=True):
        low, median, high = np.percentile(row, [25, 50, 75])
        assert box[:4].min() == pytest.approx(low)
        assert box[:4].max() == pytest.approx(high)
        assert any(line.size == 2 and np.allclose(line, median, rtol=1e-12) for line in lines)
        inside = row[(row >= low - 1.5 * (high - low)) & (row <= high + 1.5 * (high - low))]
        for end in (inside.min(), inside.max()):
            assert any(line.size == 2 and np.allclose(line, end, rtol=1e-12) for line in lines)


def test_every_run_is_a_point_at_its_window_and_the_line_joins_the_means() -> None:
    losses = made_up.losses([50.0, 100.0, 300.0], runs=7)
    axes = fresh_axes()
    draw(axes, losses)
    points, means = labelled(axes)["run"], labelled(axes)["mean of runs"]
    np.testing.assert_array_equal(points.get_ydata(), losses.to_numpy().ravel())
    assert np.abs(points.get_xdata() - np.repeat([50.0, 100.0, 300.0], 7)).max() < 12.5
    np.testing.assert_array_equal(means.get_xdata(), [50.0, 100.0, 300.0])
    np.testing.assert_allclose(means.get_ydata(), losses.mean("run"))


def test_dimensions_may_come_in_any_order() -> None:
    losses = made_up.losses(runs=4)
    axes = fresh_axes()
    draw(axes, losses.transpose("run", "window"))
    np.testing.assert_allclose(labelled(axes)["mean of runs"].get_ydata(), losses.mean("run"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_without_a_finite_loss_is_left_out_and_said_so(bad: float) -> None:
    losses = made_up.losses(runs=6)
    losses[2, 3] = bad
    axes = fresh_axes()
    draw(axes, losses)
    expected = np.delete(losses.to_numpy()[2], 3).mean()
    assert labelled(axes)["mean of runs"].get_ydata()[2] == pytest.approx(expected)
    assert "runs left out (loss not finite): 1 / 150 s" in axes.get_xlabel().replace("\n", " ")


def test_a_window_without_any_run_keeps_its_place_empty() -> None:
    losses = made_up.losses(runs=6)
    losses[4] = np.nan
    axes = fresh_axes()
    draw(axes, losses)
    assert 250.0 not in labelled(axes)["mean of runs"].get_xdata()
    assert "6 / 250 s" in axes.get_xlabel()


def test_no_finite_loss_at_all_is_said_in_words() -> None:
    axes = fresh_axes()
    draw(axes, made_up.losses() * np.nan, best=400.0)
    assert "no run ended with a finite loss" in said(axes)


def test_one_run_for_each_window_gets_no_box() -> None:
    axes = fresh_axes()
    losses = made_up.losses(runs=1)
    draw(axes, losses, best=400.0)
    assert drawn_boxes(axes) == []
    np.testing.assert_array_equal(labelled(axes)["run"].get_ydata(), losses.to_numpy()[:, 0])


def test_one_window_is_enough() -> None:
    figure, (axes,) = new_figure(height_mm=70)
    draw(axes, made_up.losses([100.0]), best=100.0, tied=(100.0,), planted=100.0)
    figure.draw_without_rendering()
    assert [float(tick) for tick in axes.get_xticks()] == [100.0]


def test_one_failed_run_does_not_flatten_the_others() -> None:
    losses = made_up.losses()
    losses[4, 2] = 0.2
    axes = fresh_axes()
    draw(axes, losses)
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[1] < 0.002
    assert "off the scale (▲): 0.2 and the mean" in axes.get_xlabel().replace("\n", " ")
    assert 0.2 in labelled(axes)["run"].get_ydata()


def test_lengths_that_differ_by_more_than_ten_times_get_a_logarithmic_axis() -> None:
    losses = made_up.losses(runs=8)
    losses[:3] *= 40
    axes = fresh_axes()
    draw(axes, losses)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < losses.min() < losses.max() < high


def test_a_level_out_of_sight_is_a_number_and_not_a_line() -> None:
    axes = fresh_axes()
    far = made_up.losses().mean("run") * 0 + 1.02
    draw(axes, made_up.losses(), linear=far, floor=1.05e-3)
    assert axes.get_ylim()[1] < 0.01
    assert "linear model 1.02 ↑" in labelled(axes)
    np.testing.assert_array_equal(labelled(axes)["noise floor"].get_ydata(), 1.05e-3)


def test_a_linear_model_may_have_a_loss_for_each_window() -> None:
    losses = made_up.losses()
    linear = xr.DataArray(
        np.linspace(1.5e-3, 1.4e-3, 10), dims="window", coords={"window": made_up.WINDOWS}
    )
    axes = fresh_axes()
    draw(axes, losses, linear=linear[::-1])
    np.testing.assert_array_equal(labelled(axes)["linear model"].get_ydata(), linear)


def test_a_linear_model_that_is_in_sight_at_one_length_is_no_level() -> None:
    losses = made_up.losses()
    levels = np.where(np.arange(10) < 5, 1.3e-3, 1.0)
    linear = xr.DataArray(levels, dims="window", coords={"window": made_up.WINDOWS})
    axes = fresh_axes()
    draw(axes, losses, linear=linear)
    assert axes.get_ylim()[1] < 0.01
    np.testing.assert_array_equal(labelled(axes)["linear model"].get_ydata(), levels)


def test_a_planted_memory_beyond_the_windows_is_still_in_sight() -> None:
    axes = fresh_axes()
    draw(axes, made_up.losses(), planted=800.0)
    assert axes.get_xlim()[1] > 800.0


def test_equal_losses_and_zero_losses_are_drawn() -> None:
    figure, (axes,) = new_figure(height_mm=70)
    losses = made_up.losses(runs=4) * 0.0
    losses[0, 0] = 1.0
    draw(axes, losses, floor=0.0)
    figure.draw_without_rendering()
    assert axes.get_yscale() == "linear"
