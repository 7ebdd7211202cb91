"""Interactive figures: their numbers are the study's, thinned without losing an extreme."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from slicken.channels import CHANNELS
from slicken.evidence.window_comparison import WindowComparison
from slicken.reporting.figures import new_figure, picture_of
from slicken.reporting.figures.pictures import LARGEST
from slicken.reporting.figures.style import ink, laid_out
from slicken.reporting.interactive import (
    View,
    comparison_views,
    course_views,
    lag_views,
    trace_views,
)
from slicken.reporting.page import _json
from slicken.reporting.plotted import MOST_POINTS, Settings, standing_out


def long_predictions(samples: int = 50_000) -> xr.Dataset:
    """One experiment with one sharp spike in two stages."""
    random = np.random.default_rng(1)
    measured = 0.6 + 0.01 * random.normal(size=samples)
    measured[31_234] = 0.9
    stage = (np.arange(samples) > samples // 2).astype(int)
    return xr.Dataset(
        {
            "predicted": (("run", "target"), np.stack([measured - 0.01, measured + 0.01])),
            "measured": ("target", measured),
        },
        coords={
            "time": ("target", np.arange(float(samples))),
            "experiment": ("target", np.full(samples, "<b>one</b>")),
            "stage": ("target", stage),
            "normal_stress": ("target", np.where(stage == 1, 3e6, 1e6)),
        },
    )


def named(view: View, name: str) -> dict[str, Any]:
    (trace,) = [trace for trace in view.traces if trace.get("name") == name]
    return trace


def test_a_long_trace_is_thinned_and_its_spike_stays() -> None:
    predictions = long_predictions()
    half = np.full(predictions.sizes["target"], 0.02)
    (view,) = trace_views(predictions, half, "90 % interval")
    measured = named(view, "measured")
    assert len(measured["x"]) < 3100
    assert max(measured["y"]) == 0.9
    assert measured["x"][measured["y"].index(0.9)] == 31_234
    assert max(named(view, "90 % interval")["y"]) == pytest.approx(0.92)


def test_stages_are_shaded_and_carry_their_stress() -> None:
    predictions = long_predictions()
    (view,) = trace_views(predictions, np.full(predictions.sizes["target"], 0.02), "interval")
    (shade,) = view.layout["shapes"]
    assert (shade["x0"], shade["x1"]) == (25_001, 49_999)
    assert [word["text"] for word in view.layout["annotations"]] == ["1 MPa", "3 MPa"]


def test_no_name_of_a_log_is_given_to_plotly() -> None:
    predictions = long_predictions().isel(target=slice(500))
    (view,) = trace_views(predictions, np.full(500, 0.02), "interval")
    assert view.names == ("<b>one</b>",)
    assert "<b>" not in json.dumps([view.traces, view.layout])
    text = str(_json([view]))
    assert "<" not in text
    assert json.loads(text)[0]["names"] == ["<b>one</b>"]


def shares_of_many(experiments: int, targets: int = 40, drivers: int = 5) -> xr.DataArray:
    """Random shares at times with a gap after every third, which is where lines grow longest."""
    random = np.random.default_rng(0)
    count = experiments * targets
    time = np.tile(np.cumsum(np.where(np.arange(targets) % 3, 1.0, 60.0)), experiments)
    names = [f"experiment {n}" for n in range(experiments)]
    return xr.DataArray(
        random.random((count, drivers)), dims=("target", "channel"),
        coords={
            "time": ("target", time), "slip": ("target", 0.004 * time),
            "experiment": ("target", np.repeat(names, targets)),
            "stage": ("target", np.zeros(count, int)),
            "normal_stress": ("target", np.full(count, 1e6)),
            "channel": [f"driver {n}" for n in range(drivers)],
        },
    )  # fmt: skip


def points_of(views: tuple[View, ...]) -> int:
    return sum(len(trace["x"]) for view in views for trace in view.traces)


@pytest.mark.parametrize(("experiments", "targets"), [(2, 60_000), (24, 4000), (300, 200)])
def test_a_figure_never_has_more_points_than_a_page_can_hold(
    experiments: int, targets: int
) -> None:
    shares = shares_of_many(experiments, targets)
    predictions = xr.Dataset(
        {
            "predicted": (("run", "target"), np.stack([shares[:, 0], shares[:, 1]])),
            "measured": ("target", shares[:, 2].to_numpy()),
        },
        coords={name: shares[name] for name in ("time", "experiment", "stage", "normal_stress")},
    )
    half = np.full(shares.sizes["target"], 0.1)
    for views in (
        course_views({"|∂µ/∂x|": shares, "other": shares}),
        course_views({"|∂µ/∂x|": shares, "other": shares}, against="slip"),
        trace_views(predictions, half, "90 % interval"),
    ):
        assert 0.3 * MOST_POINTS < points_of(views) <= MOST_POINTS
        assert len(str(_json(views))) < 700_000
        held = {view.names[0] for view in views}
        assert held == {f"experiment {n}" for n in range(len(held))}
        if len(held) < experiments:
            assert len(held) >= 30
            assert views[0].note == f"The first {len(held)} of {experiments} experiments."


def test_importance_over_slip_is_that_over_time_at_other_places() -> None:
    shares = shares_of_many(2)
    (by_time, _), (by_slip, _) = (course_views({"one": shares}, each) for each in ("time", "slip"))
    assert by_slip.layout["xaxis"]["title"]["text"] == "Slip (m)"
    for one, other in zip(by_time.traces, by_slip.traces, strict=True):
        kept = [place for place, y in enumerate(one["y"]) if y is not None]
        assert other["y"] == one["y"]
        slip = np.array(one["x"])[kept] * 0.004
        np.testing.assert_allclose(np.array(other["x"])[kept], slip, atol=1e-5)


def test_fast_slip_is_no_gap_and_a_gap_of_the_log_is_one() -> None:
    shares = shares_of_many(1, targets=30)
    time = np.where(np.arange(30) < 20, np.arange(30.0), np.arange(30.0) + 500)
    slip = np.where(np.arange(30) < 10, 0.001, 1.0) * np.arange(30)  # a thousand times as fast
    held = shares.assign_coords(time=("target", time), slip=("target", slip))
    for against in ("time", "slip"):
        (view,) = course_views({"one": held}, against=against)
        for trace in view.traces:
            assert [place for place, y in enumerate(trace["y"]) if y is None] == [20]
            assert len(trace["x"]) == 31


def test_an_experiment_without_slip_has_no_view_over_slip() -> None:
    shares = shares_of_many(3)
    first = shares["experiment"] == "experiment 0"
    some = shares.assign_coords(slip=shares["slip"].where(~first))
    held = [view.names[0] for view in course_views({"one": some}, against="slip")]
    assert held == ["experiment 1", "experiment 2"]
    none = shares.assign_coords(slip=shares["slip"] * np.nan)
    assert course_views({"one": none}, against="slip") == ()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_line_of_a_driver_stands_out_from_white(channel: str) -> None:
    colour = standing_out(ink(channel).colour)
    levels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (x / 12.92 if x < 0.04 else ((x + 0.055) / 1.055) ** 2.4 for x in levels)
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 3


def contest_of(losses: np.ndarray) -> WindowComparison:
    """Window lengths of 50, 100, ... s, with losses of shape (window, run)."""
    seconds = 50.0 * np.arange(1, len(losses) + 1)
    table = xr.DataArray(losses, dims=("window", "run"), coords={"window": seconds})
    return WindowComparison(
        table, table.expand_dims(target=30, axis=2), np.repeat(np.arange(10), 3)
    )


def losses_views(losses: np.ndarray, **told: Any) -> View:  # noqa: ANN401 - of contest_views
    comparison = contest_of(losses)
    usual: Settings = {"best": None, "tied": (), "planted": None, "linear": comparison.means}
    return comparison_views(comparison, **(usual | told))[0]


def test_a_box_spans_the_quartiles_and_its_whiskers_end_at_the_last_run_within_reach() -> None:
    losses = np.random.default_rng(3).lognormal(size=(4, 20))
    losses[2, 7] = np.nan
    losses[3, 0] = 9 * np.nanmax(losses)
    box = named(losses_views(losses), "quartiles of runs")
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
    runs = named(losses_views(losses), "a run")
    assert runs["customdata"] == [[s, r] for s in ("50", "100") for r in range(3)]
    shown = [np.nan if y is None else y for y in runs["y"]]
    np.testing.assert_allclose(shown, losses.ravel(), rtol=1e-4)
    assert np.abs(np.array(runs["x"]) - [50, 50, 50, 100, 100, 100]).max() < 0.5 * 0.55 * 50


def test_a_length_of_fewer_than_three_runs_has_points_and_no_box() -> None:
    losses = np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])
    assert named(losses_views(losses), "quartiles of runs")["x"] == [50]
    names = [trace["name"] for trace in losses_views(losses[:, 1:]).traces]
    assert names == ["a run", "linear model", "mean of runs"]


def test_only_the_lengths_that_tie_are_shaded() -> None:
    losses = np.full((4, 3), 1.0) + np.arange(3)
    shapes = losses_views(losses, best=50.0, tied=(50.0, 200.0)).layout["shapes"]
    middles = {(shape["name"], (shape["x0"] + shape["x1"]) / 2) for shape in shapes}
    assert middles == {("chosen", 50.0), ("tied", 200.0)}


def test_losses_over_more_than_a_decade_are_on_a_logarithmic_axis() -> None:
    assert losses_views(np.array([[1.0, 2, 3]])).layout["yaxis"].get("type") is None
    assert losses_views(np.array([[1.0, 2, 30]])).layout["yaxis"]["type"] == "log"


def test_a_view_of_lags_marks_what_was_planted() -> None:
    lag = np.arange(50.0)
    table = xr.DataArray(
        np.full((50, 2), 0.01), dims=("lag", "channel"),
        coords={"lag": lag, "channel": ["temperature", "slip_velocity"]},
    )  # fmt: skip
    (view,) = lag_views({"|∂µ/∂x|": table}, 30.0)
    assert [trace["name"] for trace in view.traces] == ["Temperature", "Slip velocity"]
    assert view.layout["shapes"][0]["x0"] == 30.0
    assert set(view.traces[0]["y"]) == {1.0}  # per cent
    assert lag_views({"|∂µ/∂x|": table}, None)[0].layout.get("shapes") is None


def test_a_picture_for_a_page_has_the_dots_of_the_figure() -> None:
    figure, (axes,) = new_figure(height_mm=40)
    axes.plot([0.0, 1.0], [0.0, 1.0])
    picture = picture_of(figure)
    assert (picture.width, picture.height) == (425, 189)  # 90 by 40 mm, a quarter larger
    assert picture.webp[8:12] == b"WEBP"
    own = BytesIO()
    with laid_out(figure):
        figure.savefig(own, format="png", dpi=200)
    shown, wanted = (
        np.asarray(Image.open(file).convert("RGB")) for file in (BytesIO(picture.webp), own)
    )
    assert np.array_equal(shown, wanted)


def test_a_picture_keeps_within_its_bound_whatever_it_shows() -> None:
    random = np.random.default_rng(0)
    figure, panels = new_figure(width="double", height_mm=235, rows=8, columns=4)
    for axes in panels:
        axes.plot(random.normal(size=3000), linewidth=0.7)
    assert len(picture_of(figure).webp) <= LARGEST
