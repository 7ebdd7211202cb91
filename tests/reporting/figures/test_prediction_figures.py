"""Predicted against measured friction, read back from what was drawn."""

import time
from dataclasses import replace

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from reading import EN, fresh_axes, labelled, said

from slicken.reporting.figures import predictions as scatter
from slicken.reporting.figures import traces
from slicken.reporting.figures.predicted import Predicted, predicted_figure
from slicken.reporting.figures.predictions import (
    agreement,
    chosen_lengths,
    draw_scatter,
)
from slicken.reporting.figures.style import new_figure


def cloud(axes: Axes) -> np.ndarray:
    (points,) = [c for c in axes.collections if c.get_label() == "mean of runs"]
    offsets = np.asarray(points.get_offsets())
    return offsets[np.lexsort(offsets.T)]


def test_a_point_is_the_mean_over_runs_and_a_bar_is_one_standard_deviation_each_way() -> None:
    predictions = made_up.predictions(200, runs=5)
    figure, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions, EN)
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
    draw_scatter(axes, made_up.predictions(200), EN)
    assert all(collection.get_rasterized() for collection in axes.collections)
    assert not any(text.get_rasterized() for text in axes.texts)


def test_scores_in_the_corner_are_those_of_the_mean_over_runs() -> None:
    predictions = made_up.predictions(500)
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions, EN)
    mean, measured = predictions["predicted"].mean("run"), predictions["measured"]
    error = float(np.sqrt(((mean - measured) ** 2).mean()))
    assert f"RMSE = {error:.3f}" in said(axes)
    assert f"r = {float(xr.corr(mean, measured)):.3f}" in said(axes)
    assert "20 runs 500 targets" in said(axes)


def test_a_run_that_is_not_finite_is_left_out() -> None:
    predictions = made_up.predictions(50, runs=4)
    predictions["predicted"][1, 7] = np.nan
    _, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions, EN)
    assert "3 runs" in said(axes)
    np.testing.assert_allclose(
        np.sort(cloud(axes)[:, 1]), np.sort(predictions["predicted"][[0, 2, 3]].mean("run"))
    )


def test_constant_predictions_have_no_correlation_and_do_not_fail() -> None:
    predictions = made_up.predictions(50, runs=3)
    predictions["predicted"][:] = 0.6
    figure, (axes,) = new_figure(height_mm=80)
    draw_scatter(axes, predictions, EN)
    figure.draw_without_rendering()
    assert "r = \N{EN DASH}" in said(axes)


def test_a_target_that_never_changes_has_no_r2() -> None:
    scores = agreement(np.full(5, 0.6), np.linspace(0.5, 0.7, 5))
    assert np.isnan(scores["R²"])
    assert np.isnan(scores["r"])


def test_an_empty_part_and_a_failed_ensemble_are_said_in_words() -> None:
    predictions = made_up.predictions(50)
    figure, (left, right) = new_figure(height_mm=80, columns=2)
    draw_scatter(left, predictions.isel(target=slice(0, 0)), EN)
    draw_scatter(right, predictions * np.nan, EN)
    figure.draw_without_rendering()
    assert "no targets in this part" in said(left)
    assert "no run with finite predictions" in said(right)


def test_fifty_thousand_targets_are_quick() -> None:
    predictions = made_up.predictions(50_000, runs=5)
    started = time.perf_counter()
    figure = scatter.draw({400.0: (predictions, predictions)}, EN, "double")
    figure.draw_without_rendering()
    traces.draw(made_up.traces(predictions), EN, "double").draw_without_rendering()
    assert time.perf_counter() - started < 10


def test_rows_are_window_lengths_and_columns_are_validation_and_test() -> None:
    part = made_up.predictions(60)
    shown = {50.0: (part, part), 400.0: (part, None)}
    figure = scatter.draw(shown, EN, "double")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "(a)  50 s, validation", "(b)  50 s, test", "(c)  400 s, validation", "(d)  400 s, test",
    ]  # fmt: skip
    assert "no targets in this part" in said(figure.axes[3])


def test_four_lengths_at_most_are_shown_the_best_among_them() -> None:
    assert chosen_lengths((50.0, 100.0), 100.0) == [50.0, 100.0]
    ten = tuple(50.0 * k for k in range(1, 11))
    assert chosen_lengths(ten, 400.0) == [50.0, 250.0, 400.0, 500.0]
    assert chosen_lengths(ten, 500.0) == [50.0, 250.0, 300.0, 500.0]


def one_trace(**changed: object) -> tuple[traces.Trace, Axes]:
    (trace,) = made_up.traces(made_up.predictions(200, experiments=1)).shown
    trace = replace(trace, **changed)
    axes = fresh_axes()
    traces.draw_trace(axes, trace, EN, level=0.9)
    return trace, axes


