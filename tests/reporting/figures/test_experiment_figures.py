"""Experiments, raw logs, learning curves and thinning, read back from what was drawn."""

from collections.abc import Sequence
from dataclasses import replace

import made_up_results as made_up
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from reading import EN, fresh_axes, labelled, said

from slicken.channels import CHANNELS, DRIVERS
from slicken.experiment.experiment import Experiment
from slicken.logs.finding import Finding
from slicken.reporting.figures import experiment_figure, experiments, learning, log_figure
from slicken.reporting.figures.experiment import draw_channel
from slicken.reporting.figures.learning import draw_losses
from slicken.reporting.figures.output import lay_out
from slicken.reporting.figures.style import Width
from slicken.reporting.figures.thinning import banded, decimated
from slicken.statements import Statement

GAP = Statement("findings.gap", seconds=3.0, longest=1.5)


STEPPED = ("slip_velocity", "temperature")


def overview(
    shown: Sequence[Experiment], drivers: tuple[str, ...] = (), width: Width = "double"
) -> Figure:
    return experiments.draw(experiments.Overview(shown, drivers), EN, width)


def visible(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if axes.get_visible()]


def test_friction_is_on_top_and_drivers_come_before_normal_stress() -> None:
    figure = experiment_figure(made_up.experiment(), EN)
    titles = [axes.get_title(loc="left").split("  ")[1] for axes in figure.axes]
    assert titles[0] == "Friction coefficient (–)"
    assert titles[1] == "Slip velocity (mm/s)"
    assert titles[-1] == "Normal stress (MPa)"
    assert len(titles) == 7


def test_a_channel_is_drawn_in_the_unit_of_its_label() -> None:
    experiment = made_up.experiment(500)
    axes = fresh_axes(30)
    draw_channel(axes, experiment, "normal_stress", EN)
    expected = experiment.channels["normal_stress"] / 1e6
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)


def test_gaps_are_blank_and_hatched() -> None:
    experiment = made_up.experiment(500, gap=slice(100, 150))
    axes = fresh_axes(30)
    draw_channel(axes, experiment, "temperature", EN)
    assert np.isnan(axes.lines[0].get_ydata()).sum() == 50
    (hatched,) = [patch for patch in axes.patches if patch.get_hatch()]
    assert hatched.get_extents().width > 0


def test_every_second_stage_is_shaded_up_to_the_start_of_the_next() -> None:
    experiment = made_up.experiment(1000, stages=4)
    axes = fresh_axes(30)
    draw_channel(axes, experiment, "friction", EN)
    starts = np.flatnonzero(np.diff(experiment.stage)) + 1
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    assert spans == [(starts[0], starts[1]), (starts[2], 999.0)]


@pytest.mark.parametrize("without", [(), ("temperature", "temperature_rate"), ("normal_stress",)])
def test_an_experiment_is_drawn_with_the_channels_it_has(without: tuple[str, ...]) -> None:
    experiment = made_up.experiment(600, without=without)
    panels = experiment_figure(experiment, EN).axes
    titles = " ".join(axes.get_title(loc="left") for axes in panels)
    shown = {name for name in experiment.channels if CHANNELS[name].title in titles}
    assert shown | {"slip"} == set(experiment.channels)  # slip is the integral of slip velocity
    assert all(np.isfinite(axes.lines[0].get_ydata()).any() for axes in panels)
    _, lower = overview([experiment]).axes
    assert ("normal stress not known" in said(lower)) == ("normal_stress" in without)


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_an_overview_shows_as_many_experiments_as_fit_and_says_how_many_do_not(count: int) -> None:
    many = [made_up.experiment(300, name=f"HVR{n}", stages=2, seed=n) for n in range(count)]
    figure = overview(many)
    assert len(visible(figure)) == 2 * min(count, 24)
    assert ("6 more experiments are not shown" in figure.get_supxlabel()) == (count == 30)


