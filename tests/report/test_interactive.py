"""Interactive figures: their numbers are the study's, thinned without losing an extreme."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from slicken.figures import new_figure, picture_of
from slicken.figures.style import laid_out
from slicken.report.interactive import MOST_POINTS, View, course_views, lag_views, trace_views
from slicken.report.page import _json


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


def test_many_experiments_share_the_points_of_one() -> None:
    coordinates = long_predictions().coords
    names = np.repeat(["a", "b", "c", "d", "e"], 10_000)
    shares = xr.DataArray(
        np.random.default_rng(0).random((50_000, 5)), dims=("target", "channel"),
        coords={**coordinates, "experiment": ("target", names), "channel": list("vwxyz")},
    )  # fmt: skip
    views = course_views({"|∂µ/∂x|": shares})
    assert len(views) == 5
    points = sum(len(trace["x"]) for view in views for trace in view.traces)
    assert points <= 1.5 * MOST_POINTS


def test_a_view_of_lags_marks_what_was_planted() -> None:
    lag = np.arange(50.0)
    table = xr.DataArray(
        np.full((50, 2), 0.01), dims=("lag", "channel"),
        coords={"lag": lag, "channel": ["temperature", "slip_velocity"]},
    )  # fmt: skip
    (view,) = lag_views({"|∂µ/∂x|": table}, 30.0)
    assert [trace["name"] for trace in view.traces] == ["Temperature", "Slip velocity"]
    assert view.layout["shapes"][0]["x0"] == 30.0
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
