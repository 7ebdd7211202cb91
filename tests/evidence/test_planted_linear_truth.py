"""A planted linear truth: importance names its causes, in their order, at their lags."""

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence.importance import KINDS, by_lag, by_run, measure_importance, ranking
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.study.prepared import Prepared
from slicken.study.task import make_trainer

LAGS = {"temperature": 2, "axial_displacement": 5}
WINDOW = 8


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    """Friction is twice the temperature of 2 s ago, less the axial displacement of 5 s ago; all
    drivers are white noise of unit variance, and slip velocity has nothing to say."""
    random = np.random.default_rng(8)
    experiments = []
    for i in range(4):
        drivers = {name: random.normal(size=400) for name in (*LAGS, "slip_velocity")}
        law = 2 * np.roll(drivers["temperature"], 2) - np.roll(drivers["axial_displacement"], 5)
        friction = 0.6 + 0.05 * law
        experiments.append(builders.make_experiment(f"run{i}", 400, friction=friction, **drivers))
    return builders.make_prepared(experiments, **PLAN)


PLAN = {
    "windows": [WINDOW],
    "stride": 1,
    "runs": 2,
    "epochs": 25,
    "split": {"validation": ["run2"], "test": ["run3"]},
    "network": {"conv_layers": 0, "gru_layers": 1, "units": 16, "gate_start": "zero"},
    "optimiser": {"learning_rate": 2e-2, "batch": 32},
}


@pytest.fixture(scope="module")
def gradients(prepared: Prepared) -> xr.Dataset:
    plan, engine = builders.make_plan(**PLAN), choose_engine()
    trainer = make_trainer(plan, prepared, engine, float(WINDOW))
    states = trainer.start()
    for number in range(1, plan.epochs + 1):
        states, losses = trainer.epoch(states, number)
    assert losses.validation.max() < 0.2, "a fifth of the variance is left at most"
    ensemble = Ensemble(trainer.best_networks(states), WINDOW, engine)
    return measure_importance(prepared, ensemble, "test")


@pytest.mark.parametrize("kind", KINDS)
def test_the_ranking_is_that_of_the_planted_weights(gradients: xr.Dataset, kind: str) -> None:
    ranked = ranking(by_run(gradients, kind))
    assert [name for name, _ in ranked] == ["temperature", "axial_displacement", "slip_velocity"]
    found = dict(ranked)
    assert found["temperature"] / found["axial_displacement"] == pytest.approx(2, rel=0.4)
    assert found["slip_velocity"] < 0.15


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(LAGS))
def test_each_cause_is_found_at_its_lag(gradients: xr.Dataset, kind: str, name: str) -> None:
    of_lag = by_lag(gradients, kind).sel(channel=name)
    assert float(of_lag["lag"][int(of_lag.to_numpy().argmax())]) == LAGS[name]
    assert float(of_lag.max()) > 0.5 * float(of_lag.sum())
