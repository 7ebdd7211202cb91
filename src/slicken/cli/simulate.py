"""``slicken simulate``: logs of a simulated rig, with a planted truth."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slicken.cli.terminal import say
from slicken.errors import PlanError
from slicken.statements import Statement
from slicken.study.files import write_text

if TYPE_CHECKING:
    from slicken.physics.scenarios import SimulatedLog
    from slicken.physics.shear_test import ShearTest

SHEAR = ("velocity-steps", "slide-hold-slide")
"""Scenarios with a spring in the loop, for friction laws; the others are for studies."""
FACTORS = {"velocities": 1e-6, "velocity": 1e-6, "slip": 1e-6, "dc": 1e-6, "stiffness": 1e6}
"""SI units for one of an option's own."""
READINGS = {
    "rate": ("rates", 1.0),
    "noise": ("white", 1.0),
    "coloured_noise": ("coloured", 1.0),
    "correlation": ("correlation", 1.0),
    "trend": ("trend", 1e6),
    "undulation": ("undulation", 1.0),
    "wavelength": ("wavelength", 1e-6),
    "displacement_noise": ("displacement", 1e-6),
    "resolution": ("quantum", 1e-6),
    "normal_stress": ("normal_stress", 1e6),
}
"""Option to field of the readings, and SI units for one of the option's own."""
LISTS = ("velocities", "holds", "b", "dc", "rate")


def run(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO",
            help="Planted truth, such as temperature-history, velocity-steps or slide-hold-slide.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the logs; SCENARIO by default.")
    ] = None,
    experiments: Annotated[
        int | None,
        typer.Option(metavar="N", help="Number of experiments; 12, or 1 for friction laws."),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Duration of each experiment, in s; 3600 by default."),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(metavar="LENGTH", help="Planted memory, in s or in m of slip."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
    velocities: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Load-point velocities of velocity-steps, in um/s; 1,10,1 by default.",
        ),
    ] = None,
    velocity: Annotated[
        float | None,
        typer.Option(
            metavar="UM/S", help="Load-point velocity round holds, in um/s; 10 by default."
        ),
    ] = None,
    holds: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Hold times, in s; 10,30,100,300 by default."),
    ] = None,
    slip: Annotated[
        float | None,
        typer.Option(metavar="UM", help="Displacement at each velocity, in um; 500 by default."),
    ] = None,
    law: Annotated[
        str | None, typer.Option(metavar="NAME", help="Law: ageing (the default) or slip.")
    ] = None,
    a: Annotated[
        float | None, typer.Option("--a", metavar="A", help="Direct effect; 0.01 by default.")
    ] = None,
    b: Annotated[
        str | None,
        typer.Option(
            "--b", metavar="B", help="Evolution effect; two for two states; 0.012 by default."
        ),
    ] = None,
    dc: Annotated[
        str | None,
        typer.Option(metavar="UM", help="Dc, in um; one for each b; 10 by default."),
    ] = None,
    friction: Annotated[
        float | None,
        typer.Option(metavar="MU", help="Steady friction at the first velocity; 0.6 by default."),
    ] = None,
    stiffness: Annotated[
        float | None,
        typer.Option(
            metavar="K",
            help="Stiffness, in friction per um; 0.002 by default, inf to impose the velocity.",
        ),
    ] = None,
    normal_stress: Annotated[
        float | None, typer.Option(metavar="MPA", help="Normal stress, in MPa; 50 by default.")
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(metavar="SD", help="White noise of friction; 0.0003 by default."),
    ] = None,
    coloured_noise: Annotated[
        float | None,
        typer.Option(metavar="SD", help="Correlated noise of friction; 0 by default."),
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Its correlation time, in s; 1 by default."),
    ] = None,
    trend: Annotated[
        float | None,
        typer.Option(metavar="PER_UM", help="Trend of friction with slip, in 1/um; 0 by default."),
    ] = None,
    undulation: Annotated[
        float | None,
        typer.Option(
            metavar="MU", help="Amplitude of the surface's undulation in friction; 0 by default."
        ),
    ] = None,
    wavelength: Annotated[
        float | None,
        typer.Option(metavar="UM", help="Wavelength of the undulation, in um; 100 by default."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="HZ",
            help="Sampling rate, in Hz, or two: before and after the first change; 100 by default.",
        ),
    ] = None,
    displacement_noise: Annotated[
        float | None,
        typer.Option(metavar="UM", help="Noise of the displacement, in um; 0 by default."),
    ] = None,
    resolution: Annotated[
        float | None,
        typer.Option(metavar="UM", help="Resolution of the displacement, in um; 0 by default."),
    ] = None,
) -> None:
    """Write logs of a simulated rig, whose memory and causes, or friction law, are known."""
    options: dict[str, Any] = {
        "experiments": experiments,
        "duration": duration,
        "memory": memory,
        "velocities": velocities,
        "velocity": velocity,
        "holds": holds,
        "slip": slip,
        "law": law,
        "a": a,
        "b": b,
        "dc": dc,
        "mu0": friction,
        "stiffness": stiffness,
        "normal_stress": normal_stress,
        "noise": noise,
        "coloured_noise": coloured_noise,
        "correlation": correlation,
        "trend": trend,
        "undulation": undulation,
        "wavelength": wavelength,
        "rate": rate,
        "displacement_noise": displacement_noise,
        "resolution": resolution,
    }
    given = {name: value for name, value in options.items() if value is not None}
    logs: Sequence[SimulatedLog] | Sequence[ShearTest]
    if scenario in SHEAR:
        logs = _shear(scenario, given, seed)
    else:
        from slicken.physics.scenarios import simulate_logs

        _refuse(scenario, set(given) - {"experiments", "duration", "memory"})
        logs = simulate_logs(scenario, **given, seed=seed)
    _write(logs, out or Path(scenario), "law" if scenario in SHEAR else "study")


