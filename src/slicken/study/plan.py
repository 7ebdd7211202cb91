"""Plan: everything that decides a study, and presets with each default spelled out."""

from collections.abc import Mapping
from html import escape
from inspect import Parameter, Signature
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from slicken.channels import CHANNELS, FRICTION, LEAKS_TARGET, TIME
from slicken.errors import PlanError, shown
from slicken.experiment.channel_map import Preparation
from slicken.learning.changes import ACCUMULATE
from slicken.learning.settings import Architecture, By, Histories, Optimiser
from slicken.lengths import LONGEST, MOST_WINDOWS, UNITS, StudyClock, read_windows
from slicken.settings import Settings, in_words

MOST_FOLDS_ASKED = 1_000
MOST_RUNS, MOST_EPOCHS, MOST_STEPS = 10_000, 100_000, 10**9
CONTROL_RUNS = 5
"""Runs of an ensemble that is a control, at most; with folds, of all folds together."""
CONTROL_FOLDS = 3
"""Folds in which controls are trained, at most."""

PAPER: dict[str, Any] = {
    "windows": "50:500:50",
    "runs": 20,
    "split": {"folds": 1},
    "histories": "separate",
    "linear_part": False,
    "epochs": 100,
    "steps": 0,
    "stride": 1.0,
    "network": {
        "filters": 64,
        "kernel": 3,
        "conv_layers": 2,
        "units": 64,
        "gru_layers": 4,
        "activation": "linear",
        "gate_start": "zero",
    },
    "optimiser": {
        "learning_rate": 1e-3,
        "decay": "none",
        "batch": 32,
        "epsilon": 1e-7,
    },
}
"""Window lengths, layers, runs and epochs are published (Uhmb, Hamada & Hirose 2025); sizes,
optimiser and split are not, and stand at the defaults of Keras 3."""

RECOMMENDED: dict[str, Any] = {
    "windows": "10,30,50:500:50",
    "runs": 10,
    "split": {"folds": "auto"},
    "histories": "random",
    "linear_part": True,
    "epochs": 30,
    "steps": 4000,
    "stride": 5.0,
    "network": {
        "filters": 32,
        "kernel": 3,
        "conv_layers": 0,
        "units": 32,
        "gru_layers": 2,
        "activation": "relu",
        "gate_start": "chrono",
    },
    "optimiser": {
        "learning_rate": 6e-3,
        "decay": "cosine",
        "clip": 1.0,
        "batch": 32,
        "epsilon": 1e-8,
    },
}
"""What trained best on planted truths, of a dozen variants on seeds that judge nothing: see
``docs/why/protocol.md``. An untrained stack of GRUs is blind beyond some tens of steps, and the
chrono start of its gates opens its eyes; the deeper the stack, the farther it looks beyond what
there is to see."""

QUICK: dict[str, Any] = {
    **RECOMMENDED,
    "windows": "10,20,50,100,200,400",
    "runs": 4,
    "epochs": 20,
    "steps": 1500,
    "stride": 20.0,
    "network": {**RECOMMENDED["network"], "filters": 16, "units": 16},
}
"""A look within minutes: few runs, small networks, a target time every 20 s."""

PRESETS = {"paper": PAPER, "recommended": RECOMMENDED, "quick": QUICK}


