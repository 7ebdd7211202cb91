"""Importance, read back from what was drawn."""

import made_up_results as made_up
import numpy as np
import pytest
from matplotlib.axes import Axes

from slicken.reporting.figures import (
    draw_by_lag,
    draw_by_run_and_stage,
    draw_over_time,
    draw_ranked,
    importance_by_lag_figure,
    importance_over_time_figure,
    new_figure,
    ranked_importance_figure,
    stage_importance_figure,
)
from slicken.reporting.figures.importance import NO_GRADIENT
from slicken.reporting.figures.style import ink


def words(axes: Axes) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def test_drivers_are_ranked_by_their_mean_share() -> None:
    shares = made_up.shares_by_run()
    _, (axes,) = new_figure(height_mm=60)
    draw_ranked(axes, shares)
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert names[0] == "1  Temperature"
    assert names[-1] == "5  Axial displacement rate"
    mean, spread = shares.mean("run"), shares.std("run")
    first = mean.idxmax("channel").item()
    line = f"{mean.sel(channel=first).item():.3f} ± {spread.sel(channel=first).item():.3f}"
    assert words(axes)[1] == f"{line} rank 1 in all runs"


def test_every_run_is_a_point_of_its_driver() -> None:
    shares = made_up.shares_by_run(runs=9)
    _, (axes,) = new_figure(height_mm=60)
    draw_ranked(axes, shares)
    clouds = [line for line in axes.lines if np.size(line.get_xdata()) == 9]
    drawn = {line.get_color(): np.asarray(line.get_xdata()) for line in clouds}
    for channel in made_up.NAMES:
        np.testing.assert_array_equal(drawn[ink(channel).colour], shares.sel(channel=channel))


def test_a_run_without_shares_is_left_out_of_mean_and_rank() -> None:
    shares = made_up.shares_by_run(runs=5)
    whole = shares.copy()
    shares[2] = np.nan
    _, (axes,) = new_figure(height_mm=60)
    draw_ranked(axes, shares)
    mean = np.delete(whole.to_numpy(), 2, axis=0).mean(axis=0).max()
    assert words(axes)[1].startswith(f"{mean:.3f}")


@pytest.mark.parametrize("channels", [made_up.NAMES, made_up.NAMES[:3], ("temperature", "probe")])
def test_any_number_of_drivers_is_drawn(channels: tuple[str, ...]) -> None:
    for figure in (
        ranked_importance_figure(made_up.shares_by_run(channels=channels)),
        stage_importance_figure(made_up.shares_by_stage(channels=channels)),
        importance_over_time_figure(made_up.shares_over_time(300, channels=channels)),
        importance_by_lag_figure(made_up.share_by_lag(channels=channels)),
    ):
        figure.draw_without_rendering()


def test_a_constant_network_is_said_to_have_no_gradient() -> None:
    nothing = {"|∂loss/∂x|": made_up.shares_by_run() * np.nan, "|∂µ/∂x|": made_up.shares_by_run()}
    figure = ranked_importance_figure(nothing)
    figure.draw_without_rendering()
    assert NO_GRADIENT in words(figure.axes[0])
    assert NO_GRADIENT not in words(figure.axes[1])
    for other in (
        stage_importance_figure(made_up.shares_by_stage() * np.nan),
        importance_over_time_figure(made_up.shares_over_time(300) * np.nan),
        importance_by_lag_figure(made_up.share_by_lag() * np.nan),
    ):
        other.draw_without_rendering()
        assert all(NO_GRADIENT in words(axes) for axes in other.axes)


def test_runs_and_means_of_every_stage_are_those_given() -> None:
    shares = made_up.shares_by_stage(experiments=2, stages=3, runs=4)
    _, (axes,) = new_figure(width="double", height_mm=40)
    draw_by_run_and_stage(axes, shares, "temperature")
    given = shares.sel(channel="temperature").to_numpy()
    runs = axes.lines[1].get_ydata()
    np.testing.assert_array_equal(runs, given.ravel())
    means = np.concatenate([line.get_ydata() for line in axes.lines[2:4]])
    np.testing.assert_allclose(means, given.mean(axis=1))
    assert words(axes) == ["HVR1200", "HVR1201"]