def _shear(scenario: str, given: Mapping[str, Any], seed: int) -> "Sequence[ShearTest]":
    """Shear tests by the options that were given, in their own units."""
    from slicken.physics.shear_scenarios import simulate_shear
    from slicken.physics.shear_test import Readings

    others = ("velocity", "holds") if scenario == "velocity-steps" else ("velocities",)
    _refuse(scenario, set(given) & {"duration", "memory", *others})
    numbers = {name: _numbers(name, v) if name in LISTS else v for name, v in given.items()}
    readings = {
        field: _scaled(numbers.pop(name), factor)
        for name, (field, factor) in READINGS.items()
        if name in numbers
    }
    options = {name: _scaled(value, FACTORS.get(name, 1)) for name, value in numbers.items()}
    return simulate_shear(scenario, **options, readings=Readings(**readings), seed=seed)


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        option = f"--{name.replace('_', '-')}"
        raise PlanError(f"{option} {text}: not numbers; write them as 1,10,100") from None


def _scaled(value: Any, factor: float) -> Any:  # noqa: ANN401 (a number, numbers, or a name)
    if isinstance(value, tuple):
        return tuple(each * factor for each in value)
    return value if factor == 1 else value * factor


def _refuse(scenario: str, names: Collection[str]) -> None:
    """Refuse options that a scenario does not have."""
    if names:
        option = f"--{min(names).replace('_', '-')}"
        raise PlanError(f"{scenario} has no {option}; leave it out")


def _write(
    logs: "Sequence[SimulatedLog] | Sequence[ShearTest]", folder: Path, command: str
) -> None:
    import json
    import shlex

    from slicken.physics.scenarios import write_log
    from slicken.reporting.wording import words

    # First, for it makes the folder; logs alone do not say what was planted.
    truth = {log.name: dict(log.truth) for log in logs}
    write_text(folder / "truth.json", json.dumps(truth, indent=2, ensure_ascii=False) + "\n")
    for log in logs:
        write_log(log, folder / f"{log.name}.csv")
    planted = words("en")(Statement.from_plain(logs[0].truth["statement"]))
    say(f"planted: {planted}")
    counted = f"{len(logs)} log{'s' if len(logs) > 1 else ''}"
    say(f"{counted} in {folder}, and what was planted in {folder / 'truth.json'}")
    more = " --preset quick" if command == "study" else f" --out {shlex.quote(f'{folder}-laws')}"
    say(f"next: slicken {command} {shlex.quote(str(folder))}/*.csv{more}")