def test_an_overview_shows_the_drivers_of_few_experiments_between_friction_and_load() -> None:
    one = made_up.experiment(600)
    labels = [axes.get_ylabel() for axes in overview([one], STEPPED).axes]
    assert labels == ["µ (–)", "V (mm/s)", "T (°C)", "σ (MPa)"]
    seven = [made_up.experiment(300, name=f"HVR{n}", stages=2, seed=n) for n in range(7)]
    assert len(visible(overview(seven, STEPPED))) == 14


@pytest.mark.parametrize("width", ["single", "double"])
def test_an_overview_stays_readable_with_all_drivers(width: Width) -> None:
    drivers = tuple(driver.name for driver in DRIVERS)
    six = [made_up.experiment(300, name=f"HVR{n}", stages=2, seed=n) for n in range(6)]
    figure = overview(six, drivers, width)
    lay_out(figure)
    heights = [axes.get_window_extent().height / figure.dpi * 25.4 for axes in visible(figure)]
    assert min(heights) > 6
    labels = {axes.get_ylabel() for axes in visible(figure)}
    assert {"µ (–)", "σ (MPa)", "T (°C)"} <= labels


def test_a_velocity_over_decades_has_a_logarithmic_axis_and_holds_leave_it() -> None:
    one = made_up.stepped()
    axes = fresh_axes(30)
    draw_channel(axes, one, "slip_velocity", EN)
    assert axes.get_yscale() == "log"
    low, high = axes.get_ylim()
    assert low < 0.9e-3 < 0.11 < high  # mm/s
    assert np.nanmin(axes.lines[0].get_ydata()) < low
    draw_channel(axes := fresh_axes(30), made_up.experiment(), "slip_velocity", EN)
    assert axes.get_yscale() == "linear"


def test_a_gap_from_end_to_end_is_said_in_words() -> None:
    experiment = made_up.experiment(300, gap=slice(0, 300), stages=2)
    panels = experiment_figure(experiment, EN).axes
    assert all(said(axes) == "no usable sample" for axes in panels)


def test_thinning_keeps_every_extreme_and_every_gap() -> None:
    values = np.random.default_rng(0).normal(size=100_003)
    values[70_000], values[30_001] = 50.0, -50.0
    values[90_000:90_010] = np.nan
    position, kept = decimated(np.arange(values.size), values, bins=200)
    assert kept.size <= 3 * 202
    assert np.nanmax(kept) == 50.0
    assert np.nanmin(kept) == -50.0
    assert np.isnan(kept).any()
    assert np.all(np.diff(position) > 0)
    np.testing.assert_array_equal(kept, values[position.astype(int)])


def test_few_samples_are_not_thinned() -> None:
    values = np.arange(50.0)
    np.testing.assert_array_equal(decimated(values, values, bins=1500)[1], values)


def test_a_thinned_band_holds_the_whole_band() -> None:
    rng = np.random.default_rng(0)
    lower = rng.normal(size=20_000)
    upper = lower + rng.uniform(0, 1, 20_000)
    _, low, high = banded(np.arange(20_000), lower, upper, bins=100)
    assert low.min() == lower.min()
    assert high.max() == upper.max()
    assert low.size == 100


def test_learning_curves_mark_the_best_epoch_of_every_run() -> None:
    history = made_up.history(epochs=30, runs=5)
    axes = fresh_axes()
    draw_losses(axes, history, EN)
    dots = labelled(axes)["best epoch of a run"]
    validation = history["validation_loss"]
    np.testing.assert_array_equal(dots.get_ydata(), validation.min("epoch"))
    np.testing.assert_array_equal(dots.get_xdata(), validation.idxmin("epoch"))
    median = labelled(axes)["validation"]
    np.testing.assert_allclose(median.get_ydata(), validation.median("run"))
    assert axes.get_yscale() == "log"


def test_a_run_that_diverged_is_drawn_as_far_as_it_is_finite() -> None:
    history = made_up.history(epochs=30, runs=3)
    history["validation_loss"][1, 10:] = np.nan
    history["validation_loss"][2] = np.inf
    figure = learning.draw({50.0: history, 100.0: history * np.nan}, EN, "double")
    figure.draw_without_rendering()
    assert "no run has a finite loss" in said(figure.axes[1])


