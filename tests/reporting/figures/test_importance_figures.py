"""Importance, read back from what was drawn."""

import made_up_results as made_up
import numpy as np
import pytest
from reading import EN, fresh_axes, said, texts

from slicken.reporting.figures import (
    importance_lags,
    importance_ranked,
    importance_stress,
    importance_time,
)
from slicken.reporting.figures.importance_lags import ByLag, draw_by_lag, lag_that_holds
from slicken.reporting.figures.importance_ranked import draw_ranked
from slicken.reporting.figures.importance_stress import draw_against_stress
from slicken.reporting.figures.importance_time import draw_over_time
from slicken.reporting.figures.style import ink, new_figure


def test_drivers_are_ranked_by_their_mean_share() -> None:
    shares = made_up.shares_by_run()
    axes = fresh_axes()
    draw_ranked(axes, shares, EN)
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert names[0] == "1  Temperature"
    assert names[-1] == "5  Axial displacement rate"
    mean, spread = 100 * shares.mean("run"), 100 * shares.std("run")
    first = mean.idxmax("channel").item()
    line = f"{mean.sel(channel=first).item():.1f} ± {spread.sel(channel=first).item():.1f} %"
    assert texts(axes)[1] == f"{line} rank 1 in all runs"


def test_every_run_is_a_point_of_its_driver() -> None:
    shares = made_up.shares_by_run(runs=9)
    axes = fresh_axes()
    draw_ranked(axes, shares, EN)
    clouds = [line for line in axes.lines if np.size(line.get_xdata()) == 9]
    drawn = {line.get_color(): np.asarray(line.get_xdata()) for line in clouds}
    for channel in made_up.NAMES:
        np.testing.assert_array_equal(drawn[ink(channel).colour], shares.sel(channel=channel))


def test_a_run_without_shares_is_left_out_of_mean_and_rank() -> None:
    shares = made_up.shares_by_run(runs=5)
    whole = shares.copy()
    shares[2] = np.nan
    axes = fresh_axes()
    draw_ranked(axes, shares, EN)
    mean = np.delete(whole.to_numpy(), 2, axis=0).mean(axis=0).max()
    assert texts(axes)[1].startswith(f"{100 * mean:.1f}")


@pytest.mark.parametrize("channels", [made_up.NAMES, made_up.NAMES[:3], ("temperature", "probe")])
def test_any_number_of_drivers_has_a_row_a_column_or_a_line_each(channels: tuple[str, ...]) -> None:
    count = len(channels)
    by_run, by_stage = (
        made_up.shares_by_run(channels=channels),
        made_up.shares_by_stage(channels=channels),
    )
    over_time = made_up.shares_over_time(300, channels=channels)
    (axes,) = importance_ranked.draw({"loss": by_run}, EN, "double").axes
    assert len(axes.get_yticklabels()) == count
    panels = importance_stress.draw({"loss_gradient": by_stage}, EN, "double").axes
    assert len([axes for axes in panels if axes.get_visible()]) == count
    panels = importance_time.draw({"either_gradient": over_time}, EN, "double").axes
    assert all(
        len([one for one in axes.lines if len(one.get_xdata()) > 1]) == count for axes in panels
    )


def test_constant_networks_are_said_to_have_no_gradient() -> None:
    one, none = made_up.shares_by_run(), made_up.shares_by_run() * np.nan
    first, second = importance_ranked.draw({"loss": none, "friction": one}, EN, "double").axes
    assert "no gradient" in said(first)
    assert "no gradient" not in said(second)
    for figure in (
        importance_stress.draw({"loss_gradient": made_up.shares_by_stage() * np.nan}, EN, "double"),
        importance_time.draw(
            {"either_gradient": made_up.shares_over_time(300) * np.nan}, EN, "double"
        ),
        importance_lags.draw(ByLag({"loss": made_up.share_by_lag() * np.nan}), EN, "double"),
    ):
        assert all("no gradient" in said(axes) for axes in figure.axes if axes.get_visible())


