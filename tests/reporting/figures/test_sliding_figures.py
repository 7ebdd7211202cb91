"""Friction against slip, velocity and level, and residuals, read back from what was drawn."""

import made_up_results as made_up
import numpy as np
import pytest
from reading import EN, labelled

from slicken.channels import SLIP, SLIP_VELOCITY
from slicken.reporting.figures import residuals, sliding, stages
from slicken.reporting.figures.by_experiment import COLOURS, MARKERS, MOST_EXPERIMENTS, scale_of
from slicken.reporting.figures.residuals import Residuals, binned
from slicken.reporting.figures.sliding import slid
from slicken.reporting.figures.stages import levels_of

STEADY = made_up.experiment(600)


def test_experiments_without_slip_and_velocity_are_not_drawn() -> None:
    assert slid([made_up.experiment(600, without=("slip", "slip_velocity"))]) is None
    one = slid([made_up.experiment(600, without=("slip", "slip_velocity")), STEADY])
    assert one is not None
    assert [each.name for each in one.shown] == ["HVR1200"]


def test_a_constant_velocity_has_no_panel_and_slip_is_its_integral_where_the_log_has_none() -> None:
    shown = slid([made_up.experiment(600, without=("slip",))])
    assert shown is not None
    (only,) = sliding.draw(shown, EN, "double").axes
    assert only.get_xlabel() == "Slip (m)"
    assert only.lines[0].get_xdata()[-1] == pytest.approx(599 * 0.004, rel=0.01)


def test_velocity_over_decades_has_a_logarithmic_axis_with_the_mean_of_each_level() -> None:
    one = made_up.stepped()
    shown = slid([one])
    assert shown is not None
    slip, velocity = sliding.draw(shown, EN, "double").axes
    assert slip.get_xlabel() == "Slip (mm)"
    assert (velocity.get_xscale(), velocity.get_xlabel()) == ("log", "Slip velocity (µm/s)")
    (means, *_) = velocity.containers[0].lines
    np.testing.assert_allclose(means.get_xdata(), [1, 10, 1, 100, 3], rtol=0.02)
    expected = 0.6 + 0.006 * np.log1p([1, 10, 1, 100, 3])
    np.testing.assert_allclose(means.get_ydata(), expected, atol=1e-3)


def test_more_experiments_than_colours_are_said_not_to_be_shown() -> None:
    many = [made_up.experiment(300, name=f"HVR{n}", stages=2) for n in range(15)]
    shown = slid(many)
    assert shown is not None
    assert (len(shown.shown), shown.others) == (MOST_EXPERIMENTS, 3)
    assert len(set(COLOURS)) == len(set(MARKERS)) == MOST_EXPERIMENTS
    (axes,) = sliding.draw(shown, EN, "double").axes
    assert "3 more experiments are not shown" in axes.get_xlabel()


def test_slopes_are_drawn_where_velocity_steps_and_not_at_a_hold() -> None:
    assert levels_of([STEADY]) is None
    shown = levels_of([STEADY, made_up.stepped()])
    assert shown is not None
    means, slopes = stages.draw(shown, EN, "double").axes
    lines = [line for line in slopes.lines if line.get_linestyle() == "-"]
    ends = [line.get_xdata() for line in lines if len(line.get_xdata()) == 2][:3]
    np.testing.assert_allclose(ends, [[1, 10], [1, 100], [100, 3]], rtol=0.02)
    markers = [each.lines[0] for each in slopes.containers]
    assert [one.get_marker() for one in markers] == ["^", "^", "v"]
    expected = 0.006 * np.diff(np.log1p([1.0, 10.0])) / np.log(10)
    assert markers[0].get_ydata()[0] == pytest.approx(expected[0], rel=0.1)
    assert means.get_xscale() == slopes.get_xscale() == "log"


def test_units_make_numbers_short() -> None:
    for slip, label in ((3.0, "Slip (m)"), (0.02, "Slip (mm)"), (2e-5, "Slip (µm)")):
        assert scale_of(SLIP, np.array([0.0, slip]), EN).label == label
    factor, label = scale_of(SLIP_VELOCITY, np.array([np.nan, 2e-6]), EN)
    assert (factor, label) == (1e6, "Slip velocity (µm/s)")


def some(values: np.ndarray, driver: str = "slip_velocity") -> Residuals:
    random = np.random.default_rng(0)
    left = random.normal(0, 0.01, values.size)
    seconds = np.arange(float(values.size))
    return Residuals(seconds, left, np.full(values.size, 0.02), driver, values)


def test_residuals_are_drawn_against_the_driver_that_varies_and_against_time() -> None:
    velocity = 1e-6 * 10.0 ** (np.arange(900) // 300)
    left, right = residuals.draw(some(velocity), EN, "double").axes
    assert (left.get_xscale(), left.get_xlabel()) == ("log", "Slip velocity (µm/s)")
    assert right.get_xlabel() == "Time (s)"
    celsius = np.linspace(20.0, 60.0, 900)
    left, _ = residuals.draw(some(celsius, "temperature"), EN, "double").axes
    assert (left.get_xscale(), left.get_xlabel()) == ("linear", "Temperature (°C)")
    (only,) = residuals.draw(some(np.full(900, np.nan), ""), EN, "double").axes
    assert only.get_xlabel() == "Time (s)"
    assert set(labelled(only)) >= {"target", "median", "90 % interval"}


def test_bins_hold_the_quantiles_of_what_is_in_them_and_few_targets_are_no_bin() -> None:
    x = np.concatenate([np.full(100, 1.0), np.full(100, 10.0), np.full(5, 100.0)])
    left = np.concatenate([np.arange(100.0), -np.arange(100.0), np.zeros(5)])
    rows = binned(x, left, np.full(x.size, 3.0), 11, 0.9, is_logarithmic=True)
    assert len(rows) == 2
    assert np.all((rows[:, 0] < [1, 10]) & (rows[:, 1] > [1, 10]))
    np.testing.assert_allclose(rows[0, 2:], [4.95, 49.5, 94.05, 3.0])
    np.testing.assert_allclose(rows[1, 2:], [-94.05, -49.5, -4.95, 3.0])
    assert binned(np.ones(50), np.ones(50), np.ones(50), 5, 0.9).size == 0


def test_no_residual_is_off_the_axes() -> None:
    data = some(np.full(900, np.nan), "")
    data.residual[7] = 0.4
    (axes,) = residuals.draw(data, EN, "single").axes
    assert axes.get_ylim()[1] > 0.4
    assert axes.get_title(loc="right") == ""


def test_an_interval_that_leaves_the_axes_is_said_to() -> None:
    data = some(np.full(900, np.nan), "")
    data.half_width[:] = 2.0
    (axes,) = residuals.draw(data, EN, "single").axes
    assert axes.get_ylim()[1] < 0.2
    assert "cut here: up to ± 2" in axes.get_title(loc="right")
