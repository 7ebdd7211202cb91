"""DLNM: a distributed lag non-linear model of dlnmpy, the port of the R package dlnm.

As its tutorials do it: a cross-basis of every driver, over values (a line or natural splines) and
over lags (natural splines), chosen by Akaike's criterion. Experiments are groups, each with a
level and a spline of the time since the start against slow trends, as each city of a study has its
own. A driver is called a cause where a Wald test of all its coefficients has p below 1 %; it is
ranked by that statistic. The model is then fitted again with these drivers alone, because drivers
that follow from one another blur each other's lags, and memory is read off the lag-response of the
first: from the last lag at which its 95 % interval excludes zero, less one distance between knots,
to the lag at which the estimate itself has come to zero.

``dlnm`` has the standard errors of the fit; ``dlnm-robust`` those which allow for friction that
drifts within an experiment (Newey and West, over as many lags as the basis has).

benchmarks/.venvs/dlnmpy/bin/python benchmarks/rivals/dlnm.py build/rivals
"""

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Any

import dlnmpy as dl
import numpy as np
import pandas as pd
from answers import LONGEST, Answer, Experiments, answer_all
from scipy.stats import chi2

LEVEL = 0.01
"""Of the test by which a driver is called a cause: that of PCMCI+ too."""
VALUES: tuple[dict[str, Any], ...] = ({"fun": "lin"}, {"fun": "ns", "df": 3})
KNOTS = (("logarithmic", 3), ("logarithmic", 5), ("equal", 4), ("equal", 8))
"""How lag knots are spaced, and how many there are; the first are those of the tutorials."""
TREND = 4
"""Degrees of freedom of the time since the start: a knot every quarter of an hour is to 400 s
as the seven a year of the tutorials are to three weeks."""


class Model:
    """A fitted model of some drivers.

    Args:
        experiments: Experiments of a case.
        drivers: Names of the drivers in the model.
        values: Basis over values.
        spacing: Spacing of the lag knots, ``logarithmic`` or ``equal``.
        knots: Number of the lag knots.
    """

    def __init__(
        self,
        experiments: Experiments,
        drivers: Sequence[str],
        values: dict[str, Any],
        spacing: str,
        knots: int,
    ) -> None:
        self.lags = round(LONGEST / experiments.step)
        place = dl.logknots if spacing == "logarithmic" else dl.equalknots
        over_lags = {"fun": "ns", "knots": place([0, self.lags], knots)}
        sizes = [len(one) for one in experiments.friction]
        group = np.repeat(np.arange(len(sizes)), sizes)
        inputs = np.concatenate(experiments.inputs)
        # In standard deviations, so that no column is a millionth of another.
        inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
        self.inputs = dict(zip(experiments.drivers, inputs.T, strict=True))
        self.bases = {
            name: dl.crossbasis(
                self.inputs[name], self.lags, dict(values), dict(over_lags), group=group
            )
            for name in drivers
        }
        table = pd.DataFrame({"friction": np.concatenate(experiments.friction), "group": group})
        columns = dl.design_matrix(
            table, *self.bases.items(), _trends(sizes, group), intercept=False
        )
        self.table = table.join(columns).dropna()
        self.formula = f"friction ~ {' + '.join(columns.columns)} + C(group)"
        self.basis = f"{values['fun']} over values, {knots} {spacing} knots over lags"
        self.fit = dl.fit_glm(self.formula, self.table, family="gaussian")

    def with_robust_errors(self) -> Any:  # noqa: ANN401 (statsmodels is untyped)
        """The same fit with covariances that allow for drifts within an experiment."""
        groups = self.table["group"].to_numpy()
        return dl.fit_glm(
            self.formula,
            self.table,
            family="gaussian",
            cov_type="hac-panel",
            cov_kwds={"groups": groups, "maxlags": self.lags},
        )


def _trends(sizes: Sequence[int], group: np.ndarray) -> pd.DataFrame:
    """A spline of the time since the start for each experiment."""
    since = np.concatenate([np.arange(size, dtype=float) for size in sizes])
    spline = np.asarray(dl.onebasis(since, "ns", df=TREND))
    own = (group[:, None] == np.unique(group)).astype(float)
    columns = (own[:, :, None] * spline[:, None]).reshape(len(group), -1)
    return pd.DataFrame(columns, columns=[f"trend{i}" for i in range(columns.shape[1])])


def ask(experiments: Experiments, *, robust: bool) -> Answer:
    """Which drivers count, and how far back the first of them does."""
    model, fit = _best(experiments, experiments.drivers, robust=robust)
    statistics, p_values = {}, {}
    for name, basis in model.bases.items():
        coefficients, covariance = dl.extract_coef_vcov(fit, name, "cb", basis.ncol)
        wald = float(coefficients @ np.linalg.pinv(covariance) @ coefficients)
        statistics[name], p_values[name] = wald, float(chi2.sf(wald, basis.ncol))
    ranking = sorted(statistics, key=lambda name: -statistics[name])
    called = [name for name in experiments.drivers if p_values[name] < LEVEL]
    notes = {
        "basis": model.basis,
        "wald": {name: round(value, 1) for name, value in statistics.items()},
        "p": {name: float(f"{value:.2g}") for name, value in p_values.items()},
        "r2_of_fit": round(1 - float(fit.deviance / fit.null_deviance), 3),
    }
    if not called:
        return Answer(called, ranking, None, notes)
    model, fit = _best(experiments, called, robust=robust)
    notes["basis_of_the_called"] = model.basis
    return Answer(called, ranking, _reach(model, fit, ranking[0], experiments.step), notes)


def _best(experiments: Experiments, drivers: Sequence[str], *, robust: bool) -> tuple[Model, Any]:
    """The model with the lowest of Akaike's criterion, and its fit."""
    models = (
        Model(experiments, drivers, values, *knots)
        for values, knots in itertools.product(VALUES, KNOTS)
    )
    best = min(models, key=lambda one: one.fit.aic)
    return best, best.with_robust_errors() if robust else best.fit


def _reach(
    model: Model,
    fit: Any,  # noqa: ANN401 (statsmodels is untyped)
    name: str,
    step: float,
) -> tuple[float, float | None] | None:
    """Seconds to where a high value of the driver, against the median one, counts no more."""
    middle, high = np.quantile(model.inputs[name], [0.5, 0.9])
    basis = model.bases[name]
    response = dl.crossreduce(basis, fit, type="var", value=high, cen=middle, name=name)
    clear = np.flatnonzero((response.low > 0) | (response.high < 0))
    if not clear.size:
        return None
    # The stretch of one sign around the lag that is clearest.
    top = clear[np.argmax(np.abs(response.fit[clear] / response.se[clear]))]
    changes = np.flatnonzero(np.sign(response.fit[top:]) != np.sign(response.fit[top]))
    end = int(top + changes[0]) if changes.size else None
    last = int(clear[clear < (len(response.fit) if end is None else end)][-1])
    if last <= 1:
        return None
    # A spline falls no faster than its knots allow, so the effect may end a knot earlier.
    knots = np.concatenate([[0], np.atleast_1d(basis.arglag["knots"]), [model.lags]])
    gap = np.diff(knots)[np.searchsorted(knots, last) - 1]
    return round(max(last - float(gap), 1.0) * step), None if end is None else end * step


if __name__ == "__main__":
    answer_all(
        {"dlnm": partial(ask, robust=False), "dlnm-robust": partial(ask, robust=True)},
    )
