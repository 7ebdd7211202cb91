"""Figures of friction laws, read back from what was drawn."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from reading import EN, fresh_axes, labelled, said

import made_up_laws as made_up
from slicken.laws.results import Estimate
from slicken.laws.wander import wander_of
from slicken.reporting.figures import (
    laws_events,
    laws_healing,
    laws_history,
    laws_joint,
    laws_parameters,
)
from slicken.reporting.figures.laws_marks import LAW_INK
from slicken.reporting.laws.page import sheets_of


def in_ink(axes: Axes, law: str) -> list[np.ndarray]:
    """Heights of every line in the colour of a law."""
    colour = {str(each): look.colour for each, look in LAW_INK.items()}[law]
    lines = [line for line in axes.lines if line.get_color() == colour and len(line.get_xdata())]
    return [np.asarray(line.get_ydata()) for line in lines]


def test_an_event_has_its_points_and_the_laws_that_are_not_ruled_out() -> None:
    for verdict, laws in (("ageing", {"ageing"}), ("not_distinguishable", {"ageing", "slip"})):
        one = made_up.step(0, verdict=verdict)
        axes = fresh_axes()
        laws_events.draw_event(axes, one, EN)
        points = next(line for line in axes.lines if line.get_marker() == ".")
        assert np.array_equal(points.get_ydata(), one.friction)
        assert float(np.min(points.get_xdata())) == pytest.approx(-20, abs=1)  # um
        for fit in one.fits:
            drawn = in_ink(axes, fit.law)
            assert bool(drawn) == (fit.law in laws)
            if drawn:
                alone, with_noise = drawn
                assert np.array_equal(alone, fit.modelled)
                assert np.allclose(with_noise, fit.modelled + wander_of(one, fit))


def test_residuals_are_measured_less_fitted_in_thousandths() -> None:
    one = made_up.step(0, verdict="slip")
    axes = fresh_axes()
    laws_events.draw_residuals(axes, one, EN)
    left, wander = in_ink(axes, "slip")
    fit = one.best("slip")
    assert fit is not None
    assert np.allclose(wander, 1e3 * wander_of(one, fit))
    assert np.allclose(left, 1e3 * (one.friction - fit.modelled))


def test_more_events_than_fit_a_page_have_a_figure_of_their_own() -> None:
    laws = made_up.laws(events=tuple(map(made_up.step, range(11))))
    sheets = [sheet for sheet in sheets_of(laws) if sheet.name.startswith("laws_events")]
    assert [sheet.name for sheet in sheets] == ["laws_events", "laws_events_2"]
    assert [EN(sheet.statement("title")).split(":")[0] for sheet in sheets] == [
        "Events 1 to 9", "Events 10 to 11",
    ]  # fmt: skip
    titles = [axes.get_title(loc="left") for axes in sheets[1].draw(EN, "double").axes]
    assert [title for title in titles if title] == [
        "(a)  10: 3 → 10 µm/s", "(b)  11: 3 → 10 µm/s",
    ]  # fmt: skip


def test_an_ellipse_holds_the_probability_that_it_says() -> None:
    fit = made_up.fit()
    a, b = laws_joint.outline(fit)
    centre = np.array([fit.estimates["a"].value, fit.estimates["b"].value])
    away = np.stack([a, b]) - centre[:, None]
    distance = np.einsum("ik,ij,jk->k", away, np.linalg.inv(fit.covariance[:2, :2]), away)
    assert np.allclose(distance, 5.991, atol=1e-3)  # chi-square of two variables
    drawn = np.random.default_rng(0).multivariate_normal([0, 0], fit.covariance[:2, :2], 20_000)
    inside = np.einsum("ki,ij,kj->k", drawn, np.linalg.inv(fit.covariance[:2, :2]), drawn) < 5.991
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_a_parameter_that_is_not_determined_has_an_interval_and_no_point() -> None:
    wide = made_up.fit(dc=Estimate(7e-6, 0.5e-6, 30e-6, 1e-6))
    laws = made_up.laws(
        events=(made_up.step(0, verdict="ageing"), made_up.step(1, verdict="ageing", fits=[wide]))
    )
    shown = laws_parameters.data(laws)
    assert shown is not None
    for name, points in (("a", 2), ("dc", 1)):
        axes = fresh_axes()
        laws_parameters.draw_parameter(axes, name, "slip", shown.along["slip"], shown, EN)
        marks = [line for line in axes.lines if line.get_marker() == "o"]
        assert len(marks) == points
        assert len([line for line in axes.lines if len(line.get_xdata()) == 2]) >= 2


def test_parameters_stand_against_what_varies_only() -> None:
    steps = [made_up.step(n, normal_stress=stress) for n, stress in enumerate((5e6, 5e6, 5e6))]
    shown = laws_parameters.data(made_up.laws(events=tuple(steps)))
    assert shown is not None
    assert list(shown.along) == ["slip"]
    assert shown.along["slip"][0] == pytest.approx(0.3)  # mm
    loaded = [made_up.step(n, normal_stress=5e6 * (n + 1), after=3e-6 * 10**n) for n in range(3)]
    shown = laws_parameters.data(made_up.laws(events=tuple(loaded)))
    assert shown is not None
    assert list(shown.along) == ["velocity", "slip", "normal_stress"]
    assert sorted(set(shown.along["normal_stress"].tolist())) == [5.0, 10.0, 15.0]
    assert laws_parameters.data(made_up.laws(events=(made_up.step(0),))) is None


def test_the_line_of_healing_has_the_rate_and_predictions_their_laws() -> None:
    one = made_up.healing()
    axes = fresh_axes()
    laws_healing.draw_healing(axes, [one], EN)
    line = labelled(axes)["fitted rate"]
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())  # type: ignore[attr-defined]
    assert np.diff(y) / np.diff(np.log10(x)) == pytest.approx(one.rate.value)
    assert np.array_equal(in_ink(axes, "slip")[0], one.predicted["slip"])
    assert "0.0065 (0.0055 to 0.0075) per decade" in said(axes)
    nothing = replace(one, rate=Estimate(*[float("nan")] * 4))
    axes = fresh_axes()
    laws_healing.draw_healing(axes, [nothing], EN)
    assert "fitted rate" not in labelled(axes)


def test_the_mark_of_a_history_stands_at_its_distance() -> None:
    both = [made_up.history("ageing"), made_up.history("slip")]
    axes = fresh_axes()
    laws_history.draw_losses(axes, both, EN)
    for one, look in zip(both, LAW_INK.values(), strict=True):
        (mark,) = [
            line
            for line in axes.lines
            if line.get_marker() == look.marker and line.get_xdata().size
        ]
        assert mark.get_xdata()[0] == pytest.approx(1e6 * one.estimates["dc"].value)
    refused = replace(both[0], problem=made_up.thermal()[1].problem)
    assert laws_history.data(made_up.laws(histories=(refused,))) is None


def test_a_hold_in_which_displacement_stands_still_is_drawn_against_time() -> None:
    step = made_up.step(0)
    start = float(np.median(step.time))
    event = replace(step.event, kind="hold", start=start, resumed=start + 2.0)
    fit = replace(made_up.fit(start=made_up.estimate(start)), modelled=step.fits[0].modelled)
    hold = replace(step, event=event, fits=(fit,))
    axes = fresh_axes()
    laws_events.draw_event(axes, hold, EN)
    points = next(line for line in axes.lines if line.get_marker() == ".")
    assert np.allclose(points.get_xdata(), hold.time - start)
    assert axes.get_xlim()[1] <= 5.0  # two and a half hold times
    labels = [
        one.get_xlabel() for one in laws_events.draw([(1, hold), (2, step)], EN, "double").axes
    ]
    assert [label for label in labels if label] == [
        "Time since the hold began (s)", "Displacement (µm)",
    ]  # fmt: skip


def test_a_side_of_equal_a_and_b_is_named_where_it_is_seen() -> None:
    named = {"weakening": EN("labels.weakening"), "strengthening": EN("labels.strengthening")}
    one = laws_joint.Joint(1, made_up.fit())
    for limits, sides in (
        (((0.005, 0.015), (0.005, 0.015)), {"weakening", "strengthening"}),
        (((0.005, 0.006), (0.009, 0.010)), {"weakening"}),
        (((0.009, 0.010), (0.005, 0.006)), {"strengthening"}),
    ):
        axes = fresh_axes()
        laws_joint.draw_joint(axes, [one], EN, limits)
        texts = {text.get_text() for text in axes.texts}
        assert {side for side, words in named.items() if words in texts} == sides
