"""Predicted against measured friction, read back from what was drawn."""

import time

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

from slicken.reporting.figures import (
    draw_scatter,
    draw_trace,
    new_figure,
    prediction_figure,
    trace_figure,
)
from slicken.reporting.figures.prediction import agreement


def words(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.texts).replace("\n", " ")


def cloud(axes: Axes) -> np.ndarray:
    (points,) = [c for c in axes.collections if c.get_label() == "mean of runs"]
    offsets = np.asarray(points.get_offsets())
    return offsets[np.lexsort(offsets.T)]


def test_a_point_is_the_mean_over_runs_and_a_bar_is_one_standard_deviation_each_way() -> None:
    predictions = made_up.predictions(200, runs=5)
    figure, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions)
    mean = predictions["predicted"].mean("run").to_numpy()
    expected = np.column_stack([predictions["measured"].to_numpy(), mean])
    np.testing.assert_allclose(cloud(axes), expected[np.lexsort(expected.T)])
    (bars,) = [c for c in axes.collections if c.get_label() == "± one std of runs"]
    lengths = [np.ptp(segment[:, 1]) for segment in bars.get_segments()]
    np.testing.assert_allclose(lengths, 2 * predictions["predicted"].std("run"))
    assert axes.get_xlim() == axes.get_ylim()
    figure.draw_without_rendering()


def test_points_are_pixels_and_words_are_not() -> None:
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, made_up.predictions(200))
    assert all(collection.get_rasterized() for collection in axes.collections)
    assert not any(text.get_rasterized() for text in axes.texts)


def test_scores_in_the_corner_are_those_of_the_mean_over_runs() -> None:
    predictions = made_up.predictions(500)
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions)
    mean, measured = predictions["predicted"].mean("run"), predictions["measured"]
    error = float(np.sqrt(((mean - measured) ** 2).mean()))
    assert f"RMSE = {error:.3f}" in words(axes)
    assert f"r = {float(xr.corr(mean, measured)):.3f}" in words(axes)
    assert "20 runs 500 targets" in words(axes)


def test_given_scores_are_printed_as_given() -> None:
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, made_up.predictions(50), scores={"skill": 0.125, "RMSE": 0.0001})
    assert "skill = 0.125 RMSE = 10⁻⁴" in words(axes)


def test_a_run_that_is_not_finite_is_left_out() -> None:
    predictions = made_up.predictions(50, runs=4)
    predictions["predicted"][1, 7] = np.nan
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions)
    assert "3 runs" in words(axes)
    np.testing.assert_allclose(
        np.sort(cloud(axes)[:, 1]), np.sort(predictions["predicted"][[0, 2, 3]].mean("run"))
    )


def test_constant_predictions_have_no_correlation_and_do_not_fail() -> None:
    predictions = made_up.predictions(50, runs=3)
    predictions["predicted"][:] = 0.6
    figure, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions)
    figure.draw_without_rendering()
    assert "r = \N{EN DASH}" in words(axes)


def test_a_target_that_never_changes_has_no_r2() -> None:
    scores = agreement(np.full(5, 0.6), np.linspace(0.5, 0.7, 5))
    assert np.isnan(scores["R²"])
    assert np.isnan(scores["r"])


@pytest.mark.parametrize("draw", [draw_scatter, draw_trace])
def test_an_empty_part_and_a_failed_ensemble_are_said_in_words(draw) -> None:  # noqa: ANN001
    predictions = made_up.predictions(50)
    figure, (left, right) = new_figure(height_mm=80, columns=2)
    draw(left, predictions.isel(target=slice(0, 0)))
    draw(right, predictions * np.nan if draw is draw_scatter else failed(predictions))
    figure.draw_without_rendering()
    assert "no targets in this part" in words(left)
    assert "no run with finite predictions" in words(right)


def failed(predictions: xr.Dataset) -> xr.Dataset:
    return predictions.assign(predicted=predictions["predicted"] * np.nan)


def test_fifty_thousand_targets_are_quick() -> None:
    predictions = made_up.predictions(50_000, runs=5)
    started = time.perf_counter()
    figure = prediction_figure({400.0: (predictions, predictions)})
    figure.draw_without_rendering()
    trace_figure(predictions).draw_without_rendering()
    assert time.perf_counter() - started < 10


def test_a_trace_shows_measured_and_mean_predicted_friction_in_order_of_time() -> None:
    predictions = made_up.predictions(200, experiments=1).isel(target=slice(None, None, -1))
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_trace(axes, predictions)
    lines = {line.get_label(): line for line in axes.lines}
    order = np.argsort(predictions["time"].to_numpy())
    np.testing.assert_array_equal(lines["measured"].get_ydata(), predictions["measured"][order])
    np.testing.assert_allclose(
        lines["predicted, mean of runs"].get_ydata(), predictions["predicted"].mean("run")[order]
    )


def test_a_trace_is_broken_where_targets_are_missing() -> None:
    predictions = made_up.predictions(200, experiments=1)
    kept = np.r_[0:80, 140:200]
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_trace(axes, predictions.isel(target=kept))
    assert np.isnan(axes.lines[0].get_ydata()).sum() == 1


def test_bands_of_a_trace_hold_the_least_and_the_greatest_run() -> None:
    predictions = made_up.predictions(200, experiments=1, runs=6)
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_trace(axes, predictions)
    (band,) = [c for c in axes.collections if c.get_label() == "all runs"]
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(float(predictions["predicted"].min()))
    assert heights.max() == pytest.approx(float(predictions["predicted"].max()))


def test_rows_are_window_lengths_and_columns_are_validation_and_test() -> None:
    part = made_up.predictions(60)
    figure = prediction_figure({50.0: (part, part), 400.0: (part, None)})
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "(a)  50 s, validation", "(b)  50 s, test", "(c)  400 s, validation", "(d)  400 s, test",
    ]  # fmt: skip
    assert "no targets in this part" in words(figure.axes[3])


def test_an_interval_is_a_band_and_how_much_it_holds_is_said_above() -> None:
    predictions = made_up.predictions(200, experiments=2)
    half_width = np.linspace(0.01, 0.05, 200)
    figure = trace_figure(predictions, half_width=half_width, interval="90 % interval")
    mean, measured = predictions["predicted"].mean("run"), predictions["measured"]
    inside = np.abs(measured - mean).to_numpy() <= half_width
    for axes, name in zip(figure.axes, ("HVR1200", "HVR1201"), strict=True):
        here = predictions["experiment"].to_numpy() == name
        said = f"{name}, {100 * inside[here].mean():.0f} % within the 90 % interval"
        assert axes.get_title(loc="left").endswith(said)
        (band,) = [c for c in axes.collections if c.get_label() == "90 % interval"]
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.max() == pytest.approx(float((mean + half_width)[here].max()))
        assert heights.min() == pytest.approx(float((mean - half_width)[here].min()))
        assert not [c for c in axes.collections if c.get_label() == "all runs"]


def test_an_interval_follows_targets_that_come_in_any_order() -> None:
    predictions = made_up.predictions(50, experiments=1, runs=1)
    backwards = predictions.isel(target=slice(None, None, -1))
    half_width = np.linspace(0.01, 0.05, 50)
    _, (one, other) = new_figure(width="double", height_mm=80, rows=2)
    draw_trace(one, predictions, half_width=half_width)
    draw_trace(other, backwards, half_width=half_width[::-1])
    vertices = [axes.collections[0].get_paths()[0].vertices for axes in (one, other)]
    np.testing.assert_array_equal(*vertices)
