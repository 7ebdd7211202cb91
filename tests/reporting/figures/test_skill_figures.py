"""Skill against every baseline, read back from what was drawn."""

import made_up_results as made_up
import numpy as np
import pytest
from reading import EN, labelled, texts

from slicken.reporting.figures.skill import draw, draw_skill
from slicken.reporting.figures.style import new_figure


def test_parts_are_points_with_intervals_above_one_another() -> None:
    table = made_up.skill_table()
    _, (axes,) = new_figure(height_mm=80)
    draw_skill(axes, table, EN)
    for row, part in enumerate(("validation", "test")):
        inside = np.arange(4)  # the fifth is off the scale
        drawn = labelled(axes)[part]
        np.testing.assert_array_equal(drawn.get_xdata(), table["skill"][row, inside])
        np.testing.assert_allclose(drawn.get_ydata(), inside - [0.24, 0.0][row])
        segments = np.array(axes.collections[row].get_segments())
        np.testing.assert_allclose(segments[:, 0, 0], table["low"][row, inside])
        np.testing.assert_allclose(segments[:, 1, 0], table["high"][row, inside])


def test_what_is_off_the_scale_is_a_triangle_with_its_value() -> None:
    table = made_up.skill_table()
    table["skill"][1, 0] = -np.inf
    _, (axes,) = new_figure(height_mm=80)
    draw_skill(axes, table, EN)
    assert axes.get_xlim()[0] == -1.0
    assert texts(axes) == ["−14.1", "−∞", "−14.2"]
    edges = [line for line in axes.lines if line.get_marker() == "<"]
    assert sum(np.size(line.get_xdata()) for line in edges) >= 3
    assert all(np.all(np.asarray(line.get_xdata()) == -1.0) for line in edges)


def test_a_value_off_the_scale_stands_clear_of_its_interval() -> None:
    table = made_up.skill_table()
    table["skill"][0, 0], table["low"][0, 0], table["high"][0, 0] = -4.0, -9.0, 0.3
    figure, (axes,) = new_figure(height_mm=80)
    draw_skill(axes, table, EN)
    figure.draw_without_rendering()
    (said,) = [text for text in axes.texts if text.get_text() == "−4"]
    assert said.get_window_extent().x0 > axes.transData.transform((0.3, 0))[0]


def test_every_stage_is_a_point_or_a_triangle_at_the_edge() -> None:
    table = made_up.skill_table(experiments=2, stages=3)
    table["skill"][3, 2] = np.nan
    _, (axes,) = new_figure(height_mm=80)
    draw_skill(axes, table, EN)
    inside = labelled(axes)["stage of the test part"]
    values = table["skill"][2:].to_numpy()
    seen = values[np.isfinite(values) & (values >= -1)]
    assert sorted(inside.get_xdata().tolist()) == sorted(seen.tolist())
    assert np.abs(inside.get_ydata() % 1 - 0.24).max() < 0.11
    small = [
        np.size(line.get_xdata())
        for line in axes.lines
        if line.get_marker() == "<" and line.get_markersize() == 2
    ]
    assert sum(small) + seen.size == values.size - 1


def test_skill_without_intervals_or_stages_is_drawn() -> None:
    table = made_up.skill_table(experiments=0, stages=0)
    without = table.assign(low=table["low"] * np.nan, high=table["high"] * np.nan)
    figure = draw(without, EN, "single")
    figure.draw_without_rendering()
    assert sum(len(lines.get_segments()) for lines in figure.axes[0].collections) == 0
    assert "stage of the test part" not in labelled(figure.axes[0])


def test_no_skill_at_all_is_said_in_words() -> None:
    figure = draw(made_up.skill_table() * np.nan, EN, "single")
    figure.draw_without_rendering()
    assert texts(figure.axes[0]) == ["no part has a skill"]


@pytest.mark.parametrize("best", [0.3, 0.95])
def test_an_axis_of_good_skills_begins_a_little_below_zero(best: float) -> None:
    table = made_up.skill_table(experiments=0, stages=0)
    table["skill"][:], table["low"][:], table["high"][:] = best, best - 0.1, best + 0.02
    _, (axes,) = new_figure(height_mm=80)
    draw_skill(axes, table, EN)
    assert axes.get_xlim()[0] == pytest.approx(-0.08)
