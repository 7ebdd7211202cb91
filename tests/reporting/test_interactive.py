"""Interactive figures: their numbers are the study's, thinned without losing an extreme."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from slicken.reporting.figures.comparison import Compared
from slicken.reporting.figures.output import LARGEST, picture_of, pixels
from slicken.reporting.figures.style import new_figure
from slicken.reporting.figures.traces import Trace, Traces
from slicken.reporting.figures.windows import Losses
from slicken.reporting.interactive import MOST_POINTS, View, both, comparison_views, trace_views


def long_trace(samples: int = 50_000, name: str = "<b>one</b>") -> Trace:
    """One experiment with one sharp spike, in two stages."""
    random = np.random.default_rng(1)
    measured = 0.6 + 0.01 * random.normal(size=samples)
    measured[31_234 % samples] = 0.9
    stage = (np.arange(samples) > samples // 2).astype(np.int64)
    time = np.arange(float(samples))
    return Trace(
        name, time, measured, measured, np.full(samples, 0.01), np.full(samples, 0.02),
        time, measured, stage, np.where(stage == 1, 3e6, 1e6),
    )  # fmt: skip


def named(view: View, key: str, **values: object) -> dict[str, Any]:
    wanted = both(key, **values)
    (trace,) = [trace for trace in view.traces if trace.get("name") == wanted]
    return trace


def test_a_long_trace_is_thinned_and_its_spike_stays() -> None:
    (view,) = trace_views(Traces([long_trace()]))
    measured = named(view, "labels.measured")
    assert len(measured["x"]) < 3100
    assert max(measured["y"]) == 0.9
    assert measured["x"][measured["y"].index(0.9)] == 31_234
    assert max(named(view, "labels.interval", level=0.9)["y"]) == pytest.approx(0.92)


def test_a_band_of_no_width_is_not_there() -> None:
    flat = replace(long_trace(500), half_width=np.full(500, np.nan), spread=np.zeros(500))
    (view,) = trace_views(Traces([flat]))
    assert len(view.traces) == 2


def test_stages_are_shaded_and_carry_their_stress() -> None:
    (view,) = trace_views(Traces([long_trace()]))
    (shade,) = view.layout["shapes"]
    assert (shade["x0"], shade["x1"]) == (25_001, 49_999)
    assert [word["text"] for word in view.layout["annotations"]] == ["1 MPa", "3 MPa"]


def test_no_name_of_a_log_is_given_to_plotly() -> None:
    (view,) = trace_views(Traces([long_trace(500)]))
    assert view.names == ("<b>one</b>",)
    assert "<b>" not in json.dumps([view.traces, view.layout])


@pytest.mark.parametrize(("count", "samples"), [(1, 60_000), (7, 4000)])
def test_a_figure_never_has_more_points_than_a_page_can_hold(count: int, samples: int) -> None:
    shown = []
    for number in range(count):
        one = long_trace(samples, f"experiment {number}")
        gaps = np.cumsum(np.where(np.arange(samples) % 3, 1.0, 60.0))  # where lines grow longest
        shown.append(replace(one, time=gaps, log_time=gaps))
    views = trace_views(Traces(shown, others=3))
    assert [view.names for view in views] == [(f"experiment {n}",) for n in range(count)]
    points = sum(len(trace["x"]) for view in views for trace in view.traces)
    assert 0.3 * min(MOST_POINTS, 18_000 * count) < points <= MOST_POINTS
    assert len(json.dumps([view.traces for view in views])) < 700_000
    assert views[0].note is not None
    assert views[0].note.values == {"n": count, "m": count + 3}


def compared(losses: np.ndarray) -> tuple[Losses, Compared]:
    """Window lengths of 50, 100, ... s, with losses of shape (window, run)."""
    seconds = 50.0 * np.arange(1, len(losses) + 1)
    held = xr.DataArray(losses, dims=("window", "run"), coords={"window": seconds})
    columns = ("excess", "excess_low", "excess_high", "probability_best")
    slope = np.linspace(0, 0.2, len(losses))
    table = xr.Dataset(
        {name: ("window", 0.1 * k + slope) for k, name in enumerate(columns)},
        coords={"window": seconds},
    )  # fmt: skip
    return Losses(held, linear=held.mean("run")), Compared(table)


def losses_view(losses: np.ndarray, **settings: Any) -> View:  # noqa: ANN401 - of Losses
    shown, table = compared(losses)
    return comparison_views(replace(shown, **settings), table)[0]


def test_a_box_spans_the_quartiles_and_its_whiskers_end_at_the_last_run_within_reach() -> None:
    losses = np.random.default_rng(3).lognormal(size=(4, 20))
    losses[2, 7] = np.nan
    losses[3, 0] = 9 * np.nanmax(losses)
    box = named(losses_view(losses), "labels.quartiles_of_runs")
    assert box["x"] == [50, 100, 150, 200]
    for place, row in enumerate(losses):
        kept = row[np.isfinite(row)]
        low, median, high = np.percentile(kept, [25, 50, 75])
        inside = [x for x in kept if low - 1.5 * (high - low) <= x <= high + 1.5 * (high - low)]
        wanted = (min(inside), low, median, high, max(inside))
        parts = ("lowerfence", "q1", "median", "q3", "upperfence")
        assert [box[part][place] for part in parts] == pytest.approx(wanted, rel=1e-4)


def test_every_run_is_a_point_that_says_its_length_and_run() -> None:
    losses = np.random.default_rng(3).lognormal(size=(2, 3))
    losses[1, 1] = np.nan
    runs = named(losses_view(losses), "labels.run")
    assert runs["customdata"] == [[s, r] for s in ("50", "100") for r in range(3)]
    shown = [np.nan if y is None else y for y in runs["y"]]
    np.testing.assert_allclose(shown, losses.ravel(), rtol=1e-4)
    assert np.abs(np.array(runs["x"]) - [50, 50, 50, 100, 100, 100]).max() < 0.5 * 0.55 * 50


def test_a_length_of_fewer_than_three_runs_has_points_and_no_box() -> None:
    losses = np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])
    assert named(losses_view(losses), "labels.quartiles_of_runs")["x"] == [50]
    types = [trace["type"] for trace in losses_view(losses[:, 1:]).traces]
    assert types == ["scatter"] * 3


def test_only_the_lengths_not_distinguishable_from_the_best_are_shaded() -> None:
    losses = np.full((4, 3), 1.0) + np.arange(3)
    shapes = losses_view(losses, best=50.0, tied=(50.0, 200.0)).layout["shapes"]
    middles = [(shape["name"], (shape["x0"] + shape["x1"]) / 2) for shape in shapes]
    assert middles == [(both("labels.best"), 50.0), (both("labels.tied"), 200.0)]


def test_losses_over_more_than_a_decade_are_on_a_logarithmic_axis() -> None:
    assert losses_view(np.array([[1.0, 2, 3]])).layout["yaxis"].get("type") is None
    assert losses_view(np.array([[1.0, 2, 30]])).layout["yaxis"]["type"] == "log"


def test_an_excess_is_a_percentage_with_its_interval_and_its_probability() -> None:
    losses, table = compared(np.ones((3, 4)))
    (bars,) = comparison_views(losses, table)[1].traces
    excess = 100 * table.table["excess"].to_numpy()
    np.testing.assert_allclose(bars["y"], excess, rtol=1e-4)
    high = 100 * table.table["excess_high"].to_numpy()
    np.testing.assert_allclose(np.array(bars["error_y"]["array"]) + excess, high, rtol=1e-4)
    chances = [float(held[1]) for held in bars["customdata"]]
    np.testing.assert_allclose(chances, table.table["probability_best"], rtol=1e-4)


def test_a_picture_keeps_within_its_bound_whatever_it_shows() -> None:
    random = np.random.default_rng(0)

    def crowded() -> Any:  # noqa: ANN401 - a figure of matplotlib
        figure, panels = new_figure(width="double", height_mm=235, rows=8, columns=4)
        for axes in panels:
            axes.plot(random.normal(size=3000), linewidth=0.7)
        return figure

    assert len(picture_of(pixels(crowded)).webp) <= LARGEST
