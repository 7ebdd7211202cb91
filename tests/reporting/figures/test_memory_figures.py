"""Memory, read back from what was drawn."""

from collections.abc import Sequence
from dataclasses import replace

import made_up_results as made_up
import numpy as np
import pytest
from matplotlib.axes import Axes
from reading import EN, fresh_axes, labelled, said

from slicken.evidence.required import RequiredHistory
from slicken.reporting.figures import memory, memory_answer
from slicken.reporting.figures.memory import (
    History,
    draw_gradient_span,
    draw_required,
    draw_truncated,
)
from slicken.reporting.figures.memory_answer import Answer, Reading
from slicken.reporting.figures.style import new_figure
from slicken.reporting.figures.windows import Losses


def history(**settings: object) -> History:
    usual: dict[str, object] = {
        "spans": made_up.used(), "truncated_loss": made_up.truncated_loss(), "required": (),
    }  # fmt: skip
    return History(**(usual | settings))


def draw_needs(
    axes: Axes, required: Sequence[RequiredHistory], needed: tuple[float, float] | None = None
) -> None:
    draw_required(axes, history(required=required, needed=needed), EN)


def test_every_run_is_a_point_and_lines_join_the_means() -> None:
    used = made_up.used([50.0, 100.0, 400.0], runs=6)
    axes = fresh_axes()
    draw_gradient_span(axes, history(spans=used, best=100.0), EN)
    for mass in (0.5, 0.9, 0.99):
        line = labelled(axes)[f"{100 * mass:.0f} %"]
        np.testing.assert_array_equal(line.get_xdata(), [50.0, 100.0, 400.0])
        means = [float(table.sel(mass=mass).mean()) for table in used.values()]
        np.testing.assert_allclose(line.get_ydata(), means)
        each = np.concatenate([table.sel(mass=mass) for table in used.values()])
        clouds = [other.get_ydata() for other in axes.lines if np.size(other.get_ydata()) == 18]
        assert any(np.array_equal(cloud, each) for cloud in clouds)
    whole = labelled(axes)["whole window"]
    np.testing.assert_array_equal(whole.get_xdata(), whole.get_ydata())
    assert axes.get_xscale() == axes.get_yscale() == "log"


def test_lengths_may_have_different_runs_and_some_may_be_constant() -> None:
    used = made_up.used([50.0, 100.0, 400.0], runs=4)
    used[100.0] = used[100.0].isel(run=[0, 2])
    used[400.0] = used[400.0].copy(data=np.full((4, 3), np.nan))
    axes = fresh_axes()
    draw_gradient_span(axes, history(spans=used), EN)
    means = labelled(axes)["50 %"].get_ydata()
    assert means[1] == pytest.approx(float(used[100.0].sel(mass=0.5).mean()))
    assert np.isnan(means[2])


def test_networks_without_a_gradient_are_said_so() -> None:
    used = {50.0: made_up.used([50.0])[50.0] * np.nan}
    axes = fresh_axes()
    draw_gradient_span(axes, history(spans=used), EN)
    assert "no gradient" in said(axes)


def test_a_line_is_a_run_and_the_thick_one_their_mean() -> None:
    loss = made_up.truncated_loss(runs=5)
    axes = fresh_axes()
    draw_truncated(axes, history(truncated_loss=loss[:, ::-1]), EN)
    for row in loss.to_numpy():
        assert any(np.array_equal(line.get_ydata(), row) for line in axes.lines)
    mean = labelled(axes)["mean of runs"]
    np.testing.assert_allclose(mean.get_ydata(), loss.mean("run"))
    np.testing.assert_array_equal(mean.get_xdata(), loss["history"])


def test_points_are_ratios_to_the_lowest_and_hollow_where_clearly_too_short() -> None:
    required = made_up.required()
    axes = fresh_axes()
    draw_needs(axes, [required], required.range)
    line = labelled(axes)["lag model"]
    np.testing.assert_array_equal(line.get_xdata(), required.history)
    np.testing.assert_allclose(line.get_ydata(), required.loss / required.loss.min())
    (hollow,) = [
        other for other in axes.lines
        if other.get_markerfacecolor() == "white" and other.get_label().startswith("_")
    ]  # fmt: skip
    np.testing.assert_array_equal(hollow.get_xdata(), required.history[required.clearly_worse])
    (band,) = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(1 + (required.high / required.loss.min()).max())


def test_the_chosen_range_is_shaded_and_the_planted_memory_is_a_dashed_line_everywhere() -> None:
    required = made_up.required(memory=100.0)
    shown = history(
        required=[made_up.required("networks"), required], needed=required.range, planted=100.0,
        best=400.0,
    )  # fmt: skip
    figure = memory.draw(shown, EN, "double")
    assert required.range is not None
    span = labelled(figure.axes[2])["required history"]
    np.testing.assert_allclose(
        [span.get_x(), span.get_x() + span.get_width()], [required.range[0], required.range[1]]
    )
    for axes, read in zip(figure.axes, ("get_ydata", "get_xdata", "get_xdata"), strict=True):
        line = labelled(axes)["planted memory"]
        assert list(getattr(line, read)()) == [100.0, 100.0]
        assert line.get_linestyle() == "--"


