"""Thermal laws: planted memories, slopes and activation found again, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

import slicken
from slicken.experiment.experiment import Provenance
from slicken.experiment.samples import Samples
from slicken.laws.results import Thermal
from slicken.laws.thermal import fit_thermal


def simulated(scenario: str, experiments: int, duration: float, seed: int = 1) -> list[Samples]:
    found = slicken.simulate(scenario, experiments=experiments, duration=duration, seed=seed)
    return [Samples.of(each) for each in found]


def holds(law: Thermal, name: str, true: float) -> bool:
    return law.estimates[name].low <= true <= law.estimates[name].high


@pytest.mark.parametrize(("experiments", "unit"), [(6, "record"), (1, "stretch")])
def test_a_planted_memory_of_temperature_is_found(experiments: int, unit: str) -> None:
    boxcar, exponential, _ = fit_thermal(simulated("temperature-history", experiments, 1800.0))
    assert (boxcar.shape, boxcar.unit, exponential.shape) == ("boxcar", unit, "exponential")
    assert holds(boxcar, "memory", 100.0)
    assert holds(boxcar, "per_kelvin", -5e-4)
    assert boxcar.estimates["memory"].value == pytest.approx(100.0, rel=0.12)
    assert boxcar.rmse == pytest.approx(0.0025, rel=0.04), "the noise that was planted"
    assert boxcar.r2 > 0.5
    wide, narrow = boxcar.estimates["per_kelvin"], boxcar.estimates["per_kelvin"].formal
    assert wide.high - wide.low > 2 * narrow


def test_present_temperature_has_no_memory() -> None:
    boxcar, exponential, _ = fit_thermal(simulated("temperature-now", 6, 1800.0))
    for law in (boxcar, exponential):
        assert law.estimates["memory"].low == 0.0
        assert law.estimates["memory"].high < 40.0
        assert holds(law, "per_kelvin", -5e-4)


def test_an_exponential_memory_is_that_of_a_loop() -> None:
    records = []
    for number, one in enumerate(simulated("temperature-history", 6, 1800.0)):
        temperature = one.channels["temperature"]
        past = [temperature[0]]
        kept = np.exp(-1 / 60.0)
        for now in temperature[1:]:
            past.append(kept * past[-1] + (1 - kept) * now)
        noise = 1e-3 * np.random.default_rng(number).normal(size=len(past))
        friction = 0.6 - 1e-3 * np.array(past) + noise
        records.append(replace(one, channels={**one.channels, "friction": friction}))
    boxcar, exponential, _ = fit_thermal(records)
    assert exponential.rmse < boxcar.rmse
    assert holds(exponential, "memory", 60.0)
    assert exponential.estimates["per_kelvin"].value == pytest.approx(-1e-3, rel=0.02)


def activated(seed: int, *, warm: float = 25.0, factor: float = 30.0) -> Samples:
    """Steady friction by the Arrhenius form, with a - b = -0.004 and an activation of 300 K."""
    random = np.random.default_rng(seed)
    time = np.arange(0.0, 3600.0)
    velocity = 1e-4 * factor ** np.repeat(random.uniform(0, 1, 12), 300)
    velocity = velocity * (1 + 0.005 * random.normal(size=time.size))
    phase = time / random.uniform(100, 300) + random.uniform(0, 6)
    temperature = 60 + warm * np.sin(phase)
    friction = (
        random.normal(0.65, 0.02)
        - 0.004 * np.log(velocity / 1e-3)
        + 300 * (1 / (temperature + 273.15) - 1 / 300)
        + 0.0025 * random.normal(size=time.size)
        + 1e-4 * np.cumsum(random.normal(size=time.size))
    )
    channels = {"friction": friction, "temperature": temperature, "slip_velocity": velocity}
    return Samples(f"run{seed}", time, channels, Provenance("run.csv"))


def test_activation_of_steady_sliding_is_found() -> None:
    law = fit_thermal([activated(seed) for seed in range(1, 7)])[2]
    assert (law.form, law.unit, law.units) == ("arrhenius", "record", 6)
    assert holds(law, "a_minus_b", -0.004)
    assert holds(law, "activation", 300.0)
    assert law.estimates["activation"].value == pytest.approx(300.0, rel=0.03)


def test_the_arrhenius_form_is_plain_least_squares() -> None:
    one = activated(9)
    speed, kelvin = one.channels["slip_velocity"], one.channels["temperature"] + 273.15
    past = [np.log(speed[0])]
    for before in speed[:-1]:
        past.append(np.log(before) + (past[-1] - np.log(before)) * np.exp(-before / 2e-4))
    steady = np.abs(np.log(speed) - past) < 0.1
    columns = np.column_stack([np.log(speed), 1 / kelvin, np.ones(speed.size)])[steady]
    found, left, *_ = np.linalg.lstsq(columns, one.channels["friction"][steady], rcond=None)
    law = fit_thermal([one])[2]
    assert law.estimates["a_minus_b"].value == pytest.approx(found[0], rel=1e-6)
    assert law.estimates["activation"].value == pytest.approx(found[1], rel=1e-6)
    formal = np.sqrt(left[0] / (steady.sum() - 3) * np.diag(np.linalg.inv(columns.T @ columns)))
    assert law.estimates["activation"].formal == pytest.approx(formal[1], rel=1e-3)


def test_what_does_not_vary_has_no_number() -> None:
    cold = activated(1, warm=0.5)
    steady = activated(2, factor=1.3)
    without = replace(cold, channels={"friction": cold.channels["friction"]})
    no_speed = replace(
        steady, channels={k: v for k, v in steady.channels.items() if k != "slip_velocity"}
    )
    for record, keys in (
        (without, ["thermal.no_temperature"] * 3),
        (cold, ["thermal.constant"] * 3),
        (steady, [None, None, "thermal.one_velocity"]),
        (no_speed, [None, None, "thermal.no_velocity"]),
    ):
        laws = fit_thermal([record])
        assert [law.problem.key if law.problem else None for law in laws] == keys
        assert all(not law.estimates for law in laws if law.problem)
    assert fit_thermal([cold])[0].problem.values["kelvin"] == pytest.approx(1.0, rel=0.01)
    assert fit_thermal([cold, activated(3)])[0].problem is None, "one that varies is enough"


def test_samples_of_any_spacing_say_the_same() -> None:
    """Every second sample left out for half of the record, at random; NaN elsewhere."""
    records = simulated("temperature-history", 6, 1800.0)
    whole = fit_thermal(records)[0]
    random, fewer = np.random.default_rng(1), []
    for one in records:
        keep = (one.time < 900) | (random.random(len(one)) < 0.5)
        channels = {name: values[keep] for name, values in one.channels.items()}
        channels["friction"] = np.where(
            random.random(keep.sum()) < 0.05, np.nan, channels["friction"]
        )
        fewer.append(Samples(one.name, one.time[keep], channels, one.provenance))
    found = fit_thermal(fewer)[0]
    assert found.estimates["memory"].value == pytest.approx(
        whole.estimates["memory"].value, rel=0.05
    )
