"""Evidence that no study has shown: every part of it chosen, to test what is said of it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import xarray as xr

import builders
from slicken.evidence.attribution import METHODS
from slicken.evidence.clock import Clock
from slicken.evidence.confounding import Confounding
from slicken.evidence.drivers import DriverVerdict
from slicken.evidence.evidence import Evidence
from slicken.evidence.importance import Importance
from slicken.evidence.intervals import Calibration
from slicken.evidence.kernels import KernelFit
from slicken.evidence.memory import Memory, MemoryEvidence
from slicken.evidence.noise import DriverNoise
from slicken.evidence.required import RequiredHistory
from slicken.evidence.resampling import Blocks, Interval
from slicken.evidence.scores import LAW_MODELS, Scores
from slicken.evidence.skill import Skill, SkillEvidence
from slicken.evidence.window_comparison import WindowComparison
from slicken.experiment import Experiment
from slicken.statements import Statement
from slicken.study.trained import Fold, Trained

GOOD = {"mean": 0.8, "median": 0.7, "test_mean": 0.6}
CLEAR = [[3.0, 3.1, 2.9], [1.0, 1.1, 0.9], [2.0, 2.1, 1.9]]
DRIVERS = ("slip_velocity", "temperature")
MODELS = ("network", "ridge", "trees", "mean", "median", "last", *LAW_MODELS)
NO_LAWS = np.full(len(LAW_MODELS), np.nan)
WINDOWS = (5.0, 10.0, 20.0)
TARGETS = 80
NAN = float("nan")
NO_CLOCK = Clock((), ("temperature",), NAN, Interval(NAN, NAN, NAN))


def table(**shares: tuple[float, ...]) -> xr.Dataset:
    """What each method gives the drivers, a little different in each of three runs."""
    random = np.random.default_rng(0)
    coords = {
        "channel": np.array(DRIVERS, dtype=object),
        "time": ("target", np.tile(np.arange(TARGETS / 2) * 100.0, 2)),
        "experiment": ("target", np.repeat(["a", "b"], TARGETS // 2).astype(object)),
    }
    found = xr.Dataset(coords=coords)
    for method in METHODS:
        share = np.array(shares.get(method, shares["all"]))
        values = share + 0.02 * random.normal(size=(3, TARGETS, 2))
        found[method] = ("run", "target", "channel"), values
    return found


HOT = table(all=(0.0, 1.0), loss_gradient=(0.3, 0.7), friction_gradient=(0.4, 0.6))


def skills(
    values: dict[str, float] | None = None,
    blocks: int = 9,
    half_width: float = 0.2,
    **changes: Any,  # noqa: ANN401 (any field)
) -> SkillEvidence:
    """Skill against each constant, with an interval where there are blocks enough."""
    known = blocks >= 4
    against = tuple(
        Skill(name, v, v - half_width if known else NAN, v + half_width if known else NAN, blocks)
        for name, v in (values or GOOD).items()
    )
    others = MODELS[1:]
    of_rows = (("row", "model"), np.tile([*np.linspace(0.1, 0.5, 5), *NO_LAWS], (2, 1)))
    rows = xr.Dataset(
        {
            "skill": of_rows,
            "low": (of_rows[0], of_rows[1] - 0.05),
            "high": (of_rows[0], of_rows[1] + 0.05),
            "part": ("row", np.array(["validation", "test"], dtype=object)),
            "experiment": ("row", np.array(["", ""], dtype=object)),
            "stage": ("row", np.array([-1, -1])),
        },
        coords={"model": np.array(others, dtype=object)},
    )
    found = SkillEvidence(against, 0.01, rows, Calibration(0.0, np.zeros(1)), 0.87)
    return replace(found, **changes)


def required(
    family: str, worse: list[bool], loss: list[float], drivers: tuple[str, ...] = ()
) -> RequiredHistory:
    """Required history of one family over the window lengths."""
    nothing = np.zeros(len(loss))
    return RequiredHistory(
        family, np.array(WINDOWS), np.array(loss), nothing, nothing, np.array(worse), drivers
    )


def kernel(shape: str = "boxcar") -> KernelFit:
    """A kernel that fits."""
    return KernelFit(
        cast("Any", shape), np.array([1.0, 8.0]), np.array([2.0, 1.0]), 8.0, 7.0, 9.0,
        Interval(0, 0, 0), Interval(0.1, 0.05, 0.2), Interval(0, 0, 0),
    )  # fmt: skip


def memory(conclusion: Memory | None = None, **changes: Any) -> MemoryEvidence:  # noqa: ANN401
    """What speaks for a memory: by default nothing does."""
    spans = xr.DataArray(
        np.tile([5.0, 9.0, 10.0], (3, 1)), dims=("run", "mass"), coords={"mass": [0.5, 0.9, 0.99]}
    )
    found = MemoryEvidence(
        required=(),
        kernels=(),
        selected=("temperature",),
        lag_model_fits=True,
        spans=dict.fromkeys(WINDOWS, spans),
        truncation=xr.Dataset(),
        conclusion=conclusion,
        clock=NO_CLOCK,
        noise=DriverNoise(("temperature",), np.array([0.0]), np.array([0.0])),
        forgets_by_slip=False,
    )
    return replace(found, **changes)


def verdicts(*names: str) -> tuple[DriverVerdict, ...]:
    """A verdict on each of the drivers."""
    return tuple(
        DriverVerdict(
            channel,
            cast("Any", name),
            (Statement("driver_reasons.reduces_error"),),
            Interval(share, share - 0.1, share + 0.1),
            Interval(1.5, 1.0, 2.0),
        )
        for channel, name, share in zip(DRIVERS, names, (0.1, 0.9), strict=True)
    )


def study(
    experiments: list[Experiment] | None = None,
    truth: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 (any field of the plan)
) -> Trained:
    """A study without a folder."""
    experiments = experiments or builders.make_experiments()
    plan = builders.make_plan(**{"windows": list(WINDOWS), **changes})
    (prepared,) = builders.prepare_study(experiments, plan)
    folder = cast("Any", SimpleNamespace(repaired=()))
    fold = Fold(folder, plan, prepared, plan.windows)
    windows, known = plan.windows, truth or {}
    return Trained(folder, plan, tuple(experiments), (fold,), prepared, windows, known, None)


def evidence(
    losses: Any = CLEAR,  # noqa: ANN401 (an array)
    *,
    blocks: int = 8,
    **changes: Any,  # noqa: ANN401 (any field)
) -> Evidence:
    """Evidence of good skill, of which any part can be replaced."""
    array = np.array(losses)
    coords = {"window": list(WINDOWS)[: len(array)], "run": np.arange(array.shape[1])}
    errors = np.repeat(array[..., None], 40, axis=2)
    of_models = [*np.linspace(0.01, 0.06, 6), *NO_LAWS]
    of_model = (("window", "model"), np.tile(of_models, (len(array), 1)))
    names = ("rmse", "r2", "correlation", "range_ratio", "validation_loss")
    gradients = xr.Dataset(
        {
            kind: (("run", "target", "channel"), np.tile(share, (3, 4, 1)))
            for kind, share in (("loss", [0.3, 0.7]), ("friction", [0.4, 0.6]))
        },
        coords={"channel": np.array(DRIVERS, dtype=object), "run": np.arange(3)},
    )
    found = Evidence(
        trained=study(),
        comparison=WindowComparison(
            xr.DataArray(array, dims=("window", "run"), coords=coords),
            xr.DataArray(errors, dims=("window", "run", "target"), coords=coords),
            Blocks(np.repeat(np.arange(blocks), 40 // blocks)),
        ),
        scores=Scores(
            xr.Dataset(
                dict.fromkeys(names, of_model),
                coords={"window": coords["window"], "model": np.array(MODELS, dtype=object)},
            ),
            xr.Dataset(),
        ),
        skill=skills(),
        laws=(),
        memory=memory(),
        importance=Importance(dict.fromkeys(WINDOWS, gradients), HOT, {}, None),
        confounding=Confounding(xr.Dataset()),
        drivers=verdicts("negligible", "supported"),
        leak=None,
    )
    return replace(found, **changes)