def test_nothing_is_shaded_where_the_shortest_is_enough_or_nothing_was_chosen() -> None:
    enough = replace(
        made_up.required(), clearly_worse=np.zeros(made_up.required().loss.size, dtype=bool)
    )
    for needed in (enough.range, None):
        axes = fresh_axes()
        draw_needs(axes, [enough], needed)
        assert "required history" not in labelled(axes)
        assert "clearly too short" not in labelled(axes)


def test_no_models_of_less_history_are_said_so() -> None:
    axes = fresh_axes()
    draw_needs(axes, [])
    assert "no models were trained on less" in said(axes)


def test_needs_without_intervals_are_drawn() -> None:
    required = made_up.required()
    nothing = np.full(required.loss.size, np.nan)
    figure, (axes,) = new_figure(height_mm=60)
    draw_needs(axes, [replace(required, low=nothing, high=nothing)])
    figure.draw_without_rendering()
    np.testing.assert_array_equal(labelled(axes)["lag model"].get_xdata(), required.history)


def test_one_length_and_one_run_are_enough() -> None:
    shown = history(
        spans=made_up.used([100.0], runs=1), truncated_loss=made_up.truncated_loss(100, runs=1),
        required=[made_up.required(length=100)], planted=300.0, best=100.0,
    )  # fmt: skip
    figure = memory.draw(shown, EN, "double")
    figure.draw_without_rendering()
    assert all(axes.get_xlim()[1] > 300 for axes in figure.axes[1:])
    assert figure.axes[0].get_ylim()[1] > 300


READINGS = (
    Reading("networks", 30.0, 80.0),
    Reading("linear", 0.0, 5.0),
    Reading("boxcar", 88.0, 116.0, 101.0, concluded=True),
)


def test_a_reading_is_a_bar_from_which_to_which_memory_and_the_conclusion_stands_out() -> None:
    losses = Losses(made_up.losses())
    answer = Answer(READINGS, losses, clearly_worse=(50.0, 100.0), planted=120.0)
    top, bottom = memory_answer.draw(answer, EN, "double").axes
    bars = {tuple(line.get_xdata()): line for line in top.lines if line.get_linewidth() == 4.0}
    assert set(bars) == {(30.0, 80.0), (88.0, 116.0)}
    assert bars[88.0, 116.0].get_color() == memory_answer.CONCLUDED
    assert bars[30.0, 80.0].get_color() != memory_answer.CONCLUDED
    (best,) = [line for line in top.lines if line.get_marker() == "D" and line.get_xdata()[0] > 0]
    assert best.get_xdata()[0] == 101.0
    (enough,) = [line for line in top.lines if line.get_marker() == "<"]
    assert enough.get_xdata()[0] == 5.0
    names = [label.get_text() for label in top.get_yticklabels()]
    assert names == ["networks", "lag model", "boxcar kernel"]
    assert top.get_xlim() == bottom.get_xlim()


@pytest.mark.filterwarnings("error")
def test_a_memory_without_an_upper_end_is_an_arrow_to_the_edge() -> None:
    open_ended = Reading("boxcar", 64.0, np.inf, 90.0, concluded=True)
    top, _ = memory_answer.draw(Answer((open_ended,), Losses(made_up.losses())), EN, "double").axes
    top.figure.draw_without_rendering()
    (bar,) = [line for line in top.lines if line.get_linewidth() == 4.0]
    (arrow,) = [line for line in top.lines if line.get_marker() == ">"]
    assert tuple(bar.get_xdata()) == (64.0, top.get_xlim()[1])
    assert arrow.get_xdata()[0] == top.get_xlim()[1]


def test_the_comparison_below_has_the_mean_of_every_length_hollow_where_clearly_worse() -> None:
    losses = made_up.losses()
    linear = losses.mean("run") * 1.02
    answer = Answer(READINGS, Losses(losses, linear=linear), clearly_worse=(50.0, 100.0))
    _, bottom = memory_answer.draw(answer, EN, "double").axes
    shown = labelled(bottom)
    hollow, filled = shown["clearly worse"], shown["not distinguishable from the best"]
    assert hollow.get_xdata().tolist() == [50.0, 100.0]
    assert hollow.get_markerfacecolor() == "white"
    both = np.concatenate([hollow.get_ydata(), filled.get_ydata()])
    np.testing.assert_allclose(both, losses.mean("run"))
    np.testing.assert_allclose(shown["linear model"].get_ydata(), linear)
    scale = losses.to_numpy()
    assert sorted(shown["run"].get_ydata()) == sorted(scale.ravel())


def test_without_readings_the_figure_says_that_the_memory_is_unknown() -> None:
    top, _ = memory_answer.draw(Answer((), Losses(made_up.losses([50.0]))), EN, "single").axes
    assert said(top) == "These data cannot tell the memory."
    assert not [line for line in top.lines if line.get_linewidth() == 4.0]
