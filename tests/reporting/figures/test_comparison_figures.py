"""The window comparison in numbers, read back from what was drawn."""

from itertools import pairwise

import made_up_results as made_up
import numpy as np
import pytest
import xarray as xr
from reading import EN, fresh_axes, labelled, said, texts

from slicken.reporting.figures.comparison import Compared, draw, draw_excess, draw_probability

TIED = "not distinguishable from the best"


def test_bars_are_as_high_as_the_probability_of_being_best() -> None:
    comparison = made_up.comparison()
    axes = fresh_axes()
    draw_probability(axes, comparison, EN)
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_array_equal(heights, comparison["probability_best"])
    assert texts(axes) == [f"{chance:.2f}" for chance in heights if chance >= 0.005]


def test_points_are_excesses_in_percent_and_lines_are_their_intervals() -> None:
    comparison = made_up.comparison()
    axes = fresh_axes()
    draw_excess(axes, Compared(comparison), EN)
    names = ("lowest mean", TIED, "clearly worse")
    drawn = np.concatenate([labelled(axes)[name].get_xydata() for name in names])
    drawn = drawn[np.argsort(drawn[:, 0])]
    np.testing.assert_array_equal(drawn[:, 0], np.arange(10))
    np.testing.assert_allclose(drawn[:, 1], 100 * comparison["excess"])
    segments = np.array(labelled(axes)["95 % interval"].get_segments())
    np.testing.assert_allclose(segments[:, 0, 1], 100 * comparison["excess_low"])
    np.testing.assert_allclose(segments[:, 1, 1], 100 * comparison["excess_high"])


def test_the_best_the_tied_and_the_shortest_within_one_error_are_marked() -> None:
    comparison = made_up.comparison()
    axes = fresh_axes()
    draw_excess(axes, Compared(comparison), EN)
    found = labelled(axes)
    assert found["lowest mean"].get_xdata().tolist() == [7]
    tied = np.flatnonzero(comparison["tied"])
    assert found[TIED].get_xdata().tolist() == [k for k in tied if k != 7]
    near = np.flatnonzero(comparison["within_one_error"])
    assert found["shortest within one standard error"].get_xdata() == [near.min()]
    assert near.min() < 7


def test_a_comparison_that_cannot_tell_has_points_and_says_so() -> None:
    comparison = made_up.comparison(told=False)
    figure = draw(Compared(comparison), EN, "single")
    figure.draw_without_rendering()
    assert "too few lengths, runs or blocks of time" in said(figure.axes[0])
    found = labelled(figure.axes[1])
    assert set(found) == {"lowest mean", "not compared"}


@pytest.mark.parametrize("told", [True, False])
def test_one_length_is_enough(told: bool) -> None:
    figure = draw(Compared(made_up.comparison([400.0], told=told), 0.004), EN, "single")
    figure.draw_without_rendering()
    (label,) = figure.axes[1].get_xticklabels()
    assert label.get_text() == "400\n1.6"


def test_a_length_without_any_run_keeps_its_place_empty() -> None:
    comparison = made_up.comparison([50.0, 100.0, 400.0])
    bad = xr.where(comparison["window"] == 100, np.nan, 1.0)
    for name in ("excess", "excess_low", "excess_high"):
        comparison[name] = comparison[name] * bad
    axes = fresh_axes()
    draw_excess(axes, Compared(comparison), EN)
    places = np.concatenate([line.get_xdata() for line in axes.lines if line.get_marker() in "oD"])
    assert sorted(places.tolist()) == [0, 2]


def test_lengths_that_are_far_worse_do_not_flatten_the_others() -> None:
    comparison = made_up.comparison([5.0, 10.0, 20.0, 200.0, 300.0, 400.0, 500.0], steep=2.0)
    comparison["excess"][3:5] = [0.08, 0.05]
    axes = fresh_axes()
    draw_excess(axes, Compared(comparison), EN)
    assert axes.get_yscale() == "symlog"
    low, high = axes.get_ylim()
    assert low < 0 < 100 * float(comparison["excess_high"].max()) < high
    assert 0 in axes.get_yticks()
    assert 100 in axes.get_yticks()


@pytest.mark.parametrize("count", [2, 10, 40, 200])
def test_names_of_lengths_never_overlap(count: int) -> None:
    comparison = made_up.comparison(np.linspace(5, 5 * count, count).round(1))
    figure = draw(Compared(comparison, 0.0123), EN, "single")
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[1].get_xticklabels()]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0