def test_measured_friction_is_drawn_at_every_sample_of_the_log() -> None:
    trace, _ = one_trace()
    step = trace.log_friction.copy()
    step[100] += 0.3  # between two targets
    _, axes = one_trace(log_friction=step)
    line = labelled(axes)["measured"]
    np.testing.assert_array_equal(line.get_xdata(), trace.log_time)
    np.testing.assert_array_equal(line.get_ydata(), step)


def test_predicted_friction_is_the_mean_over_runs_at_the_target_times() -> None:
    trace, axes = one_trace()
    line = labelled(axes)["predicted, mean of runs"]
    np.testing.assert_array_equal(line.get_xdata(), trace.time)
    np.testing.assert_array_equal(line.get_ydata(), trace.mean)


def test_bands_are_as_wide_as_the_interval_and_the_spread_over_runs() -> None:
    trace, axes = one_trace(half_width=np.linspace(0.05, 0.1, 200))
    for name, half in (("90 % interval", trace.half_width), ("one std of runs", trace.spread)):
        (band,) = [c for c in axes.collections if c.get_label() == name]
        heights = band.get_paths()[0].vertices[:, 1]
        assert heights.max() == pytest.approx((trace.mean + half).max())
        assert heights.min() == pytest.approx((trace.mean - half).min())


def test_the_axis_follows_friction_where_the_interval_is_far_wider_and_the_cut_is_said() -> None:
    trace, axes = one_trace(half_width=np.full(200, 5.0))
    span = np.concatenate([trace.log_friction, trace.mean])
    low, high = axes.get_ylim()
    assert np.nanmin(span) > low > np.nanmin(span) - np.ptp(span)
    assert np.nanmax(span) < high < np.nanmax(span) + np.ptp(span)
    assert "90 % interval, cut here: up to ± 5" in said(axes)


def test_scores_stand_in_the_corner_that_has_no_points() -> None:
    predictions = made_up.predictions(200)
    for shift, across in ((0.5, "right"), (-0.5, "left")):
        _, (axes,) = new_figure(height_mm=80)
        draw_scatter(axes, predictions.assign(predicted=predictions["predicted"] + shift), EN)
        (corner,) = [text for text in axes.texts if text.get_text()]
        assert corner.get_ha() == across


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_a_band_of_no_width_is_neither_drawn_nor_in_the_legend(nothing: float) -> None:
    _, axes = one_trace(half_width=np.full(200, nothing), spread=np.full(200, nothing))
    assert not axes.collections
    assert set(labelled(axes)) == {"measured", "predicted, mean of runs"}


def test_a_trace_is_broken_where_targets_are_missing() -> None:
    trace, _ = one_trace()
    time = np.where(np.arange(200) >= 80, trace.time + 500, trace.time)
    _, axes = one_trace(time=time)
    assert np.isnan(labelled(axes)["predicted, mean of runs"].get_ydata()).sum() == 1


def test_an_ensemble_that_failed_leaves_the_measured_line_and_says_so() -> None:
    _, axes = one_trace(mean=np.full(200, np.nan))
    assert set(labelled(axes)) == {"measured"}
    assert "no run with finite predictions" in said(axes)


def test_how_much_lies_within_the_interval_is_said_above_each_experiment() -> None:
    predictions = made_up.predictions(200, experiments=2)
    half_width = np.linspace(0.01, 0.05, 200)
    figure = traces.draw(made_up.traces(predictions, half_width, others=3), EN, "double")
    mean, measured = predictions["predicted"].mean("run"), predictions["measured"]
    inside = np.abs(measured - mean).to_numpy() <= half_width
    for axes, name in zip(figure.axes, ("HVR1200", "HVR1201"), strict=True):
        here = predictions["experiment"].to_numpy() == name
        share = f"{100 * inside[here].mean():.0f}"
        title = axes.get_title(loc="left")
        assert title.endswith(f"{name}, {share} % within the 90 % interval")
    assert figure.axes[-1].get_xlabel() == "Time (s); 3 more experiments are not shown"


def test_a_prediction_for_a_new_log_has_its_interval_and_what_the_log_has() -> None:
    seconds = np.arange(50.0)
    friction = 0.6 + 0.001 * seconds
    shown = Predicted("new", 100.0, seconds, friction, friction - 0.02, friction + 0.03,
                      np.full(50, np.nan), 0.9)  # fmt: skip
    (axes,) = predicted_figure(shown, EN, "single").axes
    assert set(labelled(axes)) == {"predicted", "90 % interval"}
    np.testing.assert_array_equal(labelled(axes)["predicted"].get_ydata(), friction)
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.58, friction.max() + 0.03))
    assert axes.get_title(loc="left") == "new, window of 100 s"
    (axes,) = predicted_figure(replace(shown, measured=friction), EN, "single").axes
    assert "measured" in labelled(axes)
