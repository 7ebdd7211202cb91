"""Laws beside: what the networks know that a friction law does not, over a held-out stretch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from slicken.channels import SLIP_VELOCITY, TEMPERATURE, TITLED
from slicken.evidence.intervals import LEVEL
from slicken.reporting.figures.marks import Floats, few_ticks, is_wide, legend_below, log_y
from slicken.reporting.figures.style import (
    BLUE,
    VERMILLION,
    Width,
    label_of,
    letter_panels,
    new_figure,
    plain,
    time_label,
)
from slicken.reporting.figures.traces import BAND, MEASURED, draw_band, draw_line
from slicken.reporting.laws_beside import THERMAL, fitted

if TYPE_CHECKING:
    import xarray as xr

    from slicken.evidence.evidence import Evidence
    from slicken.evidence.laws_beside import LawBeside
    from slicken.reporting.wording import Wording

NAME = "laws_beside"
SHARE, FEWEST = 0.3, 120
"""Share of an experiment's held-out targets that is shown, and their number at least."""


@dataclass(frozen=True)
class Beside:
    """A held-out stretch.

    Args:
        name: Name of the experiment.
        law: Law, and how it compares with the networks.
        driver: What the law depends on: slip velocity, or temperature.
        time: Target times, s, ascending, shape ``(N,)``.
        values: The driver at the targets, in its own unit, ``(N,)``.
        measured: Friction, ``(N,)``.
        networks: Mean over runs, ``(N,)``.
        by_law: Predicted by the law, ``(N,)``.
        half_width: Half the width of the calibrated interval, ``(N,)``.
        level: Level of the interval.
    """

    name: str
    law: "LawBeside"
    driver: str
    time: Floats
    values: Floats
    measured: Floats
    networks: Floats
    by_law: Floats
    half_width: Floats
    level: float


def data(evidence: "Evidence") -> Beside | None:
    """The stretch in which the best law and the networks differ most; None without a law."""
    laws = fitted(evidence.laws)
    if not laws or evidence.skill.grade == "none":
        return None
    law, trained = laws[0], evidence.trained
    models, runs = evidence.scores.baselines, trained.predictions(None, "test")
    models = models.isel(target=models["part"].to_numpy().astype(str) == "test")
    half = evidence.skill.calibration.width(runs["predicted"].std("run").to_numpy())
    here = _stretch(models, law.model)
    one, predicted = models.isel(target=here), models["predicted"].isel(target=here)
    driver = TEMPERATURE.name if law.model == THERMAL else SLIP_VELOCITY.name
    name, time = str(one["experiment"].to_numpy()[0]), one["time"].to_numpy()
    experiment = next(each for each in trained.experiments if each.name == name)
    return Beside(
        name=name,
        law=law,
        driver=driver,
        time=time,
        values=np.interp(time, experiment.time, experiment.channels[driver]),
        measured=one["measured"].to_numpy(),
        networks=predicted.sel(model="network").to_numpy(),
        by_law=predicted.sel(model=law.model).to_numpy(),
        half_width=half[here],
        level=LEVEL,
    )


def _stretch(models: "xr.Dataset", law: str) -> NDArray[np.int64]:
    """Targets of one experiment, in order, in which the law and the networks are far apart."""
    predicted = models["predicted"]
    apart = (predicted.sel(model="network") - predicted.sel(model=law)).to_numpy() ** 2
    names, time = models["experiment"].to_numpy().astype(str), models["time"].to_numpy()
    best, found = -1.0, np.arange(0)
    for name in dict.fromkeys(names.tolist()):
        here = np.flatnonzero(names == name)
        here = here[np.argsort(time[here], kind="stable")]
        count = min(here.size, max(FEWEST, round(SHARE * here.size)))
        sums = np.convolve(apart[here], np.ones(count), mode="valid")
        first = int(np.argmax(sums))
        if sums[first] / count > best:
            best, found = float(sums[first]) / count, here[first : first + count]
    return found


def draw(data: Beside, say: "Wording", width: Width) -> Figure:
    """The driver; friction measured, by the networks and by the law; and both less the law."""
    figure, panels = new_figure(width=width, height_mm=118, rows=3)
    above, friction, rest = panels
    _draw_driver(above, data, say)
    name = say.format_field(data.law.model, "term models")
    low, high = data.networks - data.half_width, data.networks + data.half_width
    draw_band(friction, data.time, low, high, BAND, say("labels.interval", level=data.level))
    draw_line(friction, data.time, data.measured, MEASURED, say("labels.measured"))
    draw_line(friction, data.time, data.by_law, VERMILLION, name)
    draw_line(friction, data.time, data.networks, BLUE, say("labels.predicted_mean"))
    friction.set_ylabel(label_of("friction", say))
    draw_line(rest, data.time, data.measured - data.by_law, MEASURED, "")
    draw_line(rest, data.time, data.networks - data.by_law, BLUE, "")
    rest.axhline(0.0, color=VERMILLION, linewidth=0.8, zorder=1)
    rest.set_ylabel(say("labels.less_the_law"))
    rest.set_xlabel(time_label(say))
    for axes in (friction, rest):
        few_ticks(axes, y=4)
    for axes in panels:
        axes.set_xlim(data.time[0], data.time[-1])
        few_ticks(axes, x=8 if width == "double" else 5)
    letter_panels(panels, [plain(data.name), "", say("labels.what_networks_add", law=name)])
    legend_below(figure, friction)
    figure.align_ylabels(panels)
    return figure


def _draw_driver(axes: Axes, data: Beside, say: "Wording") -> None:
    channel = TITLED[data.driver]
    values = data.values * channel.shown_per_unit
    draw_line(axes, data.time, values, MEASURED, "")
    axes.set_ylabel(label_of(data.driver, say))
    moving = values[values > 0]
    if data.driver == SLIP_VELOCITY.name and is_wide(moving):
        axes.set_ylim(moving.min() / 1.3, moving.max() * 1.3)
        log_y(axes)