def test_one_epoch_is_drawn() -> None:
    axes = fresh_axes()
    draw_losses(axes, made_up.history(epochs=1, runs=1), EN)
    assert labelled(axes)["best epoch of a run"].get_xdata().tolist() == [1]


def test_a_raw_log_shows_recognised_columns_by_name_and_findings_in_words() -> None:
    columns = {
        "Wear (um)": np.arange(100.0),
        "Station": np.ones(100),
        "empty": np.full(100, np.nan),
    }
    figure = log_figure(
        columns,
        EN,
        time=np.arange(100.0),
        title="PPS_60N_1.tsv",
        recognised={"Wear (um)": "axial_displacement"},
        findings=[Finding(GAP, time=40.0), Finding(Statement("findings.no_names"))],
    )
    figure.draw_without_rendering()
    first, second, third = figure.axes
    assert first.texts[0].get_text() == CHANNELS["axial_displacement"].title
    assert second.texts[0].get_text() == "no channel recognised"
    assert third.texts[-1].get_text() == "no number"
    assert first.lines[-1].get_xdata()[0] == 40.0
    first_note, second_note = figure.get_supxlabel().splitlines()[:2]
    assert first_note.startswith("1 gap: 3 s without samples")
    assert first_note.endswith("(40 s)")
    assert second_note.startswith("header: no column names")


def test_a_raw_log_without_a_clock_is_drawn_against_rows_and_one_without_columns_says_so() -> None:
    figure = log_figure({"a": [1.0, 2.0, 3.0]}, EN, time=[np.nan] * 3)
    assert figure.axes[0].get_xlabel() == "Row"
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1, 2, 3])
    empty = log_figure({}, EN)
    empty.draw_without_rendering()
    assert "no numeric column" in said(empty.axes[0])


def test_a_log_of_very_many_columns_says_how_many_are_not_shown() -> None:
    figure = log_figure({f"c{n}": np.arange(5.0) for n in range(40)}, EN)
    assert "10 more columns" in figure.get_supxlabel()


def test_the_overview_never_calls_a_force_a_stress() -> None:
    stressed = made_up.experiment(600)
    newtons = {"normal_force": np.full(600, 59.8)}
    rest = {name: v for name, v in stressed.channels.items() if name != "normal_stress"}
    forced = replace(stressed, name="forced", channels={**rest, **newtons})
    labels = [axes.get_ylabel() for axes in overview([forced, stressed]).axes]
    assert "Fn (N)" in labels
    assert "σ (MPa)" in labels
    only_force = overview([forced, replace(forced, name="other")]).axes
    assert "σ (MPa)" not in [axes.get_ylabel() for axes in only_force]


def test_findings_are_numbered_in_order_of_time_and_steady_sliding_is_a_bar() -> None:
    experiment = made_up.experiment(400)
    middle, last = (float(experiment.time[n]) for n in (200, 300))
    later = Statement("findings.backward_slip", count=1, samples=400)
    findings = [Finding(later, time=last), Finding(GAP, time=middle)]
    figure = experiment_figure(experiment, EN, findings=findings, steady=(middle, last))
    figure.draw_without_rendering()
    top, second = figure.axes[:2]
    numbers = {text.get_text(): text.xy[0] for text in top.texts if text.get_text() in "12"}
    assert numbers == {"1": middle, "2": last}
    assert not [text for text in second.texts if text.get_text() in ("1", "2")]
    assert [line.get_xdata()[0] for line in second.lines[-2:]] == [middle, last]
    notes = figure.get_supxlabel().splitlines()
    assert notes[0].startswith("1 gap")
    assert notes[1].startswith("2 backward slip")
    assert notes[2] == f"green bar: steady sliding, {middle:g} to {last:g} s"
    bars = [patch for patch in second.patches if patch.get_y() < 0]
    assert [bar.get_x() for bar in bars] == [middle]


def test_an_experiment_without_findings_has_no_lines_of_text() -> None:
    figure = experiment_figure(made_up.experiment(400), EN)
    assert figure.get_supxlabel() == ""
