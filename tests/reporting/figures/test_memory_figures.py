"""Memory, read back from what was drawn."""

from dataclasses import replace

import made_up_results as made_up
import numpy as np
import pytest
from matplotlib.axes import Axes

from slicken.reporting.figures import (
    draw_gradient_span,
    draw_required,
    draw_truncated,
    memory_figure,
    new_figure,
)
from slicken.reporting.figures.importance import NO_GRADIENT


def fresh_axes() -> Axes:
    return new_figure(height_mm=60)[1][0]


def labelled(axes: Axes) -> dict[str, object]:
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def words(axes: Axes) -> str:
    return " ".join(text.get_text() for text in axes.texts).replace("\n", " ")


def test_every_run_is_a_point_and_lines_join_the_means() -> None:
    used = made_up.used([50.0, 100.0, 400.0], runs=6)
    axes = fresh_axes()
    draw_gradient_span(axes, used, best=100.0)
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
    draw_gradient_span(axes, used)
    means = labelled(axes)["50 %"].get_ydata()
    assert means[1] == pytest.approx(float(used[100.0].sel(mass=0.5).mean()))
    assert np.isnan(means[2])


def test_networks_without_a_gradient_are_said_so() -> None:
    used = {50.0: made_up.used([50.0])[50.0] * np.nan}
    axes = fresh_axes()
    draw_gradient_span(axes, used)
    assert NO_GRADIENT in words(axes)


def test_a_line_is_a_run_and_the_thick_one_their_mean() -> None:
    loss = made_up.truncated_loss(runs=5)
    axes = fresh_axes()
    draw_truncated(axes, loss[:, ::-1])
    for row in loss.to_numpy():
        assert any(np.array_equal(line.get_ydata(), row) for line in axes.lines)
    mean = labelled(axes)["mean of runs"]
    np.testing.assert_allclose(mean.get_ydata(), loss.mean("run"))
    np.testing.assert_array_equal(mean.get_xdata(), loss["history"])


def test_points_are_ratios_to_the_lowest_and_hollow_where_clearly_too_short() -> None:
    required = made_up.required()
    axes = fresh_axes()
    draw_required(axes, [required], needed=required.range)
    line = labelled(axes)["linear models"]
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
    figure = memory_figure(
        made_up.used(), made_up.truncated_loss(), [made_up.required("networks"), required],
        needed=required.range, planted=100.0, best=400.0,
    )  # fmt: skip
    assert required.range is not None
    span = labelled(figure.axes[2])["needed"]
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
        draw_required(axes, [enough], needed=needed)
        assert "needed" not in labelled(axes)
        assert "clearly too short" not in labelled(axes)


def test_no_models_of_less_history_are_said_so() -> None:
    axes = fresh_axes()
    draw_required(axes, [])
    assert "no models were trained on less" in words(axes)


def test_needs_without_intervals_are_drawn() -> None:
    required = made_up.required()
    nothing = np.full(required.loss.size, np.nan)
    figure, (axes,) = new_figure(height_mm=60)
    draw_required(axes, [replace(required, low=nothing, high=nothing)])
    figure.draw_without_rendering()
    np.testing.assert_array_equal(labelled(axes)["linear models"].get_xdata(), required.history)


def test_one_length_and_one_run_are_enough() -> None:
    figure = memory_figure(
        made_up.used([100.0], runs=1), made_up.truncated_loss(100, runs=1),
        [made_up.required(length=100)], planted=300.0, best=100.0,
    )  # fmt: skip
    figure.draw_without_rendering()
    assert all(axes.get_xlim()[1] > 300 for axes in figure.axes[1:])
    assert figure.axes[0].get_ylim()[1] > 300
