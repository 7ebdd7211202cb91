"""Numbers shaped like those of a study, from a seed; nothing here is measured."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from slicken.channels import DRIVERS
from slicken.evidence.attribution import METHODS
from slicken.evidence.lab import LabRun
from slicken.evidence.lab_courses import Course, Kind
from slicken.evidence.lab_numbers import Lab
from slicken.evidence.laws_beside import LawBeside
from slicken.evidence.required import RequiredHistory
from slicken.evidence.resampling import Interval
from slicken.experiment.experiment import Experiment, Provenance
from slicken.reporting.figures.comparison import Compared
from slicken.reporting.figures.experiments import Overview
from slicken.reporting.figures.importance_lags import ByLag
from slicken.reporting.figures.laws_beside import Beside
from slicken.reporting.figures.memory import History
from slicken.reporting.figures.memory_answer import Answer, Reading
from slicken.reporting.figures.methods import Method, Methods, in_order, null_level
from slicken.reporting.figures.residuals import Residuals
from slicken.reporting.figures.saliency import Maps
from slicken.reporting.figures.sliding import Sliding, slid
from slicken.reporting.figures.stages import Stages, levels_of
from slicken.reporting.figures.traces import Trace, Traces
from slicken.reporting.figures.windows import Losses

WINDOWS = np.arange(50.0, 501.0, 50.0)
NAMES = tuple(driver.name for driver in DRIVERS)
EIGHT = (*NAMES, "normal_stress", "shear_stress", "slip")


def losses(windows: ArrayLike = WINDOWS, runs: int = 20, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    lengths = np.asarray(windows, dtype=float)
    trend = 1.1e-3 + 0.2e-3 * np.abs(lengths - 400) / 350
    values = trend[:, None] + 0.06e-3 * rng.gamma(2, 1, (lengths.size, runs))
    return xr.DataArray(
        values, dims=("window", "run"), coords={"window": lengths, "run": np.arange(runs)}
    )


def history(epochs: int = 100, runs: int = 20, seed: int = 0, window: float = 400.0) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    epoch = np.arange(1, epochs + 1)
    decay = np.exp(-epoch / rng.uniform(4, 9, (runs, 1))) + 1.1e-3 * (1 + 6 / epoch)
    training = decay * rng.lognormal(0, 0.05, (runs, epochs))
    validation = decay * 1.3 * rng.lognormal(0, 0.18, (runs, epochs))
    return xr.Dataset(
        {
            "training_loss": (("run", "epoch"), training),
            "validation_loss": (("run", "epoch"), validation),
        },
        coords={"epoch": epoch, "run": np.arange(runs)},
        attrs={"window_s": window},
    )


def target_coords(targets: int, experiments: int, stages: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    sizes = np.full(experiments, targets // experiments)
    sizes[: targets % experiments] += 1
    name, time, stage, stress = [], [], [], []
    for number, size in enumerate(sizes):
        borders = np.sort(
            rng.choice(np.arange(1, max(size, stages + 1)), stages - 1, replace=False)
        )
        label = np.searchsorted(borders, np.arange(size), side="right")
        level = rng.uniform(0.3e6, 5.8e6, stages)
        name += [f"HVR{1200 + number}"] * size
        time.append(500.0 + np.arange(size))
        stage.append(label)
        stress.append(level[label])
    seconds = np.concatenate(time)
    return {
        "time": ("target", seconds),
        "experiment": ("target", np.array(name, dtype=str)),
        "stage": ("target", np.concatenate(stage)),
        "slip": ("target", seconds * 0.004),
        "normal_stress": ("target", np.concatenate(stress)),
    }


def predictions(
    targets: int = 3000,
    runs: int = 20,
    experiments: int = 2,
    stages: int = 6,
    window: float = 400.0,
    part: str = "test",
    noise: float = 0.02,
    seed: int = 0,
) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    coords = target_coords(targets, experiments, stages, seed)
    stress = coords["normal_stress"][1] / 1e6
    wander = np.convolve(rng.normal(0, 0.03, targets + 60), np.ones(61) / 8, "valid")
    truth = 0.75 - 0.05 * stress + wander[:targets]
    lag = np.convolve(np.pad(truth, (20, 20), mode="edge"), np.ones(41) / 41, "valid")[:targets]
    run_bias = rng.normal(0, noise, (runs, 1))
    predicted = 0.1 + 0.85 * lag + run_bias + rng.normal(0, 0.004, (runs, targets))
    return xr.Dataset(
        {
            "predicted": (("run", "target"), predicted),
            "measured": ("target", truth + rng.normal(0, 0.006, targets)),
        },
        coords={**coords, "run": np.arange(runs)},
        attrs={"window_s": window, "part": part},
    )


def shares_by_run(runs: int = 20, channels: tuple[str, ...] = NAMES, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    weight = np.array([17.0, 24.0, 31.0, 16.0, 12.0])[: len(channels)]
    values = rng.dirichlet(weight * 12, runs)
    return xr.DataArray(
        values, dims=("run", "channel"), coords={"run": np.arange(runs), "channel": list(channels)}
    )


def shares_by_stage(
    experiments: int = 4,
    stages: int = 5,
    runs: int = 20,
    channels: tuple[str, ...] = NAMES,
    seed: int = 0,
) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    weight = np.array([17.0, 24.0, 31.0, 16.0, 12.0])[: len(channels)]
    rows = [
        rng.dirichlet(weight * rng.uniform(0.7, 1.3, len(channels)) * 8, runs)
        for _ in range(experiments * stages)
    ]
    return xr.DataArray(
        np.stack(rows),
        dims=("stage", "run", "channel"),
        coords={
            "channel": list(channels),
            "run": np.arange(runs),
            "experiment": (
                "stage",
                np.repeat([f"HVR{1200 + e}" for e in range(experiments)], stages),
            ),
            "stage_number": ("stage", np.tile(np.arange(stages), experiments)),
            "normal_stress": ("stage", rng.uniform(0.3e6, 5.8e6, experiments * stages)),
        },
    )


def shares_over_time(
    targets: int = 3000,
    experiments: int = 2,
    stages: int = 6,
    channels: tuple[str, ...] = NAMES,
    seed: int = 0,
) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    base = np.array([0.17, 0.24, 0.31, 0.16, 0.12])[: len(channels)]
    slow = np.cumsum(rng.normal(0, 0.012, (targets, len(channels))), axis=0)
    values = base * np.exp(slow - slow.mean(axis=0)) * rng.lognormal(0, 0.03, slow.shape)
    values /= values.sum(axis=1, keepdims=True)
    return xr.DataArray(
        values,
        dims=("target", "channel"),
        coords={**target_coords(targets, experiments, stages, seed), "channel": list(channels)},
    )


def share_by_lag(
    length: int = 400, memory: float = 100.0, channels: tuple[str, ...] = NAMES
) -> xr.DataArray:
    lag = np.arange(length, dtype=float)
    base = np.array([0.17, 0.24, 0.31, 0.16, 0.12])[: len(channels)]
    shape = np.exp(-lag[:, None] / memory * np.linspace(0.6, 2.0, len(channels)))
    values = base * shape * (1 + 0.1 * np.sin(lag[:, None] / 7))
    return xr.DataArray(
        values / values.sum(),
        dims=("lag", "channel"),
        coords={"lag": lag, "channel": list(channels)},
    )


def experiment(
    samples: int = 3000,
    name: str = "HVR1200",
    stages: int = 6,
    seed: int = 0,
    without: tuple[str, ...] = (),
    gap: slice | None = None,
) -> Experiment:
    rng = np.random.default_rng(seed)
    time = np.arange(samples, dtype=float)
    borders = np.sort(rng.choice(np.arange(100, samples - 100), stages - 1, replace=False))
    stage = np.searchsorted(borders, time, side="right")
    stress = rng.uniform(0.3e6, 5.8e6, stages)[stage] * (1 + rng.normal(0, 0.003, samples))
    temperature = 25 + 40 * (1 - np.exp(-time / 900)) + rng.normal(0, 0.1, samples)
    displacement = np.cumsum(stress * 3e-14 + rng.normal(0, 2e-8, samples))
    channels = {
        "slip_velocity": 0.004 + rng.normal(0, 2e-5, samples),
        "axial_displacement": displacement,
        "temperature": temperature,
        "temperature_rate": np.gradient(temperature),
        "axial_rate": np.gradient(displacement),
        "normal_stress": stress,
        "friction": 0.8 - 0.004 * (temperature - 25) + rng.normal(0, 0.006, samples),
        "slip": time * 0.004,
    }
    channels = {key: value for key, value in channels.items() if key not in without}
    missing = np.zeros(samples, dtype=bool)
    if gap is not None:
        missing[gap] = True
        channels = {key: np.where(missing, np.nan, value) for key, value in channels.items()}
    return Experiment(
        name=name,
        time=time,
        channels=channels,
        stage=None if "normal_stress" in without else stage,
        gap=missing,
        provenance=Provenance(source="made up"),
    )


def comparison(
    windows: ArrayLike = WINDOWS, best: float = 400.0, *, steep: float = 0.4, told: bool = True
) -> xr.Dataset:
    """As ``Window comparison.to_dataset()``; not ``told`` where nothing could be compared."""
    lengths = np.asarray(windows, dtype=float)
    excess = steep * np.abs(np.log(lengths / best))
    reach = np.where(excess > 0, 0.12 + 0.1 * excess, 0.0)
    chance = np.exp(-20 * excess)
    nothing = np.full(lengths.size, np.nan)
    low, high = (excess - reach, excess + 1.2 * reach) if told else (nothing, nothing)
    return xr.Dataset(
        {
            "excess": ("window", excess),
            "excess_low": ("window", low),
            "excess_high": ("window", high),
            "probability_best": ("window", chance / chance.sum() if told else nothing),
            "tied": ("window", ~(low > 0)),
            "within_one_error": ("window", excess <= reach / 2),
        },
        coords={"window": lengths},
    )


def used(windows: ArrayLike = WINDOWS, runs: int = 20, seed: int = 0) -> dict[float, xr.DataArray]:
    rng = np.random.default_rng(seed)
    return {
        float(length): xr.DataArray(
            np.array([0.3, 0.7, 0.93]) * length * rng.lognormal(0, 0.07, (runs, 3)),
            dims=("run", "mass"),
            coords={"run": np.arange(runs), "mass": [0.5, 0.9, 0.99]},
        )
        for length in np.asarray(windows, dtype=float)
    }


def edges(length: int) -> list[int]:
    powers = sorted({0, 1, 3, *(2**k for k in range(1, 12)), *(3 * 2**k for k in range(1, 11))})
    return [edge for edge in powers if edge < length] + [length]


def truncated_loss(length: int = 400, runs: int = 20, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    history = np.array(edges(length)[1:], dtype=float)
    loss = 0.02 + 0.9 * np.exp(-history / 60) * rng.lognormal(0, 0.1, (runs, 1))
    return xr.DataArray(
        loss, dims=("run", "history"), coords={"run": np.arange(runs), "history": history}
    )


def required(
    family: str = "linear", memory: float = 100.0, length: int = 500, floor: float = 0.02
) -> RequiredHistory:
    if family == "networks":
        history = WINDOWS
    else:
        history = np.array(edges(length)[1 :: 1 if family == "linear" else 2], dtype=float)
    excess = 0.6 * np.clip(1 - history / memory, 0, None) ** 2 + 4e-4 * np.log1p(history / memory)
    excess -= excess.min()
    reach = 0.1 * excess + 0.001 * (excess > 0)
    return RequiredHistory(
        family=family,
        history=history,
        loss=floor + excess,
        low=excess - reach,
        high=excess + reach,
        clearly_worse=(excess - reach > 0) & (excess > 0.002),
    )


def shares_by_method(
    channels: tuple[str, ...] = NAMES, runs: int = 20, seed: int = 0
) -> dict[str, xr.DataArray]:
    rng = np.random.default_rng(seed)
    weight = 2.0 + np.arange(len(channels)) ** 1.5
    found = {}
    for title in METHODS:
        values = rng.dirichlet(rng.permutation(weight) * 8, runs)
        if title in ("shapley_loss", "permutation"):
            values = values - 0.08 * rng.random(len(channels))
            values /= values.sum(axis=1, keepdims=True)
        found[title] = xr.DataArray(
            values,
            dims=("run", "channel"),
            coords={"run": np.arange(runs), "channel": list(channels)},
        )
    return found


def shares_with_probes(
    channels: tuple[str, ...] = NAMES, runs: int = 5, seed: int = 1
) -> dict[str, xr.DataArray]:
    """Without Shapley values, as where there are too many channels for them."""
    rng = np.random.default_rng(seed)
    names = [*channels, "noise_probe", *(f"shuffled_{name}" for name in channels)]
    weight = np.array([5.0] * len(channels) + [1.0] * (len(channels) + 1))
    return {
        title: xr.DataArray(
            rng.dirichlet(weight * 4, runs),
            dims=("run", "channel"),
            coords={"run": np.arange(runs), "channel": names},
        )
        for title in shares_by_method(channels, 1)
        if not title.startswith("shapley")
    }


def saliency(
    length: int = 400, channels: tuple[str, ...] = NAMES, runs: int = 20, seed: int = 0
) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    borders = np.array(edges(length), dtype=float)
    middle = (borders[1:] + borders[:-1]) / 2
    in_time = np.exp(-(np.log(middle / 40) ** 2)) * rng.lognormal(0, 0.2, (runs, middle.size))
    in_driver = rng.dirichlet(np.arange(1, len(channels) + 1), runs)
    values = in_time[:, :, None] * in_driver[:, None, :]
    return xr.DataArray(
        values / values.sum(axis=(1, 2), keepdims=True),
        dims=("run", "bin", "channel"),
        coords={
            "run": np.arange(runs),
            "channel": list(channels),
            "bin_start": ("bin", borders[:-1]),
            "bin_end": ("bin", borders[1:]),
        },
    )


def integrated_by_lag(
    length: int = 400, channels: tuple[str, ...] = NAMES, runs: int = 20, seed: int = 0
) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    lag = np.arange(length)[::-1].astype(float)
    shape = np.exp(-lag[:, None] / np.geomspace(8, 150, len(channels)))
    values = shape * rng.lognormal(0, 0.3, (runs, length, len(channels)))
    return xr.DataArray(
        values,
        dims=("run", "lag", "channel"),
        coords={"run": np.arange(runs), "lag": lag, "channel": list(channels)},
    )


def skill_table(experiments: int = 3, stages: int = 6, seed: int = 0) -> xr.Dataset:
    """Validation, test, and each stage of the test part, against five baselines."""
    rng = np.random.default_rng(seed)
    level = np.array([0.12, 0.02, 0.85, 0.8, -14.2])
    rows = 2 + experiments * stages
    skill = level + rng.normal(0, 0.12, (rows, 5)) * (1 + np.abs(level))
    skill[:2] = level + np.array([[0.05], [-0.05]])
    reach = 0.1 * (1 + np.abs(level)) * np.ones((rows, 1))
    reach[2:] = np.nan
    return xr.Dataset(
        {
            "skill": (("row", "model"), np.minimum(skill, 0.99)),
            "low": (("row", "model"), skill - reach),
            "high": (("row", "model"), np.minimum(skill + reach, 0.99)),
        },
        coords={
            "model": np.array(["ridge", "trees", "mean", "median", "last"], dtype=object),
            "part": ("row", ["validation"] + ["test"] * (rows - 1)),
            "experiment": (
                "row",
                ["", "", *np.repeat([f"HVR{1200 + e}" for e in range(experiments)], stages)],
            ),
            "stage": ("row", [-1, -1, *np.tile(np.arange(stages), experiments)]),
        },
    )


def methods(channels: tuple[str, ...] = NAMES, runs: int = 20, seed: int = 0) -> Methods:
    """Shapley values without noise features, the others with them."""
    alone, among = shares_by_method(channels, runs, seed), shares_with_probes(channels, seed=seed)
    by_method = {
        name: Method(among[name], null_level(among[name], channels), above=channels[:2])
        if name in among
        else Method(table)
        for name, table in alone.items()
    }
    return Methods(by_method, in_order([one.shares for one in by_method.values()], channels))


def traces(
    predictions: xr.Dataset, half_width: ArrayLike | None = None, every: int = 3, others: int = 0
) -> Traces:
    """Of each experiment, with a log that has ``every`` samples for each target."""
    names = predictions["experiment"].to_numpy().astype(str)
    shown = []
    for name in dict.fromkeys(names.tolist()):
        here = np.flatnonzero(names == name)
        one = predictions.isel(target=here)
        runs = one["predicted"].transpose("run", "target").to_numpy()
        time, measured = one["time"].to_numpy(), one["measured"].to_numpy()
        fine = np.interp(np.arange(time.size * every) / every, np.arange(time.size), time)
        half = np.full(names.size, np.nan) if half_width is None else np.asarray(half_width)
        shown.append(
            Trace(
                name, time, measured, runs.mean(axis=0), runs.std(axis=0), half[here],
                fine, np.interp(fine, time, measured), np.repeat(one["stage"].to_numpy(), every),
                np.repeat(one["normal_stress"].to_numpy(), every),
            )
        )  # fmt: skip
    return Traces(shown, others)


def beside(part: xr.Dataset, name: str, scale: float = 1.0) -> Beside:
    """The first experiment of a part, with a law that holds still where velocity does not."""
    one = part.isel(target=part["experiment"].to_numpy().astype(str) == name)
    time = one["time"].to_numpy()
    velocity = 1e-6 * 10.0 ** (np.arange(time.size) // 30 % 4) * scale
    law = LawBeside("slip_law", {"mu0": Interval(0.6, 0.5, 0.7)}, Interval(0.2, 0.1, 0.3), 0.4)
    measured = one["measured"].to_numpy()
    return Beside(
        name, law, "slip_velocity", time, velocity, measured,
        one["predicted"].mean("run").to_numpy(), np.full(time.size, measured.mean()),
        np.full(time.size, 0.02 * scale), 0.8,
    )  # fmt: skip


def stepped(name: str = "HVR1200", seed: int = 0, scale: float = 1.0) -> Experiment:
    """An experiment with steps of velocity, a hold, and nothing known of its load."""
    random = np.random.default_rng(seed)
    velocity = scale * 1e-6 * np.repeat([1.0, 10.0, 0.0, 1.0, 100.0, 3.0], 200)
    friction = 0.6 + 0.006 * np.log1p(velocity / scale / 1e-6)
    return Experiment.from_arrays(
        name=name,
        time=np.arange(float(velocity.size)),
        friction=friction + 0.002 * random.normal(size=velocity.size),
        slip_velocity=velocity * (1 + 0.03 * random.normal(size=velocity.size)),
    )


def slides(name: str, seed: int = 0, scale: float = 1.0, count: int = 4) -> Sliding:
    """Experiments at one velocity and with steps of it, and some that are not shown."""
    steps = [stepped(f"HVR{n}", seed + n, scale) for n in range(count - 1)]
    found = slid([experiment(400, name=name, seed=seed), *steps])
    assert found is not None
    return Sliding(found.shown, others=seed)


def levels(name: str, seed: int = 0, scale: float = 1.0, count: int = 3) -> Stages:
    """Experiments with steps of velocity, and some that are not shown."""
    names = [name, *(f"HVR{n}" for n in range(count - 1))]
    found = levels_of([stepped(one, seed + n, scale) for n, one in enumerate(names)])
    assert found is not None
    return Stages(found.shown, others=seed)


def residuals(part: xr.Dataset, scale: float = 1.0) -> Residuals:
    """Of a part, with a velocity over decades that goes up step by step."""
    time = part["time"].to_numpy()
    left = (part["measured"] - part["predicted"].mean("run")).to_numpy()
    velocity = scale * 1e-6 * 10.0 ** (np.arange(time.size) // 40 % 4)
    return Residuals(time, left, np.full(time.size, 0.03 * scale), "slip_velocity", velocity)


def renamed(table: xr.DataArray | xr.Dataset, name: str) -> Any:  # noqa: ANN401 - the same kind
    """The same with the first experiment called by another name."""
    own = table["experiment"].to_numpy().astype(object)
    dims = table["experiment"].dims
    return table.assign_coords(experiment=(dims, np.where(own == own[0], name, own)))


def study_data(name: str = "HVR1200", seed: int = 0, scale: float = 1.0) -> dict[str, Any]:
    """The data of every figure of a study.

    Args:
        name: Name of the first experiment.
        seed: Random seed of all numbers.
        scale: Factor of losses, times and stresses: their labels become long or short with it.
    """
    lengths = WINDOWS * scale
    compared = losses(lengths, seed=seed) * scale
    linear = compared.mean("run") * 1.05
    found = Losses(
        compared, best=float(lengths[7]), tied=tuple(lengths[5:8]), floor=1e-3 * scale,
        planted=100.0 * scale, linear=linear,
    )  # fmt: skip
    part = renamed(predictions(300, experiments=2, seed=seed), name)
    part = part.assign_coords(time=part["time"] * scale)
    by_stage = shares_by_stage(2, 3, seed=seed)
    by_stage = by_stage.assign_coords(normal_stress=by_stage["normal_stress"] * scale)
    over_time = renamed(shares_over_time(300, seed=seed), name)
    maps = saliency(round(40 * scale) + 3, seed=seed)
    readings = (
        Reading("networks", 30.0 * scale, 80.0 * scale),
        Reading("trees", 0.0, 5.0 * scale),
        Reading("exponential", 88.0 * scale, 116.0 * scale, 101.0 * scale, concluded=True),
    )
    needs = [required("networks"), required(memory=50.0 + 40 * seed)]
    return {
        "memory_answer": Answer(readings, found, tuple(lengths[:3]), 100.0 * scale),
        "windows": found,
        "comparison": Compared(comparison(lengths, best=float(lengths[7])), 0.00417 * scale),
        "memory": History(
            used(lengths, seed=seed), truncated_loss(seed=seed) * scale, needs, needs[1].range,
            100.0, float(lengths[7]),
        ),
        "skill": skill_table(seed=seed),
        "predictions": {float(s): (part, part) for s in lengths[:4]},
        "traces": traces(part, np.full(part.sizes["target"], 0.02 * scale), others=3),
        "residuals": residuals(part, scale),
        "laws_beside": beside(part, name, scale),
        "methods": methods(EIGHT, seed=seed),
        "importance_stress": {"loss_gradient": by_stage, "shapley_friction": by_stage},
        "importance_ranked": {
            kind: shares_by_run(seed=seed + k) for k, kind in enumerate(("loss", "friction"))
        },
        "importance_time": {"either_gradient": over_time, "shapley_friction": over_time},
        "importance_lags": ByLag(
            {kind: share_by_lag(60) for kind in ("loss", "friction")}, 100.0 * scale
        ),
        "saliency": Maps(maps, maps),
        "learning": {float(s): history(20, 5, seed) * scale for s in lengths[:4]},
        "sliding": slides(name, seed, scale),
        "stages": levels(name, seed, scale),
        "experiments": Overview([experiment(400, name=name, seed=n) for n in range(4)], NAMES),
    }  # fmt: skip


def lab(scale: float = 1.0) -> Lab:
    """Four experiments on three runs; the last half of each leaves the training range."""
    random, runs = np.random.default_rng(4), []
    kinds: tuple[Kind, ...] = ("velocity_steps", "holds", "temperature", "displacement")
    levels = ((1e-6, 1e-4), (1e-5, 0.0), (30.0, 60.0), (0.0, 5e-5))
    for kind, (low, high) in zip(kinds, levels, strict=True):
        values = np.repeat([low, high, low], 60)
        friction = 0.6 + 0.01 * (values > low) + 0.001 * random.normal(size=(3, 180))
        inside = np.arange(180) < 90
        runs.append(
            LabRun(
                kind, 10.0 * scale, 10, scale, Course(values, (60, 120), (low, high, low)),
                np.arange(180), scale * np.arange(180.0), values[:, None], ("temperature",),
                inside, friction, np.zeros(3, np.int64),
            )
        )  # fmt: skip
    return Lab("made up", 10.0, "held", 1, tuple(runs), (), "", 0.0, "shown")