def test_runs_and_means_stand_at_the_normal_stress_of_their_stage_in_mpa() -> None:
    shares = made_up.shares_by_stage(experiments=2, stages=3, runs=4)
    axes = fresh_axes()
    draw_against_stress(axes, shares, "temperature", EN, top=1.0)
    given, stress = (
        shares.sel(channel="temperature").to_numpy(),
        shares["normal_stress"].to_numpy() / 1e6,
    )
    _, runs, means = axes.lines
    np.testing.assert_array_equal(runs.get_ydata(), given.ravel())
    assert np.abs(runs.get_xdata() - np.repeat(stress, 4)).max() < 0.01 * np.ptp(stress)
    np.testing.assert_allclose(means.get_ydata(), given.mean(axis=1))
    np.testing.assert_allclose(means.get_xdata(), stress)


def test_a_missing_run_is_left_out_of_the_mean_of_its_stage() -> None:
    shares = made_up.shares_by_stage(experiments=1, stages=2, runs=3)
    shares[0, 1] = np.nan
    axes = fresh_axes()
    draw_against_stress(axes, shares, "temperature", EN, top=1.0)
    expected = shares.isel(stage=0, run=[0, 2]).sel(channel="temperature").mean().item()
    assert axes.lines[-1].get_ydata()[0] == pytest.approx(expected)


def test_shares_against_stress_are_on_one_scale_and_fit_a_screen() -> None:
    pair = {
        "loss_gradient": made_up.shares_by_stage(),
        "shapley_friction": made_up.shares_by_stage(seed=1),
    }
    figure = importance_stress.draw(pair, EN, "double")
    assert len(figure.axes) == 10
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert figure.get_figheight() < 0.5 * figure.get_figwidth()
    assert figure.get_supxlabel() == "Normal stress (MPa)"
    assert "Shapley" in figure.axes[5].get_ylabel()


def test_the_course_of_a_share_is_drawn_at_its_times_in_their_order() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    axes = fresh_axes()
    draw_over_time(axes, shares.isel(target=slice(None, None, -1)), EN, top=1.0)
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), shares["time"])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), shares[:, 0])


def test_a_course_is_broken_where_time_jumps() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    time = shares["time"].to_numpy() + np.where(np.arange(300) >= 100, 900.0, 0.0)
    axes = fresh_axes()
    draw_over_time(axes, shares.assign_coords(time=("target", time)), EN, top=1.0)
    assert np.flatnonzero(np.isnan(axes.lines[0].get_ydata())).tolist() == [100]


def test_names_at_line_ends_do_not_overlap() -> None:
    shares = made_up.shares_over_time(300, experiments=1)
    shares[-1] = 0.2
    figure, (axes,) = new_figure(width="double", height_mm=50)
    draw_over_time(axes, shares, EN, top=1.0)
    figure.draw_without_rendering()
    names = [t for t in axes.texts if t.get_text() in {"Temperature", "Slip velocity"}]
    boxes = [name.get_window_extent() for name in names]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])


def test_lags_are_drawn_as_given_with_now_on_the_right() -> None:
    share = made_up.share_by_lag(60, memory=20)
    axes = fresh_axes()
    draw_by_lag(axes, share[::-1], EN)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), share[:, 0])
    left, right = axes.get_xlim()
    assert left > right == 0.0


def test_half_of_an_even_gradient_lies_within_half_of_the_lags() -> None:
    share = made_up.share_by_lag(100)
    share[:] = 1 / share.size
    axes = fresh_axes()
    draw_by_lag(axes, share, EN, planted=150.0)
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert marks == [49.0, 89.0]
    assert lag_that_holds(np.arange(100.0), np.ones(100), 0.9) == 89.0
    assert axes.get_xlim()[0] == pytest.approx(1.08 * 150.0)  # room for the label
