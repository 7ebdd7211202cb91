"""Friction laws that nobody has fitted: every part of them chosen, to test what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.results import (
    Estimate,
    Event,
    EventFit,
    Fit,
    Healing,
    History,
    Laws,
    Shared,
    Thermal,
    Trend,
    Verdict,
)
from slicken.statements import Statement

NAN = float("nan")
UM = 1e-6
Law = Literal["ageing", "slip"]
RECORDS = ("p5760", "p5866")
PLANTED = {"a": 0.0089, "b": 0.0093, "dc": 7 * UM, "stiffness": 7100.0, "mu0": 0.62}
WIDE = 0.05
"""Half a width of intervals, as a share of the value."""


def estimate(value: float, half: float | None = None, formal: float | None = None) -> Estimate:
    """A value with an even interval; formal errors are a sixth of what they should be."""
    half = WIDE * abs(value) if half is None else half
    return Estimate(value, value - half, value + half, half / 12 if formal is None else formal)


def fit(law: Law = "ageing", states: int = 1, points: int = 80, **changes: Any) -> Fit:  # noqa: ANN401
    """A law fitted to the event of :func:`step`; ``changes`` are estimates or fields."""
    shift = 1.0 if law == "ageing" else 1.3
    found = {
        "a": estimate(PLANTED["a"]),
        "b": estimate(PLANTED["b"]),
        "a_minus_b": estimate(PLANTED["a"] - PLANTED["b"], 0.0001),
        "dc": Estimate(7 * UM * shift, 6.1 * UM * shift, 8.2 * UM * shift, 0.1 * UM),
        **({"b2": estimate(0.002), "dc2": estimate(300 * UM, 100 * UM)} if states == 2 else {}),
        "stiffness": estimate(PLANTED["stiffness"]),
        "mu0": estimate(PLANTED["mu0"], 0.002),
        "trend": estimate(-0.8, 0.3),
        "start": estimate(120.3, 0.05),
    }
    fields = {name: value for name, value in changes.items() if name not in found}
    found |= {name: value for name, value in changes.items() if name in found}
    names = tuple(name for name in found if name != "a_minus_b")
    spread = {name: (one.high - one.low) / 3.92 for name, one in found.items()}
    for name in ("dc", "dc2", "stiffness"):
        if name in found:
            spread[name] = float(np.log(found[name].high / found[name].low)) / 3.92
    sizes = np.array([spread[name] for name in names])
    related = np.eye(len(names))
    related[0, 1] = related[1, 0] = 0.94
    modelled = friction_of(law, points)
    plain = Fit(
        law=law,
        states=states,
        estimates=found,
        names=names,
        covariance=related * np.outer(sizes, sizes),
        correlation=0.94,
        log_likelihood=412.5 if law == "ageing" else 410.25,
        misfit=0.31,
        r2=0.91,
        rmse=4.2e-4,
        modelled=modelled,
        noise={
            "white": 3e-4,
            "correlated": 2e-4,
            "scale": 1.2,
            "undulation": 1e-4,
            "wavelength": 100 * UM,
        },
    )
    return replace(plain, **fields)


def displacement_of(points: int = 80) -> np.ndarray:
    """Of the load point about a step at 300 um, m, shape ``(points,)``."""
    before = np.linspace(280, 300, points // 4, endpoint=False)
    return UM * np.concatenate([before, 300 + np.geomspace(0.05, 120, points - points // 4)])


def friction_of(law: Law, points: int = 80) -> np.ndarray:
    """Friction about a step from 3 to 10 um/s as a law of nearly that form has it."""
    slip = displacement_of(points) / UM - 300
    fast = np.log(10 / 3)
    loaded = 1 - np.exp(-np.maximum(slip, 0) / 0.9)
    faded = 1 - np.exp(-np.maximum(slip, 0) / (7 if law == "ageing" else 9))
    return 0.62 + (PLANTED["a"] * loaded - PLANTED["b"] * faded) * fast - 8e-7 * slip


def event(number: int = 0, **changes: Any) -> Event:  # noqa: ANN401
    """A step from 3 to 10 um/s, or what is asked for."""
    start = 120.3 + 200 * number
    plain = Event(
        kind="step", start=start, uncertainty=0.02, resumed=NAN, first=start - 10, last=start + 20,
        slip=(300 + 500 * number) * UM, before=3 * UM, after=10 * UM, normal_stress=5e6,
    )  # fmt: skip
    return replace(plain, **changes)


def step(
    number: int = 0,
    record: str = RECORDS[0],
    verdict: Verdict = "not_distinguishable",
    fits: Sequence[Fit] | None = None,
    **changes: Any,  # noqa: ANN401
) -> EventFit:
    """A velocity step with its fits."""
    points, differs = 80, 1 + 0.08 * np.sin(2.0 * number)
    if fits is None:
        fits = [fit(law, **scattered(law, differs, number)) for law in ("ageing", "slip")]
    noise = 4e-4 * np.random.default_rng(number).normal(size=points)
    return EventFit(
        record=record,
        event=event(number, **changes),
        time=120.3 + 200 * number + (displacement_of(points) / UM - 300) / 10,
        displacement=displacement_of(points),
        friction=friction_of("ageing", points) + noise,
        samples=np.full(points, 4),
        fits=tuple(fits),
        verdict=verdict,
    )


def scattered(law: Law, differs: float, number: int) -> dict[str, Estimate]:
    """Estimates that differ from event to event."""
    a, b = PLANTED["a"] * differs, PLANTED["b"] * (1 + differs) / 2
    dc = 7 * UM * (1.0 if law == "ageing" else 1.3) / differs
    return {
        "a": estimate(a), "b": estimate(b), "a_minus_b": estimate(a - b, 0.0001),
        "dc": Estimate(dc, 0.87 * dc, 1.17 * dc, 0.02 * dc),
        "start": estimate(120.3 + 200 * number, 0.05),
    }  # fmt: skip


def hold(number: int, seconds: float, record: str = RECORDS[1]) -> EventFit:
    """A hold with its reslide."""
    kept = step(number, record)
    start = kept.event.start
    changed = event(
        number, kind="hold", resumed=start + seconds, before=10 * UM, after=10 * UM,
        last=start + seconds + 20, normal_stress=NAN,
    )  # fmt: skip
    return replace(kept, event=changed)


def unusable(number: int, record: str = RECORDS[0]) -> EventFit:
    """A step that cannot be used."""
    problem = Statement("cells.text", x="4 µm of slip after the step, fewer than 20 µm")
    nothing = np.array([])
    return EventFit(
        record, event(number, problem=problem, after=30 * UM), nothing, nothing, nothing,
        np.array([], dtype=np.int64), (), None,
    )  # fmt: skip


def shared(record: str = RECORDS[0], law: Law = "ageing") -> tuple[Shared, ...]:
    """Parameters over events, with trends."""
    chosen = {
        "a": estimate(0.0089), "b": estimate(0.0093), "a_minus_b": estimate(-0.0004, 0.0002),
        "dc": estimate(7 * UM), "stiffness": estimate(7100.0),
    }  # fmt: skip
    trends = (
        Trend("velocity", Estimate(0.0002, -0.0001, 0.0005, 0.0001), 0.21),
        Trend("slip", Estimate(0.4, -0.1, 0.9, 0.2), 0.4),
    )
    return tuple(
        Shared(record, law, name, 4, one, 0.05 * abs(one.value), 0.034, trends)
        for name, one in chosen.items()
    )


def healing(record: str = RECORDS[1]) -> Healing:
    """Four holds."""
    holds = np.array([3.0, 10.0, 100.0, 1000.0])
    middle = 0.0065 * np.log10(1 + holds)
    around = np.column_stack([middle, middle - 0.0008, middle + 0.0008])
    return Healing(
        record,
        holds,
        around,
        around * 1.5,
        Estimate(0.0065, 0.0055, 0.0075, 0.0002),
        {"ageing": middle * 1.1, "slip": middle * 0.6},
        {"ageing": 0.0071, "slip": 0.0042},
    )


def history(law: Law = "ageing", **changes: Any) -> History:  # noqa: ANN401
    """A law of two whole records."""
    seconds = np.arange(0, 600.0)
    course = 0.62 + 0.01 * np.sin(seconds / 60)
    distances = np.geomspace(1, 1e4, 41) * UM
    best = 100 * UM if law == "ageing" else 60 * UM
    losses = 1e-6 * (1 + np.log10(distances / best) ** 2) * (1 if law == "ageing" else 3.5)
    noisy = course + 1e-3 * np.random.default_rng(3).normal(size=seconds.size)
    plain = History(
        law=law,
        estimates={
            "a": estimate(0.01),
            "b": estimate(0.015),
            "a_minus_b": estimate(-0.005, 0.0003),
            "dc": Estimate(best, 0.9 * best, 1.15 * best, 0.01 * best),
        },
        unit="record",
        units=2,
        rmse=1e-3,
        r2=0.97,
        distances=distances,
        losses=losses,
        records=RECORDS,
        time=dict.fromkeys(RECORDS, seconds),
        friction=dict.fromkeys(RECORDS, noisy),
        modelled=dict.fromkeys(RECORDS, course),
    )
    return replace(plain, **changes)


def thermal() -> tuple[Thermal, ...]:
    """A kernel of temperature, and an Arrhenius law that the data cannot give."""
    kernel = {"memory": estimate(100.0, 12.0), "per_kelvin": estimate(-5e-4, 1e-4)}
    problem = Statement("cells.text", x="temperature varies by 2 K, less than 20 K")
    return (
        Thermal("kernel", "boxcar", kernel, "record", 8, 2e-3, 0.88),
        Thermal("arrhenius", "", {}, "record", 0, NAN, NAN, problem),
    )


def laws(**changes: Any) -> Laws:  # noqa: ANN401
    """Friction laws of two records: steps, one of them unusable, and holds."""
    start = {"start": estimate(720.3, 0.05)}
    too_wide = fit("ageing", dc=Estimate(7 * UM, 0.5 * UM, 30 * UM, 1 * UM), **start)
    others = [fit("slip", states=2, **start), fit("ageing", states=2, **start)]
    events = (
        step(0, verdict="ageing"),
        step(1, before=10 * UM, after=3 * UM, normal_stress=NAN),
        unusable(2),
        step(3, fits=[too_wide, *others]),
        *(hold(4 + n, seconds) for n, seconds in enumerate((3.0, 10.0, 100.0, 1000.0))),
    )
    plain = Laws(
        records=RECORDS,
        events=events,
        shared=(*shared("", "ageing"), *shared("", "slip"), *shared()),
        healing=(healing(),),
        histories=(history(), history("slip")),
        thermal=thermal(),
        verdict="not_distinguishable",
        problems=(Statement("cells.text", x="p5866: temperature is not recorded"),),
    )
    return replace(plain, **changes)


def records() -> list[Samples]:
    """The records that the laws are of, as far as anything is said of them."""
    return [samples(name) for name in RECORDS]


def samples(name: str, channels: Mapping[str, np.ndarray] | None = None) -> Samples:
    """A record of a step."""
    seconds = np.arange(0, 600.0)
    return Samples(
        name=name,
        time=seconds,
        channels=channels or {"friction": 0.62 + 0.01 * np.sin(seconds / 60)},
        provenance=Provenance(f"{name}.csv", "ab" * 32),
    )