class SplitPlan(BaseModel):
    """How experiments are divided; see :func:`slicken.learning.splits.divide`.

    Attributes:
        by: ``experiment``, ``time``, ``stage``, ``event`` (velocity steps and holds), or ``auto``
            (experiments where there are three).
        validation_share: Share of the experiments, time, stages or events for validation.
        test_share: Share for the test.
        validation: Names of the experiments, or numbers of the events, for validation; chosen by
            the seed where empty.
        test: Names or numbers of those for the test; chosen by the seed where empty.
        folds: Number of folds, in each of which other experiments are the test; 1 for a single
            split; ``auto``: one for each experiment up to eight, else six.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: By = "auto"
    validation_share: float = Field(0.2, gt=0, lt=0.5)
    test_share: float = Field(0.2, gt=0, lt=0.5)
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    folds: Literal["auto"] | Annotated[int, Field(ge=1, le=MOST_FOLDS_ASKED)] = "auto"

    @field_validator("folds", mode="before")
    @classmethod
    def _read_folds(cls, folds: object) -> object:
        number = int(folds) if isinstance(folds, str) and folds.isdecimal() else folds
        if number == "auto" or (isinstance(number, int) and 1 <= number <= MOST_FOLDS_ASKED):
            return number
        raise PlanError(
            f"split.folds: {shown(number)}; give a number of folds, auto, or 1 for a single split"
        )


class Plan(Settings):
    """Everything that decides a study; what is not given comes from the preset.

    Attributes:
        name: Name of the study in the report.
        known: What its author knew of the data when the plan was written.
        logs: Files or patterns, found beside the plan, in ``SLICKEN_DATA``, or among fetched logs.
        channels: Channel map (TOML), or a table of maps by log pattern; names are guessed if empty.
        preparation: Settings of the preparation of every log, in place of the channel map's.
        preset: ``paper``, ``recommended`` or ``quick``; see the table below.
        clock: ``time``, or ``slip`` for rows of equal slip, with the time per slip as a driver.
        target: ``absolute``, or ``relative``: friction less its mean over ``level_span``.
        level_span: Seconds of the first stretch of each experiment, before its targets.
        windows: Window lengths, s: numbers, ``"50:500:50"`` or ``"50,100,400"``; over slip in µm,
            or such as ``"50um:2mm"``, and chosen by the usual slip velocity if empty.
        runs: Number of trainings at each window length.
        histories: ``separate``: networks for every window length; ``random``: one training whose
            windows have random histories, and the same networks judged at every window length.
        linear_part: Whether networks learn only what a linear model of the same history leaves,
            where it predicts as well as boosted trees.
        epochs: Number of epochs of each training.
        steps: Number of batches of each training, at least; epochs are added for it. 0 where
            ``epochs`` is given.
        stride: Seconds from one target time to the next; on a slip grid µm of slip.
        drivers: Channels that the networks see; those of the published five if empty.
        as_change: Drivers that only accumulate, seen as their change in each step, without level.
        allow_stress_inputs: Whether a stress or a force may be a driver, which gives friction away.
        seed: Random seed.
        engine: Name of the engine that computes, or ``auto``.
        importance_on: Part on which importance is measured, ``validation`` or ``test``.
        controls: Whether control ensembles are trained, which give importance its null level.
        split: Division of the experiments; see ``slicken.study.plan.SplitPlan``.
        network: Layers and sizes; see ``slicken.learning.settings.Architecture``.
        optimiser: Optimiser; see ``slicken.learning.settings.Optimiser``.

    Values of the presets:

    ======================= ========= =============== ====================
    field                   paper     recommended     quick
    ======================= ========= =============== ====================
    windows                 50:500:50 10,30,50:500:50 10,20,50,100,200,400
    runs                    20        10              4
    histories               separate  random          random
    linear_part             False     True            True
    epochs                  100       30              20
    steps                   0         4000            1500
    stride                  1         5               20
    split.folds             1         auto            auto
    network.filters         64        32              16
    network.kernel          3         3               3
    network.conv_layers     2         0               0
    network.units           64        32              16
    network.gru_layers      4         2               2
    network.activation      linear    relu            relu
    network.gate_start      zero      chrono          chrono
    optimiser.learning_rate 0.001     0.006           0.006
    optimiser.decay         none      cosine          cosine
    optimiser.clip          none      1               1
    optimiser.batch         32        32              32
    optimiser.epsilon       1e-07     1e-08           1e-08
    ======================= ========= =============== ====================
    """

    name: str = Field("study", max_length=200)
    known: str = Field("", max_length=4000)
    logs: tuple[str, ...] = ()
    channels: str | dict[str, str] = ""
    preparation: dict[str, Any] = Field(default_factory=dict)
    preset: Literal["paper", "recommended", "quick"] = "recommended"
    clock: StudyClock = "time"
    target: Literal["absolute", "relative"] = "absolute"
    level_span: float = Field(300.0, gt=0, lt=LONGEST)
    windows: tuple[float, ...] = Field(max_length=MOST_WINDOWS)
    runs: int = Field(ge=1, le=MOST_RUNS)
    histories: Histories
    linear_part: bool
    epochs: int = Field(ge=1, le=MOST_EPOCHS)
    steps: int = Field(ge=0, le=MOST_STEPS)
    stride: float = Field(gt=0, lt=LONGEST)
    drivers: tuple[str, ...] = ()
    as_change: tuple[str, ...] = ()
    allow_stress_inputs: bool = False
    seed: int = Field(0, ge=0, lt=2**32)
    engine: str = "auto"
    importance_on: Literal["validation", "test"] = "test"
    controls: bool = True
    split: SplitPlan = SplitPlan()
    network: Architecture = Architecture()
    optimiser: Optimiser = Optimiser()

    # For mypy, fields without a default would be required; but the preset gives them.
    def __init__(self, /, **values: Any) -> None:  # noqa: ANN401 (checked by pydantic)
        super().__init__(**values)

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, values: dict[str, Any]) -> dict[str, Any]:
        preset = values.get("preset", "recommended")
        if not isinstance(preset, str) or preset not in PRESETS:
            return values  # the field's own check names the presets that exist
        filled = {**PRESETS[preset], **values}
        if "epochs" in values and "steps" not in values:
            filled["steps"] = 0
        if values.get("clock") == "slip":
            filled |= _lengths_of_slip(values, PRESETS[preset])
        for table in ("network", "optimiser", "split"):
            given = values.get(table, {})
            if isinstance(given, SplitPlan):
                given = given.model_dump(exclude_unset=True)
            if isinstance(given, Mapping):
                filled[table] = {**PRESETS[preset][table], **given}
        return filled

    @field_validator("windows", mode="before")
    @classmethod
    def _read_windows(cls, windows: object, info: ValidationInfo) -> tuple[float, ...]:
        clock: StudyClock = info.data.get("clock", "time")
        return () if clock == "slip" and _is_empty(windows) else read_windows(windows, clock)

    @field_validator("preparation")
    @classmethod
    def _check_preparation(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            Preparation(**given)
        except ValidationError as problem:
            raise PlanError(f"preparation: {in_words(problem, Preparation)}") from None
        return given

    @model_validator(mode="after")
    def _drivers_make_sense(self) -> Self:
        for name in self.drivers:
            if name not in CHANNELS or name == TIME.name:
                known = [name for name in CHANNELS if name not in (TIME.name, FRICTION.name)]
                raise PlanError(f"drivers: unknown channel {name!r}; known are {', '.join(known)}")
            if name == FRICTION.name:
                raise PlanError("drivers: friction is what the network predicts; leave it out")
        stresses = [c.name for c in LEAKS_TARGET if c.name in self.drivers]
        if stresses and not self.allow_stress_inputs:
            raise PlanError(
                f"drivers: {' and '.join(stresses)} would give friction away, which is shear over "
                "normal stress; leave it out, or, if that is the point of the study, write "
                "allow_stress_inputs = true in the plan"
            )
        for name in self.as_change:
            if name not in ACCUMULATE:
                raise PlanError(
                    f"as_change: {name!r} does not accumulate; channels that do are "
                    f"{', '.join(ACCUMULATE)}"
                )
        if len(set(self.drivers)) < len(self.drivers):
            raise PlanError("drivers: a channel is named twice")
        if self.split.validation_share + self.split.test_share >= 1:
            raise PlanError("split: validation_share and test_share leave nothing for training")
        return self

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self._rows())
        return "\n".join([f"Plan: {self.name}", *(f"  {n:{width}} {v}" for n, v in self._rows())])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [f"<tr><th>{n}</th><td>{escape(v)}</td></tr>" for n, v in self._rows()]
        return f"<p>Plan: {escape(self.name)}</p><table>{''.join(rows)}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        """Fields with their values in short."""
        return [
            (name, _in_short(getattr(self, name)))
            for name in type(self).model_fields
            if name not in ("name", "known")
        ]

    def to_toml(self) -> str:
        """The plan with every default spelled out."""
        return tomli_w.dumps(self.model_dump(mode="json"))

    @property
    def unit(self) -> str:
        """Unit of windows and stride."""
        return UNITS[self.clock]

    @property
    def folds(self) -> int:
        """Number of folds of a plan as run; 1 is a single split."""
        return self.split.folds if isinstance(self.split.folds, int) else 1

    def as_run(self, folds: int, targets: int) -> Self:
        """The plan with what depends on the experiments spelled out.

        Args:
            folds: Number of folds.
            targets: Number of training targets of a fold, from which steps make epochs.
        """
        batches = -(-targets // self.optimiser.batch)
        epochs = min(MOST_EPOCHS, max(self.epochs, -(-self.steps // batches)))
        split = self.split.model_copy(update={"folds": folds})
        return self.model_copy(update={"epochs": epochs, "steps": 0, "split": split})

    def decisive(self) -> dict[str, Any]:
        """The fields that decide a number; what the study is called does not."""
        aside = {"name", "known", "logs", "channels", "preparation", "preset"}
        # Studies of older versions, which knew one clock and one target, stay what they were.
        if self.clock == "time":
            aside.add("clock")
        if self.target == "absolute":
            aside |= {"target", "level_span"}
        if not self.as_change:
            aside.add("as_change")
        return self.model_dump(mode="json", exclude=aside)


# That of pydantic fills a screen, with the defaults of a preset that may be another.
Plan.__signature__ = Signature([Parameter("fields", Parameter.VAR_KEYWORD)])


def trainings_of(plan: Plan) -> dict[float, tuple[float, ...]]:
    """Window lengths that each training serves, by its own."""
    if plan.histories == "random":
        return {plan.windows[-1]: plan.windows}
    return {seconds: (seconds,) for seconds in plan.windows}


def _in_short(value: object) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} {_in_short(held)}" for name, held in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{pattern}: {file}" for pattern, file in value.items()) or "-"
    if isinstance(value, tuple):
        return ", ".join(_in_short(one) for one in value) or "-"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) or "-"


def _is_empty(windows: object) -> bool:
    return isinstance(windows, tuple | list) and not windows


def _lengths_of_slip(values: Mapping[str, Any], preset: Mapping[str, Any]) -> dict[str, Any]:
    """Windows and stride of a plan whose clock is slip; the preset's are seconds."""
    windows, stride = values.get("windows", ()), values.get("stride")
    chosen_later = _is_empty(windows)  # when the slip velocity is known
    if chosen_later and stride in (None, preset["stride"]):
        return {"windows": ()}
    if chosen_later:
        raise PlanError("stride: on a slip grid give windows too, or neither")
    if stride is None:
        per_window = preset["stride"] / read_windows(preset["windows"])[0]
        stride = per_window * read_windows(windows, "slip")[0]
    return {"stride": stride}