def test_a_stage_of_one_run_and_a_missing_run_are_drawn() -> None:
    shares = made_up.shares_by_stage(experiments=1, stages=1, runs=3)
    shares[0, 1] = np.nan
    figure = stage_importance_figure(shares)
    figure.draw_without_rendering()
    means = [line for line in figure.axes[0].lines if len(np.atleast_1d(line.get_ydata())) == 1]
    expected = shares.isel(stage=0, run=[0, 2], channel=0).mean().item()
    assert means[0].get_ydata()[0] == pytest.approx(expected)


def test_shares_against_normal_stress_stand_at_their_stress_in_mpa() -> None:
    shares = made_up.shares_by_stage(experiments=2, stages=3)
    stress = shares["normal_stress"].to_numpy().copy()
    stress[1] = np.nan
    shares = shares.assign_coords(normal_stress=("stage", stress))
    _, (axes,) = new_figure(width="double", height_mm=40)
    draw_by_run_and_stage(axes, shares, "temperature", against="normal_stress")
    np.testing.assert_allclose(axes.lines[-1].get_xdata(), np.delete(stress, 1) / 1e6)


def test_unknown_normal_stress_is_said_in_words() -> None:
    shares = made_up.shares_by_stage(experiments=2, stages=3)
    shares = shares.assign_coords(normal_stress=shares["normal_stress"] * np.nan)
    figure = stage_importance_figure(shares, against="normal_stress")
    figure.draw_without_rendering()
    assert all("normal stress is not known" in words(axes) for axes in figure.axes)


@pytest.mark.parametrize(("against", "scale"), [("time", 1.0), ("slip", 0.004)])
def test_the_course_of_a_share_is_drawn_against_time_or_slip(against: str, scale: float) -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_over_time(axes, shares, against=against)
    np.testing.assert_allclose(axes.lines[0].get_xdata(), shares["time"] * scale)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), shares[:, 0])


def test_a_course_over_slip_is_broken_where_time_jumps_and_not_where_slip_is_fast() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    slip = shares["slip"].to_numpy() + np.where(np.arange(300) >= 200, 50.0, 0.0)
    time = shares["time"].to_numpy() + np.where(np.arange(300) >= 100, 900.0, 0.0)
    shares = shares.assign_coords(slip=("target", slip), time=("target", time))
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_over_time(axes, shares, against="slip")
    gaps = np.flatnonzero(np.isnan(axes.lines[0].get_ydata()))
    assert gaps.tolist() == [100]


def test_time_stands_in_for_slip_that_is_not_known() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    shares = shares.assign_coords(slip=shares["slip"] * np.nan, stage=shares["stage"] * 0 - 1)
    _, (axes,) = new_figure(width="double", height_mm=50)
    draw_over_time(axes, shares, against="slip")
    assert axes.get_xlabel() == "Time (s)"


def test_names_at_line_ends_do_not_overlap() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    shares[-1] = 0.2
    figure, (axes,) = new_figure(width="double", height_mm=50)
    draw_over_time(axes, shares)
    figure.draw_without_rendering()
    names = [t for t in axes.texts if t.get_text() in {"Temperature", "Slip velocity"}]
    boxes = [name.get_window_extent() for name in names]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])


def test_lags_are_drawn_as_given_with_now_on_the_right() -> None:
    share = made_up.share_by_lag(60, memory=20)
    _, (axes,) = new_figure(height_mm=50)
    draw_by_lag(axes, share[::-1])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), share[:, 0])
    left, right = axes.get_xlim()
    assert left > right == 0.0


def test_half_of_an_even_gradient_lies_within_half_of_the_lags() -> None:
    share = made_up.share_by_lag(100)
    share[:] = 1 / share.size
    _, (axes,) = new_figure(height_mm=50)
    draw_by_lag(axes, share, planted=150.0)
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert marks == [49.0, 89.0]
    assert axes.get_xlim()[0] == pytest.approx(1.08 * 150.0)  # room for the label


def test_two_measures_stand_side_by_side_on_the_same_scale() -> None:
    pair = {"|∂loss/∂x|": made_up.shares_by_stage(), "|∂µ/∂x|": made_up.shares_by_stage(seed=1)}
    figure = stage_importance_figure(pair)
    assert len(figure.axes) == 10
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert figure.axes[1].get_title(loc="left") == "(b)  |∂µ/∂x|"
